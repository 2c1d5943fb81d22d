//! The best server of a row, and how sure that is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Group, Row};
use crate::compare::Ratio;
use crate::compare::metric::{Direction, Loops, Metric};
use crate::record::Record;
use crate::statistics::{holm, median_of_sorted, p_value};

/// The best server for one metric, held against the runner-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Best {
    /// What it is best in.
    pub metric: Metric,
    /// Its label.
    pub server: String,
    /// Label of the second best.
    pub runner_up: String,
    /// The best over the runner-up, over the rounds that both have; null if a value is zero.
    pub ratio: Option<Ratio>,
    /// The interval excludes that they are alike, and the load generator was not what
    /// any other was limited by. Each by itself, not corrected for their number.
    pub is_clear: bool,
    /// Two-sided p-value of Wilcoxon's signed-rank test, exact; null where the load generator hides
    /// the difference, or a value is zero.
    pub p_value: Option<f64>,
    /// The same after Holm's correction over the whole matrix.
    pub p_value_adjusted: Option<f64>,
}

impl Best {
    /// The best of these; none if fewer than two know the metric, or nobody is better.
    pub(super) fn of(metric: Metric, groups: &[Group<'_>], loops: Loops) -> Option<Self> {
        let mut ranked: Vec<(f64, &Group<'_>)> = groups
            .iter()
            .filter_map(|group| Some((median(group, metric, loops)?, group)))
            .collect();
        ranked.sort_by(|(a, _), (b, _)| match metric.direction() {
            Direction::HigherIsBetter => b.total_cmp(a),
            Direction::LowerIsBetter => a.total_cmp(b),
        });
        let [(_, best), others @ ..] = ranked.as_slice() else {
            return None;
        };
        let (_, runner_up) = others.first()?;
        let differences = log_ratios(metric, loops, best, runner_up);
        let ratio = differences.as_deref().and_then(Ratio::of);
        // What limits another may be all that keeps it behind: how fast it is is not known.
        let is_hidden =
            metric.is_bounded_by_generator() && others.iter().any(|(_, it)| it.is_limited());
        let differences = differences.filter(|it| it.len() > 1 && !is_hidden);
        Some(Self {
            metric,
            server: best.server.clone(),
            runner_up: runner_up.server.clone(),
            is_clear: !is_hidden && ratio.is_some_and(|ratio| excludes_one(&ratio, metric)),
            ratio,
            p_value: differences.as_deref().map(p_value),
            p_value_adjusted: None,
        })
    }
}

/// Fills in the p-values that are corrected for their number.
pub(super) fn correct(rows: &mut [Row]) {
    let all = rows.iter_mut().flat_map(|row| &mut row.best);
    let asked: Vec<(&mut Best, f64)> = all
        .filter_map(|best| best.p_value.map(|p_value| (best, p_value)))
        .collect();
    let p_values: Vec<f64> = asked.iter().map(|(_, p_value)| *p_value).collect();
    for ((best, _), adjusted) in asked.into_iter().zip(holm(&p_values)) {
        best.p_value_adjusted = Some(adjusted);
    }
}

fn median(group: &Group<'_>, metric: Metric, loops: Loops) -> Option<f64> {
    let mut values = group.values(metric, loops)?;
    values.sort_by(f64::total_cmp);
    median_of_sorted(&values)
}

/// ln(best / runner-up) of each round that both have; none if a value is zero.
fn log_ratios(
    metric: Metric,
    loops: Loops,
    best: &Group<'_>,
    runner_up: &Group<'_>,
) -> Option<Vec<f64>> {
    let partner = |round: u64| -> Option<&Record> {
        let found = runner_up.counted.iter().find(|(other, _)| *other == round);
        found.map(|(_, record)| *record)
    };
    let pairs = best
        .counted
        .iter()
        .filter_map(|(round, record)| Some((*record, partner(*round)?)));
    let ratio = |(a, b): (&Record, &Record)| {
        let ratio = (metric.of(a, loops)? / metric.of(b, loops)?).ln();
        ratio.is_finite().then_some(ratio)
    };
    pairs.map(ratio).collect()
}

/// Whether the interval lies on the better side of 1, whole.
fn excludes_one(ratio: &Ratio, metric: Metric) -> bool {
    ratio
        .interval
        .is_some_and(|interval| match metric.direction() {
            Direction::HigherIsBetter => interval.low > 1.0,
            Direction::LowerIsBetter => interval.high < 1.0,
        })
}
