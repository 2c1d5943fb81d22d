//! Numbers in words: `2, 5-7`.

/// Runs of numbers that are shown at most.
const RANGES_MAX: usize = 10;

/// Rising numbers, those that follow each other in one.
pub(super) fn ranges(numbers: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let rest = match ranges.len() > RANGES_MAX {
        true => ", …",
        false => "",
    };
    let text = |&(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let shown: Vec<String> = ranges.iter().take(RANGES_MAX).map(text).collect();
    shown.join(", ") + rest
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        for (numbers, text) in [
            (&[][..], ""),
            (&[3], "3"),
            (&[2, 5, 6, 7], "2, 5-7"),
            (&[0, 1, 3, 5, 6], "0-1, 3, 5-6"),
        ] {
            assert_eq!(ranges(numbers), text);
        }
    }

    #[test]
    fn many_ranges_are_not_all_shown() {
        let even: Vec<u64> = (0..1000).map(|number| 2 * number).collect();
        assert_eq!(ranges(&even), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, …");
    }
}
