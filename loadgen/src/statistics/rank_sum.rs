//! Mann and Whitney's statistic of two samples that are not paired, and its distribution.
//!
//! U is the number of pairs, one value of each sample, in which that of the second is the larger;
//! a tie counts half. If both samples are draws from one distribution, each choice of n of the
//! n + m ranks is as likely as the next, and counting them gives the distribution without any
//! approximation, mid-ranks for ties included. Beyond [`EXACT_MAX`] values in all, where counting
//! takes long, it is the normal distribution with the correction for continuity, and for ties.
//!
//! Source: Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*, 3rd edition, section
//! 4.1. Everything is counted in doubled ranks, since mid-ranks are halves.

/// Most values of both samples together for which the distribution is counted: R takes the normal
/// one from 50 in either sample on.
const EXACT_MAX: usize = 100;

/// Two-sided p-value of the hypothesis that both samples are of one distribution; 1 if one is empty.
pub fn rank_sum_p_value(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    let (smaller, larger) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let doubled_ranks = doubled_mid_ranks(smaller, larger);
    let doubled_sum = doubled_ranks[..smaller.len()].iter().sum();
    match doubled_ranks.len() <= EXACT_MAX {
        true => exact(&doubled_ranks, smaller.len(), doubled_sum),
        false => approximate(&doubled_ranks, smaller.len(), doubled_sum),
    }
}

/// The largest c for which U ≤ c has a probability of at most half of `1 - confidence` with samples
/// of these sizes and no ties, and the confidence that c really gives. `None` if even U = 0 is too
/// likely.
pub fn rank_sum_critical_value(n: usize, m: usize, confidence: f64) -> Option<(usize, f64)> {
    let tail_max = (1.0 - confidence) / 2.0;
    let (smaller, larger) = (n.min(m), n.max(m));
    if smaller == 0 {
        return None;
    }
    if n + m > EXACT_MAX {
        return approximate_critical_value(n, m, tail_max);
    }
    let doubled_ranks: Vec<usize> = (1..=smaller + larger).map(|rank| 2 * rank).collect();
    let probabilities = probabilities(&doubled_ranks, smaller);
    // The smallest sum of ranks is that of the first ones: U = 0.
    let first = smaller * (smaller + 1);
    let mut tail = 0.0;
    let mut critical = None;
    for (u, probability) in probabilities[first..].iter().step_by(2).enumerate() {
        tail += probability;
        if tail > tail_max {
            break;
        }
        critical = Some((u, 1.0 - 2.0 * tail));
    }
    critical
}

/// Twice the smaller tail, at most 1.
fn exact(doubled_ranks: &[usize], n: usize, doubled_sum: usize) -> f64 {
    let probabilities = probabilities(doubled_ranks, n);
    let at_most: f64 = probabilities[..=doubled_sum].iter().sum();
    let at_least: f64 = probabilities[doubled_sum..].iter().sum();
    (2.0 * at_most.min(at_least)).min(1.0)
}

/// `[k]` is the probability that n of these ranks, chosen blindly, add up to k.
fn probabilities(doubled_ranks: &[usize], n: usize) -> Vec<f64> {
    let mut largest = doubled_ranks.to_vec();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    let sum_max: usize = largest[..n].iter().sum();
    // `[taken][sum]`: in how many ways.
    let mut ways = vec![vec![0.0; sum_max + 1]; n + 1];
    ways[0][0] = 1.0;
    for &rank in doubled_ranks {
        for taken in (1..=n).rev() {
            let (fewer, more) = ways.split_at_mut(taken);
            let (fewer, more) = (&fewer[taken - 1], &mut more[0]);
            for sum in rank..=sum_max {
                more[sum] += fewer[sum - rank];
            }
        }
    }
    let mut probabilities = ways.swap_remove(n);
    let all: f64 = probabilities.iter().sum();
    for probability in &mut probabilities {
        *probability /= all;
    }
    probabilities
}

fn approximate(doubled_ranks: &[usize], n: usize, doubled_sum: usize) -> f64 {
    let all = doubled_ranks.len() as f64;
    let (n, m) = (n as f64, all - n as f64);
    let mut sorted = doubled_ranks.to_vec();
    sorted.sort_unstable();
    let ties = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64);
    let ties: f64 = ties.map(|size| size.powi(3) - size).sum();
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let distance = (doubled_sum as f64 / 2.0 - n * (all + 1.0) / 2.0).abs();
    if variance <= 0.0 {
        return 1.0;
    }
    let z = ((distance - 0.5).max(0.0)) / variance.sqrt();
    (2.0 * upper_tail(z)).min(1.0)
}

fn approximate_critical_value(n: usize, m: usize, tail_max: f64) -> Option<(usize, f64)> {
    let (n, m) = (n as f64, m as f64);
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    let critical = (n * m / 2.0 - quantile(tail_max) * deviation - 0.5).floor();
    if critical < 0.0 {
        return None;
    }
    let z = (n * m / 2.0 - critical - 0.5) / deviation;
    Some((critical as usize, 1.0 - 2.0 * upper_tail(z)))
}

/// The share of a normal distribution above z, for z from 0 on.
///
/// Source: Abramowitz and Stegun, 26.2.10 (a series) and 26.2.14 (a continued fraction).
fn upper_tail(z: f64) -> f64 {
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if z < 3.0 {
        let (mut term, mut sum, mut odd) = (z, z, 1.0);
        while term > sum * 1e-17 {
            odd += 2.0;
            term *= z * z / odd;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    let fraction = (1..=80).rev().fold(z, |rest, k| z + f64::from(k) / rest);
    density / fraction
}

/// The z above which this share lies.
fn quantile(share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        match upper_tail(middle) > share {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// Twice the mid-rank of each value among all, those of the first sample first.
fn doubled_mid_ranks(first: &[f64], second: &[f64]) -> Vec<usize> {
    let values: Vec<f64> = first.iter().chain(second).copied().collect();
    let mut ascending: Vec<usize> = (0..values.len()).collect();
    ascending.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0; values.len()];
    let mut below = 0;
    for group in ascending.chunk_by(|&a, &b| values[a] == values[b]) {
        for &index in group {
            ranks[index] = 2 * below + group.len() + 1;
        }
        below += group.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hollander, Wolfe and Chicken, table A.6, and any other printed table at 5 %, two-sided.
    #[test]
    fn critical_values_are_those_of_the_printed_tables() {
        let critical = |n, m| rank_sum_critical_value(n, m, 0.95).map(|(u, _)| u);
        assert_eq!(critical(3, 4), None);
        assert_eq!(critical(4, 4), Some(0));
        assert_eq!(critical(5, 5), Some(2));
        assert_eq!(critical(10, 10), Some(23));
        assert_eq!(critical(8, 15), Some(29));
        assert_eq!(critical(20, 20), Some(127));
        assert_eq!(critical(0, 20), None);
    }

    #[test]
    fn four_against_four_apart_have_the_smallest_p_value() {
        let p = rank_sum_p_value(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]);
        assert!((p - 2.0 / 70.0).abs() < 1e-12, "{p}");
        assert_eq!(rank_sum_p_value(&[], &[1.0]), 1.0);
        assert_eq!(rank_sum_p_value(&[1.0; 5], &[1.0; 5]), 1.0);
    }

    #[test]
    fn the_normal_tail_is_that_of_the_tables() {
        for (z, share) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457_05),
            (1.959_963_984_540_054, 0.025),
            (2.9, 0.001_865_813_300_384_037_8),
            (3.1, 0.000_967_603_213_218_358_7),
            (6.0, 9.865_876_450_376_98e-10),
        ] {
            let got = upper_tail(z);
            assert!((got / share - 1.0).abs() < 1e-10, "{z}: {got}");
        }
        assert!((quantile(0.025) - 1.959_963_984_540_054).abs() < 1e-10);
    }

    #[test]
    fn counted_and_normal_distribution_agree_where_one_takes_over() {
        let a: Vec<f64> = (0..50).map(f64::from).collect();
        for shift in [3.3, 8.3, 12.3] {
            let b: Vec<f64> = a.iter().map(|value| value + shift).collect();
            let exact_p = rank_sum_p_value(&a, &b);
            let ranks = doubled_mid_ranks(&a, &b);
            let sum = ranks[..50].iter().sum();
            let normal = approximate(&ranks, 50, sum);
            assert!(
                (exact_p - normal).abs() < 0.002,
                "{shift}: {exact_p}, {normal}"
            );
        }
        let (exact_c, _) = rank_sum_critical_value(50, 50, 0.95).unwrap();
        let (normal_c, _) = approximate_critical_value(50, 50, 0.025).unwrap();
        assert!(exact_c.abs_diff(normal_c) <= 1, "{exact_c}, {normal_c}");
    }

    /// By trying every way to deal the values out.
    fn dealt_out(a: &[f64], b: &[f64]) -> f64 {
        let ranks = doubled_mid_ranks(a, b);
        let seen: usize = ranks[..a.len()].iter().sum();
        let hands = (0_u32..1 << ranks.len()).filter(|hand| hand.count_ones() as usize == a.len());
        let (mut all, mut at_most, mut at_least) = (0.0, 0.0, 0.0);
        for hand in hands {
            let taken = (0..ranks.len()).filter(|index| hand & (1 << index) != 0);
            let sum: usize = taken.map(|index| ranks[index]).sum();
            all += 1.0;
            at_most += f64::from(u8::from(sum <= seen));
            at_least += f64::from(u8::from(sum >= seen));
        }
        (2.0 * f64::min(at_most, at_least) / all).min(1.0)
    }

    proptest! {
        #[test]
        fn the_p_value_is_exact_with_ties_too(
            a in prop::collection::vec(0u8..6, 1..6), b in prop::collection::vec(0u8..6, 1..6)
        ) {
            let [a, b] = [a, b].map(|it| it.into_iter().map(f64::from).collect::<Vec<_>>());
            let p = rank_sum_p_value(&a, &b);
            prop_assert!((p - dealt_out(&a, &b)).abs() < 1e-9);
            prop_assert!((p - rank_sum_p_value(&b, &a)).abs() < 1e-9);
        }
    }
}
