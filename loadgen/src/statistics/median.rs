//! The median.

/// Of values in ascending order: the middle one, or the mean of the two in the middle. `None` if
/// there are none.
#[must_use]
pub fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_one_value_or_between_two() {
        assert_eq!(median_of_sorted(&[]), None);
        assert_eq!(median_of_sorted(&[3.0]), Some(3.0));
        assert_eq!(median_of_sorted(&[1.0, 2.0]), Some(1.5));
        assert_eq!(median_of_sorted(&[1.0, 2.0, 9.0]), Some(2.0));
    }
}
