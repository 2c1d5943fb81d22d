//! The statistics of rounds: pure functions of a few numbers.
//!
//! Two servers are measured in turns, so each round gives one difference, and
//! ten rounds give ten. Nothing is known about their distribution but that,
//! were the servers alike, a difference would as likely have the other sign.
//! Wilcoxon's signed-rank test asks for no more than that, and its exact
//! distribution is right at six rounds as it is at twenty, where a bootstrap's
//! interval is too narrow and a t interval trusts in a normal distribution.
//!
//! Source: Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*,
//! 3rd edition, sections 3.1 to 3.3. Rounds of two benchmarks are not paired; for these there are
//! the rank sum and the shifts, the siblings in chapter 4. `reference/` holds values made with scipy and R
//! that the tests compare with.

mod holm;
mod median;
pub(crate) mod random;
mod rank_sum;
mod rounds;
mod shifts;
mod signed_rank;
mod walsh;

#[cfg(test)]
mod reference;

pub use holm::holm;
pub use median::median_of_sorted;
pub use rank_sum::{rank_sum_critical_value, rank_sum_p_value};
pub use rounds::{rounds_for, rounds_min, rounds_to_decide};
pub use shifts::Shifts;
pub use signed_rank::{critical_value, p_value};
pub use walsh::{Interval, WalshAverages};

/// Confidence of the intervals that are shown.
pub const CONFIDENCE: f64 = 0.95;

/// Fewest differences for which a 95 % interval exists: the smallest two-sided
/// p-value of n differences is 2 / 2ⁿ, and 2 / 2⁵ is above 0.05.
pub const ROUNDS_MIN: usize = 6;

/// Most differences that are taken. The exact distribution costs n³ steps: at
/// this number a tenth of a second.
pub const ROUNDS_MAX: usize = 500;
