//! The Hodges–Lehmann estimate and its interval, both from Walsh averages.
//!
//! The Walsh averages of n differences are the means of every pair of them,
//! each with itself included: n (n + 1) / 2 numbers. T, the signed-rank
//! statistic, is the number of those above zero; so the values that the test
//! would not reject are the ones between two of the ordered averages, and their
//! median is the value that it would reject last. Ties make the interval no
//! less sure than it says: its ends belong to it.

use super::median::median_of_sorted;
use super::signed_rank::critical_value;

/// The means of all pairs of the differences, in ascending order.
pub struct WalshAverages {
    sorted: Vec<f64>,
    differences: usize,
}

/// A confidence interval; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end, in the unit of the differences.
    pub low: f64,
    /// Upper end, in the unit of the differences.
    pub high: f64,
    /// The confidence really achieved, 0 to 1. T moves in steps, so it is
    /// somewhat above the one asked for: 0.969 for 0.95 with 6 differences.
    pub confidence: f64,
}

impl WalshAverages {
    /// All averages of `differences`, which must be finite.
    pub fn of(differences: &[f64]) -> Self {
        let mut sorted: Vec<f64> = differences
            .iter()
            .enumerate()
            .flat_map(|(i, a)| differences[i..].iter().map(move |b| f64::midpoint(*a, *b)))
            .collect();
        sorted.sort_by(f64::total_cmp);
        Self {
            sorted,
            differences: differences.len(),
        }
    }

    /// The Hodges–Lehmann estimate: their median. `None` without differences.
    pub fn median(&self) -> Option<f64> {
        median_of_sorted(&self.sorted)
    }

    /// The exact interval of at least this confidence; `None` if there are too
    /// few differences for it (6 are needed for 0.95).
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let (critical, confidence) = critical_value(self.differences, confidence)?;
        let (low, high) = self.between(critical);
        Some(Interval {
            low,
            high,
            confidence,
        })
    }

    /// The average that has `critical` others below it, and the one that has as
    /// many above.
    fn between(&self, critical: usize) -> (f64, f64) {
        (
            self.sorted[critical],
            self.sorted[self.sorted.len() - 1 - critical],
        )
    }
}

impl Interval {
    /// Whether the value lies in the interval.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Whether the whole interval lies between `-limit` and `limit`.
    pub fn is_within(&self, limit: f64) -> bool {
        -limit <= self.low && self.high <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::super::p_value;
    use super::super::random::Random;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_averages_of_three_are_six() {
        let walsh = WalshAverages::of(&[1.0, 2.0, 6.0]);
        assert_eq!(walsh.sorted, [1.0, 1.5, 2.0, 3.5, 4.0, 6.0]);
        assert_eq!(walsh.median(), Some(2.75));
    }

    #[test]
    fn nothing_has_no_median_and_five_have_no_interval() {
        assert_eq!(WalshAverages::of(&[]).median(), None);
        assert_eq!(WalshAverages::of(&[1.0; 5]).interval(0.95), None);
    }

    #[test]
    fn the_interval_of_six_is_their_range() {
        let walsh = WalshAverages::of(&[3.0, -1.0, 4.0, 1.0, 5.0, 9.0]);
        let interval = walsh.interval(0.95).unwrap();
        assert_eq!((interval.low, interval.high), (-1.0, 9.0));
        assert_eq!(interval.confidence, 0.96875);
    }

    proptest! {
        #[test]
        fn the_interval_excludes_zero_exactly_when_the_test_rejects(
            differences in prop::collection::vec(-1.0f64..3.0, 6..25)
        ) {
            let interval = WalshAverages::of(&differences).interval(0.95).unwrap();
            prop_assert_eq!(!interval.contains(0.0), p_value(&differences) < 0.05);
        }

        #[test]
        fn a_shift_of_the_differences_shifts_estimate_and_interval(
            differences in prop::collection::vec(-1.0f64..1.0, 6..25), shift in -5.0f64..5.0
        ) {
            let walsh = WalshAverages::of(&differences);
            let shifted: Vec<_> = differences.iter().map(|d| d + shift).collect();
            let shifted = WalshAverages::of(&shifted);
            let (before, after) = (walsh.interval(0.95).unwrap(), shifted.interval(0.95).unwrap());
            prop_assert!((walsh.median().unwrap() + shift - shifted.median().unwrap()).abs() < 1e-9);
            prop_assert!((before.low + shift - after.low).abs() < 1e-9);
            prop_assert!((before.high + shift - after.high).abs() < 1e-9);
        }
    }

    type Draw = fn(&mut Random) -> f64;

    /// Of many seeded samples whose true centre is zero, the share whose
    /// interval contains zero.
    fn coverage(n: usize, draw: Draw) -> f64 {
        const SAMPLES: usize = 2_000;
        let mut random = Random::new(n as u64);
        let (critical, _) = critical_value(n, 0.95).unwrap();
        let covered = (0..SAMPLES)
            .filter(|_| {
                let differences: Vec<_> = (0..n).map(|_| draw(&mut random)).collect();
                let (low, high) = WalshAverages::of(&differences).between(critical);
                low <= 0.0 && 0.0 <= high
            })
            .count();
        covered as f64 / SAMPLES as f64
    }

    /// The bounds hold what the exact levels (0.969, 0.951, 0.952, 0.952) and
    /// the chance of 2000 samples (± 0.015 at three standard errors) allow.
    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        let distributions: [(&str, Draw); 3] = [
            ("normal", Random::normal),
            ("Laplace", Random::laplace),
            ("Cauchy", Random::cauchy),
        ];
        for n in [6, 10, 15, 20] {
            for (name, draw) in distributions {
                let coverage = coverage(n, draw);
                assert!((0.93..=0.98).contains(&coverage), "{name}, {n}: {coverage}");
            }
        }
    }
}
