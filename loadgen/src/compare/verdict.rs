//! What a difference amounts to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metric::{Direction, Metric};
use crate::statistics::Interval;

/// The level for all that is judged in one comparison, taken together.
pub(crate) const SIGNIFICANCE: f64 = 0.05;

/// What a difference of B from A amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// B is higher by more than the threshold.
    Higher,
    /// B is lower by more than the threshold.
    Lower,
    /// They differ, by no more than the threshold.
    SmallDifference,
    /// The whole interval lies within the threshold, and zero in it.
    Equivalent,
    /// None of these: more rounds are needed.
    Inconclusive,
    /// The load generator was the limit, so the number is about it.
    LimitedByLoadGenerator,
    /// A run of either side cannot be believed.
    Invalid,
}

impl Verdict {
    /// The verdict as a table says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::SmallDifference => "small difference",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::LimitedByLoadGenerator => "limited by the load generator",
            Self::Invalid => "invalid",
        }
    }

    /// Whether it says that B is better (`Some(true)`) or worse than A by more
    /// than the threshold.
    pub fn b_is_better(self, metric: Metric) -> Option<bool> {
        let higher_is_better = metric.direction() == Direction::HigherIsBetter;
        match self {
            Self::Higher => Some(higher_is_better),
            Self::Lower => Some(!higher_is_better),
            _ => None,
        }
    }
}

/// The verdict on logarithms of B over A. `p_value` is the adjusted one, and
/// `threshold` a logarithm too. Without an interval there are too few rounds.
pub(crate) fn decide(
    estimate: f64,
    interval: Option<&Interval>,
    p_value: f64,
    threshold: f64,
) -> Verdict {
    let Some(interval) = interval else {
        return Verdict::Inconclusive;
    };
    if interval.contains(0.0) {
        if interval.is_within(threshold) {
            Verdict::Equivalent
        } else {
            Verdict::Inconclusive
        }
    } else if estimate.abs() <= threshold {
        Verdict::SmallDifference
    } else if p_value >= SIGNIFICANCE {
        Verdict::Inconclusive
    } else if estimate > 0.0 {
        Verdict::Higher
    } else {
        Verdict::Lower
    }
}

/// On which sides the load generator was the limit in most rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limited {
    pub(super) a: bool,
    pub(super) b: bool,
}

impl Limited {
    /// Whether nothing can be said about this metric, whatever was measured.
    pub(super) fn hides(self, metric: Metric) -> bool {
        metric.is_bounded_by_generator() && self.a && self.b
    }
}

/// What is left of a verdict if the load generator was the limit, and whether
/// the difference is then a lower bound.
///
/// A generator at its limit makes the server look worse than it is, never
/// better. So if it was the limit on one side alone, and that side is the better
/// one all the same, then it is better by at least as much. In every other case
/// the numbers do not tell the servers apart.
pub(super) fn bound(verdict: Verdict, metric: Metric, limited: Limited) -> (Verdict, bool) {
    if !metric.is_bounded_by_generator() {
        return (verdict, false);
    }
    let b_is_better = verdict.b_is_better(metric);
    match (limited.a, limited.b) {
        (false, false) => (verdict, false),
        (false, true) if b_is_better == Some(true) => (verdict, true),
        (true, false) if b_is_better == Some(false) => (verdict, true),
        _ => (Verdict::LimitedByLoadGenerator, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide_between(low: f64, estimate: f64, high: f64, p_value: f64) -> Verdict {
        let interval = Interval {
            low,
            high,
            confidence: 0.95,
        };
        decide(estimate, Some(&interval), p_value, 0.05)
    }

    #[test]
    fn each_verdict_has_its_conditions() {
        for (low, estimate, high, p_value, verdict) in [
            (0.08, 0.10, 0.12, 0.002, Verdict::Higher),
            (-0.12, -0.10, -0.08, 0.002, Verdict::Lower),
            (0.01, 0.06, 0.12, 0.002, Verdict::Higher),
            (0.01, 0.06, 0.12, 0.06, Verdict::Inconclusive),
            (0.01, 0.02, 0.03, 0.002, Verdict::SmallDifference),
            (0.01, 0.04, 0.09, 0.06, Verdict::SmallDifference),
            (-0.02, 0.00, 0.03, 0.8, Verdict::Equivalent),
            (-0.02, 0.02, 0.06, 0.4, Verdict::Inconclusive),
            (-0.10, 0.10, 0.30, 0.4, Verdict::Inconclusive),
        ] {
            let got = decide_between(low, estimate, high, p_value);
            assert_eq!(got, verdict, "{low} {estimate} {high} {p_value}");
        }
    }

    #[test]
    fn without_an_interval_nothing_is_decided() {
        assert_eq!(decide(1.0, None, 0.01, 0.05), Verdict::Inconclusive);
    }

    #[test]
    fn a_generator_at_its_limit_leaves_only_what_it_makes_look_worse() {
        let rate = |verdict, a, b| bound(verdict, Metric::RatePerSecond, Limited { a, b });
        let nothing = (Verdict::LimitedByLoadGenerator, false);
        assert_eq!(
            rate(Verdict::Higher, false, false),
            (Verdict::Higher, false)
        );
        assert_eq!(rate(Verdict::Higher, false, true), (Verdict::Higher, true));
        assert_eq!(rate(Verdict::Higher, true, false), nothing);
        assert_eq!(rate(Verdict::Higher, true, true), nothing);
        assert_eq!(rate(Verdict::Lower, true, false), (Verdict::Lower, true));
        assert_eq!(rate(Verdict::Lower, false, true), nothing);
        for verdict in [
            Verdict::Equivalent,
            Verdict::SmallDifference,
            Verdict::Inconclusive,
        ] {
            assert_eq!(rate(verdict, true, false), nothing);
            assert_eq!(rate(verdict, false, true), nothing);
        }
    }

    #[test]
    fn latency_is_bounded_the_other_way_round_and_cost_not_at_all() {
        let limited = Limited { a: false, b: true };
        let (p99, cost) = (Metric::LatencyP99Ns, Metric::ServerCpuUsPerRequest);
        assert_eq!(bound(Verdict::Lower, p99, limited), (Verdict::Lower, true));
        assert_eq!(
            bound(Verdict::Higher, p99, limited),
            (Verdict::LimitedByLoadGenerator, false)
        );
        assert_eq!(
            bound(Verdict::Equivalent, cost, limited),
            (Verdict::Equivalent, false)
        );
    }
}
