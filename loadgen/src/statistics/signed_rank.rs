//! Wilcoxon's signed-rank statistic and its exact distribution.
//!
//! Order the differences by size, give the smallest rank 1, and add up the
//! ranks of the positive ones: T. If the sign of each difference is the toss of
//! a coin, each of the 2ⁿ patterns of signs is as likely as the next, and
//! counting them gives the distribution of T without any approximation.
//!
//! Equal sizes share the mean of their ranks (mid-ranks), and the patterns are
//! counted with these, so the p-value stays exact, given the ties. Differences
//! of zero have no sign: they are left out, as Wilcoxon did. Mid-ranks are
//! halves, hence everything here is counted in doubled ranks.

/// Probabilities of the doubled statistic 2T if the signs are coin tosses.
struct NullDistribution {
    /// `probabilities[k]` is the probability of 2T = k.
    probabilities: Vec<f64>,
}

impl NullDistribution {
    /// Adds one difference after the other: with probability ½ its rank counts.
    /// Halving is exact in binary, and so are these sums up to n = 50.
    fn new(doubled_ranks: &[usize]) -> Self {
        let mut probabilities = vec![0.0; doubled_ranks.iter().sum::<usize>() + 1];
        probabilities[0] = 1.0;
        let mut reached = 0;
        for &rank in doubled_ranks {
            reached += rank;
            for k in (0..=reached).rev() {
                let with_rank = if k >= rank {
                    probabilities[k - rank]
                } else {
                    0.0
                };
                probabilities[k] = (probabilities[k] + with_rank) / 2.0;
            }
        }
        Self { probabilities }
    }

    /// The distribution for `n` differences of which no two are of equal size.
    fn without_ties(n: usize) -> Self {
        let doubled_ranks: Vec<_> = (1..=n).map(|rank| 2 * rank).collect();
        Self::new(&doubled_ranks)
    }

    fn at_most(&self, k: usize) -> f64 {
        self.probabilities[..=k].iter().sum()
    }

    fn at_least(&self, k: usize) -> f64 {
        self.probabilities[k..].iter().sum()
    }
}

/// Two-sided p-value of the hypothesis that positive and negative differences
/// are equally likely at every size: twice the smaller tail, at most 1. It is 1
/// if no difference is left.
pub fn p_value(differences: &[f64]) -> f64 {
    let mut nonzero: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    nonzero.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let doubled_ranks = doubled_mid_ranks(&nonzero);
    let doubled_t = nonzero
        .iter()
        .zip(&doubled_ranks)
        .filter(|(difference, _)| **difference > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let distribution = NullDistribution::new(&doubled_ranks);
    let tail = f64::min(
        distribution.at_most(doubled_t),
        distribution.at_least(doubled_t),
    );
    (2.0 * tail).min(1.0)
}

/// The largest c for which T ≤ c has a probability of at most half of
/// `1 - confidence` among `n` differences without ties, and the confidence that
/// c really gives, 1 - 2 P(T ≤ c). `None` if even T = 0 is too likely.
pub fn critical_value(n: usize, confidence: f64) -> Option<(usize, f64)> {
    let distribution = NullDistribution::without_ties(n);
    let tail_max = (1.0 - confidence) / 2.0;
    let mut tail = 0.0;
    let mut critical = None;
    for (t, probability) in distribution.probabilities.iter().step_by(2).enumerate() {
        tail += probability;
        if tail > tail_max {
            break;
        }
        critical = Some((t, 1.0 - 2.0 * tail));
    }
    critical
}

/// Twice the mid-rank of each value; the values are sorted by size.
fn doubled_mid_ranks(sorted: &[f64]) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    for group in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
        let first = ranks.len() + 1;
        let last = ranks.len() + group.len();
        ranks.resize(last, first + last);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hollander, Wolfe and Chicken, table A.4, and any other printed table.
    #[test]
    fn critical_values_are_those_of_the_printed_tables() {
        let critical = |n| critical_value(n, 0.95).map(|(t, _)| t);
        assert_eq!(critical(5), None);
        assert_eq!(critical(6), Some(0));
        assert_eq!(critical(10), Some(8));
        assert_eq!(critical(15), Some(25));
        assert_eq!(critical(20), Some(52));
        assert_eq!(critical(50), Some(434));
    }

    #[test]
    fn the_achieved_confidence_is_at_least_the_one_asked_for() {
        for n in 6..=50 {
            let (_, achieved) = critical_value(n, 0.95).unwrap();
            assert!((0.95..0.97).contains(&achieved), "{n}: {achieved}");
        }
        assert_eq!(critical_value(6, 0.95).unwrap().1, 1.0 - 2.0 / 64.0);
    }

    #[test]
    fn six_differences_of_one_sign_have_the_smallest_p_value() {
        let p = p_value(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
        assert_eq!(p, 2.0 / 64.0);
        assert_eq!(p_value(&[-0.1, -0.2, -0.3, -0.4, -0.5, -0.6]), p);
    }

    #[test]
    fn zeros_are_left_out_and_nothing_left_proves_nothing() {
        assert_eq!(p_value(&[0.0, 3.0, -1.0, 2.0]), p_value(&[3.0, -1.0, 2.0]));
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        assert_eq!(p_value(&[]), 1.0);
    }

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(
            doubled_mid_ranks(&[0.5, -1.0, 1.0, 1.0, 2.0]),
            [2, 6, 6, 6, 10]
        );
        // Of 8 patterns of three equal sizes one has all signs positive.
        assert_eq!(p_value(&[1.0, 1.0, 1.0]), 2.0 / 8.0);
    }

    #[test]
    fn the_distribution_is_symmetric_and_adds_up_to_one() {
        let distribution = NullDistribution::new(&[2, 5, 5, 8, 10]);
        let mut mirrored = distribution.probabilities.clone();
        mirrored.reverse();
        assert_eq!(distribution.probabilities, mirrored);
        assert_eq!(distribution.at_least(0), 1.0);
    }
}
