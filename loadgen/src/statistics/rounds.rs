//! How many rounds would decide what these did not.

use super::CONFIDENCE;

/// The number of rounds after which the interval should be narrow enough for a
/// verdict, if the estimate stays where it is.
///
/// An interval shrinks with the square root of the number of rounds. It decides
/// when it no longer reaches from the estimate to zero (there is a difference),
/// or no longer to the threshold (there is none that matters), whichever comes
/// first. That is an extrapolation from noisy numbers: good for "ten more" or
/// "hundreds more", not for more.
///
/// `estimate`, `half_width` and `threshold` are in the same unit; the threshold
/// is above zero. The answer is above `rounds`.
pub fn rounds_to_decide(rounds: usize, estimate: f64, half_width: f64, threshold: f64) -> usize {
    let to_zero = estimate.abs();
    let to_threshold = threshold - estimate.abs();
    let narrow_enough = to_zero.max(to_threshold);
    let factor = (half_width / narrow_enough).powi(2);
    ((rounds as f64 * factor).ceil() as usize).max(rounds + 1)
}

/// The fewest rounds with which anything can be decided at this confidence: the smallest two-sided
/// p-value of n differences is 2 / 2ⁿ, however large they are.
pub fn rounds_min(confidence: f64) -> usize {
    let smallest_p_value = |rounds: &usize| 2.0 * 0.5_f64.powi(*rounds as i32);
    (1..64)
        .find(|rounds| smallest_p_value(rounds) <= 1.0 - confidence)
        .unwrap_or(64)
}

/// The fewest rounds with which one of so many questions can be decided after Holm's correction, and
/// an even number of them, which lets each side be first equally often.
pub fn rounds_for(questions: usize) -> usize {
    let fewest = rounds_min(1.0 - (1.0 - CONFIDENCE) / questions.max(1) as f64);
    fewest.next_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::ROUNDS_MIN;

    #[test]
    fn half_the_width_takes_four_times_the_rounds() {
        // Estimate 10 %, interval ± 20 %: it has to shrink to ± 10 %.
        assert_eq!(rounds_to_decide(10, 0.10, 0.20, 0.05), 40);
    }

    #[test]
    fn no_difference_is_decided_at_the_threshold() {
        assert_eq!(rounds_to_decide(10, 0.0, 0.10, 0.05), 40);
        assert_eq!(rounds_to_decide(10, -0.01, 0.08, 0.05), 40);
    }

    #[test]
    fn the_nearer_decision_counts() {
        // 4 % to zero, 1 % to the threshold of 5 %: zero is excluded first.
        assert_eq!(rounds_to_decide(10, 0.04, 0.08, 0.05), 40);
    }

    #[test]
    fn the_more_questions_the_more_rounds_are_needed_at_least() {
        assert_eq!(rounds_min(crate::statistics::CONFIDENCE), ROUNDS_MIN);
        for (questions, rounds) in [(2.0, 7), (8.0, 9), (20.0, 10)] {
            assert_eq!(rounds_min(1.0 - 0.05 / questions), rounds, "{questions}");
        }
    }

    #[test]
    fn each_side_is_first_equally_often() {
        for (questions, rounds) in [(0, 6), (1, 6), (2, 8), (8, 10), (80, 12)] {
            assert_eq!(rounds_for(questions), rounds, "{questions}");
        }
    }

    #[test]
    fn it_takes_at_least_one_more() {
        assert_eq!(rounds_to_decide(10, 0.10, 0.01, 0.05), 11);
    }
}
