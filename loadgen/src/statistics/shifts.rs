//! By how much one sample lies above another that it is not paired with: the Hodges–Lehmann
//! estimate and its interval, both from the differences of every pair.
//!
//! U, the rank sum's statistic, is the number of differences above zero; so the shifts that the test
//! would not reject are those between two of the ordered differences, and their median is the shift
//! that it would reject last.
//!
//! Source: Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*, 3rd edition, sections
//! 4.2 and 4.3; R's `wilcox.test` with `conf.int`.

use super::Interval;
use super::median::median_of_sorted;
use super::rank_sum::rank_sum_critical_value;

/// The differences of every pair, in ascending order.
pub struct Shifts {
    sorted: Vec<f64>,
    sizes: (usize, usize),
}

impl Shifts {
    /// Every value of `b` less every value of `a`; they must be finite.
    pub fn between(a: &[f64], b: &[f64]) -> Self {
        let differences = a.iter().flat_map(|a| b.iter().map(move |b| b - a));
        let mut sorted: Vec<f64> = differences.collect();
        sorted.sort_by(f64::total_cmp);
        Self {
            sorted,
            sizes: (a.len(), b.len()),
        }
    }

    /// The Hodges–Lehmann estimate: their median. `None` if a sample is empty.
    pub fn median(&self) -> Option<f64> {
        median_of_sorted(&self.sorted)
    }

    /// The interval of at least this confidence; `None` if there are too few values for it (4 in
    /// each sample are needed for 0.95).
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let (n, m) = self.sizes;
        let (critical, confidence) = rank_sum_critical_value(n, m, confidence)?;
        Some(Interval {
            low: self.sorted[critical],
            high: self.sorted[self.sorted.len() - 1 - critical],
            confidence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::super::rank_sum_p_value;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_differences_of_two_and_three_are_six() {
        let shifts = Shifts::between(&[1.0, 2.0], &[4.0, 6.0, 9.0]);
        assert_eq!(shifts.sorted, [2.0, 3.0, 4.0, 5.0, 7.0, 8.0]);
        assert_eq!(shifts.median(), Some(4.5));
        assert_eq!(shifts.interval(0.95), None);
        assert_eq!(Shifts::between(&[], &[1.0]).median(), None);
    }

    proptest! {
        #[test]
        fn the_interval_excludes_zero_exactly_when_the_test_rejects(
            a in prop::collection::vec(-1.0f64..1.0, 4..25),
            b in prop::collection::vec(-0.5f64..2.0, 4..25)
        ) {
            let interval = Shifts::between(&a, &b).interval(0.95).unwrap();
            prop_assert_eq!(!interval.contains(0.0), rank_sum_p_value(&a, &b) < 0.05);
        }
    }

    /// The bounds hold what the exact level (0.957 with 10 and 12) and the chance of 2000 samples
    /// allow.
    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        let mut random = Random::new(1);
        let covered = (0..2000)
            .filter(|_| {
                let a: Vec<f64> = (0..10).map(|_| random.laplace()).collect();
                let b: Vec<f64> = (0..12).map(|_| random.laplace() + 0.7).collect();
                let interval = Shifts::between(&a, &b).interval(0.95);
                interval.is_some_and(|interval| interval.contains(0.7))
            })
            .count();
        assert!((1870..=1960).contains(&covered), "{covered}");
    }
}
