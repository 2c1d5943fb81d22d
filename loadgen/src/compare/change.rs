//! How one metric changed from A to B.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metric::{Loops, Metric};
use super::verdict::{Limited, SIGNIFICANCE, Verdict, bound, decide};
use crate::record::Record;
use crate::statistics::{
    CONFIDENCE, Interval, ROUNDS_MIN, WalshAverages, median_of_sorted, p_value, rounds_min,
    rounds_to_decide,
};

/// One metric on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What is compared; the name ends in the unit of the values.
    pub metric: Metric,
    /// Whether it gets a verdict; if not it is only described.
    pub judged: bool,
    /// A's values, one for each round.
    pub a: Vec<f64>,
    /// B's values, in the same order.
    pub b: Vec<f64>,
    /// Median of A's values.
    pub a_median: f64,
    /// Median of B's values.
    pub b_median: f64,
    /// B over A; null if a value is zero.
    pub ratio: Option<Ratio>,
    /// Two-sided p-value of Wilcoxon's signed-rank test, exact; null if it is
    /// not judged or there is one round only.
    pub p_value: Option<f64>,
    /// The same after Holm's correction over all that this comparison judges.
    pub p_value_adjusted: Option<f64>,
    /// What the difference amounts to; null if it is not judged or there is one
    /// round only.
    pub verdict: Option<Verdict>,
    /// The load generator was the limit with the better side alone: the true
    /// difference is at least the one measured.
    pub is_lower_bound: bool,
    /// With `inconclusive`: the rounds after which there should be a verdict if
    /// the estimate stays where it is. An extrapolation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds_to_decide: Option<usize>,
}

/// B over A: 1.31 says that B is 31 % higher.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ratio {
    /// Hodges–Lehmann estimate over the rounds.
    pub estimate: f64,
    /// Where it lies with 95 % confidence; null with fewer than 6 rounds.
    pub interval: Option<RatioInterval>,
}

/// A confidence interval of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RatioInterval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence really achieved, 0.95 or somewhat above: the exact
    /// distribution moves in steps.
    pub confidence: f64,
}

impl RatioInterval {
    /// That of logarithms.
    pub(crate) fn exp_of(interval: Interval) -> Self {
        Self {
            low: interval.low.exp(),
            high: interval.high.exp(),
            confidence: interval.confidence,
        }
    }
}

impl Change {
    /// Measures the metric in every round; `None` if a record does not know it.
    pub(super) fn measure(metric: Metric, a: &[&Record], b: &[&Record]) -> Option<Self> {
        let loops = Loops::of(a.iter().chain(b).copied());
        let values = |records: &[&Record]| -> Option<Vec<f64>> {
            let values = records.iter().map(|record| metric.of(record, loops));
            values.collect()
        };
        let (a_values, b_values) = (values(a)?, values(b)?);
        let mut change = Self {
            metric,
            judged: metric.is_judged(loops),
            a_median: median(&a_values)?,
            b_median: median(&b_values)?,
            a: a_values,
            b: b_values,
            ratio: None,
            p_value: None,
            p_value_adjusted: None,
            verdict: None,
            is_lower_bound: false,
            rounds_to_decide: None,
        };
        if let Some(differences) = change.log_ratios() {
            change.ratio = Ratio::of(&differences);
            change.p_value =
                (change.judged && differences.len() > 1).then(|| p_value(&differences));
        }
        Some(change)
    }

    /// Sets the verdict. `questions` is the number of p-values that `p_adjusted`
    /// was adjusted for.
    pub(super) fn judge(
        &mut self,
        limited: Limited,
        p_adjusted: f64,
        questions: usize,
        threshold: f64,
    ) {
        let differences = self.log_ratios().unwrap_or_default();
        let walsh = WalshAverages::of(&differences);
        let Some(estimate) = walsh.median() else {
            return;
        };
        let threshold = threshold.ln_1p();
        let interval = walsh.interval(CONFIDENCE);
        let verdict = decide(estimate, interval.as_ref(), p_adjusted, threshold);
        let (verdict, is_lower_bound) = bound(verdict, self.metric, limited);
        self.p_value_adjusted = Some(p_adjusted);
        self.verdict = Some(verdict);
        self.is_lower_bound = is_lower_bound;
        if verdict == Verdict::Inconclusive {
            let rounds = more_rounds(&walsh, &differences, estimate, threshold, questions);
            self.rounds_to_decide = Some(rounds);
        }
    }

    /// Whether B is worse than A by more than the threshold.
    pub fn is_worse(&self) -> bool {
        self.verdict
            .and_then(|verdict| verdict.b_is_better(self.metric))
            == Some(false)
    }

    /// ln(B / A) of each round; `None` if a value is zero.
    fn log_ratios(&self) -> Option<Vec<f64>> {
        let ratios = self.a.iter().zip(&self.b).map(|(a, b)| (b / a).ln());
        ratios.map(|d| d.is_finite().then_some(d)).collect()
    }
}

/// The rounds that would decide, by the interval at the level that is left when
/// several questions are asked (Bonferroni's, the strictest step of Holm's).
fn more_rounds(
    walsh: &WalshAverages,
    differences: &[f64],
    estimate: f64,
    threshold: f64,
    questions: usize,
) -> usize {
    let confidence = 1.0 - SIGNIFICANCE / questions.max(1) as f64;
    let interval = walsh
        .interval(confidence)
        .or_else(|| walsh.interval(CONFIDENCE));
    let rounds = interval.map_or(ROUNDS_MIN, |interval| {
        let half_width = f64::max(interval.high - estimate, estimate - interval.low);
        rounds_to_decide(differences.len(), estimate, half_width, threshold)
    });
    rounds.max(rounds_min(confidence))
}

impl Ratio {
    /// The estimate from the logarithms of the rounds' ratios; none without rounds.
    pub(super) fn of(log_ratios: &[f64]) -> Option<Self> {
        let walsh = WalshAverages::of(log_ratios);
        let interval = walsh.interval(CONFIDENCE).map(RatioInterval::exp_of);
        Some(Self {
            estimate: walsh.median()?.exp(),
            interval,
        })
    }

    /// A over B.
    pub(super) fn inverted(self) -> Self {
        Self {
            estimate: 1.0 / self.estimate,
            interval: self.interval.map(|interval| RatioInterval {
                low: 1.0 / interval.high,
                high: 1.0 / interval.low,
                confidence: interval.confidence,
            }),
        }
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    median_of_sorted(&sorted)
}
