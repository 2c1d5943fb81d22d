//! Holm's correction: whoever asks twenty questions at 5 % gets one wrong yes.

/// Adjusted p-values, in the order given: compare each with the level that is
/// meant for all of them together, and the chance of one wrong rejection or
/// more stays below it, however the questions hang together.
///
/// Source: Holm, *A simple sequentially rejective multiple test procedure*,
/// Scandinavian Journal of Statistics 6 (1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut ascending: Vec<usize> = (0..p_values.len()).collect();
    ascending.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut highest = 0.0_f64;
    for (place, &index) in ascending.iter().enumerate() {
        let questions_left = (p_values.len() - place) as f64;
        highest = highest.max(p_values[index] * questions_left).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_worked_example_comes_out() {
        // 0.01 · 4, 0.02 · 3, 0.03 · 2, then no lower than that: 0.04 · 1.
        let adjusted = holm(&[0.03, 0.01, 0.04, 0.02]);
        for (got, want) in adjusted.iter().zip([0.06, 0.04, 0.06, 0.06]) {
            assert!((got - want).abs() < 1e-12, "{adjusted:?}");
        }
    }

    #[test]
    fn one_question_needs_no_correction() {
        assert_eq!(holm(&[0.04]), [0.04]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }

    proptest! {
        #[test]
        fn no_p_value_shrinks_and_none_exceeds_one(
            p_values in prop::collection::vec(0.0f64..=1.0, 1..20)
        ) {
            for (adjusted, p) in holm(&p_values).into_iter().zip(&p_values) {
                prop_assert!(adjusted >= *p && adjusted <= 1.0);
            }
        }
    }
}
