//! A metric over all benchmarks in a directory, run after run, with the changes that are none of
//! chance's.
//!
//! Between two runs lies time, and a machine that may have changed; their rounds are not paired. So
//! what is followed is the ratio to the run's own baseline server, round by round, unless plain
//! values are asked for. Each run is compared with the one before it by the shift of logarithms (Hodges and Lehmann)
//! with its interval, Mann and Whitney's test, and Holm's correction over all such questions. Where
//! the run before cannot be compared, being invalid or made under other circumstances, an earlier
//! one takes its place; where there is none, it is said why.

mod error;
mod read;
mod series;
mod text;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::HistoryError;
pub use read::{Run, Runs};
pub use series::{Point, Series, Step};

use crate::compare::{Metric, SIGNIFICANCE, Selection, Verdict, decide};
use crate::record::{document, schema_of};
use crate::statistics::{CONFIDENCE, Interval, holm};

/// The identity of this version of the document, as its `schema` field says it.
pub const SCHEMA: &str = "loadgen/history/v1";

/// What to follow, and what matters.
#[derive(Clone, Debug)]
pub struct Options {
    /// The metric.
    pub metric: Metric,
    /// The scenarios and servers.
    pub selection: Selection,
    /// Plain values, not ratios to the baseline. Default false.
    pub absolute: bool,
    /// Changes up to this share do not matter, 0.05 being 5 %. Default 0.05.
    pub threshold: f64,
}

/// A metric over the benchmarks of a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// Always `loadgen/history/v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// What is followed; the name ends in the unit of plain values.
    pub metric: Metric,
    /// Values are plain; if not, they are ratios to the baseline server of the same round.
    pub absolute: bool,
    /// Changes up to this share do not matter: 0.05 is 5 %.
    pub threshold: f64,
    /// Confidence of the intervals, 0 to 1.
    pub confidence: f64,
    /// How many pairs of runs were compared, which the p-values are corrected for.
    pub questions: usize,
    /// One for each scenario and server.
    pub series: Vec<Series>,
}

impl History {
    /// Follows the metric over runs in order of time.
    ///
    /// # Errors
    ///
    /// No scenario and server fit what was asked for, or none knows the metric.
    pub fn of(runs: &[Run], options: &Options) -> Result<Self, HistoryError> {
        let mut series = series::of(runs, options);
        if series.is_empty() {
            return Err(HistoryError::NothingSelected);
        }
        let questions = judge(&mut series, options.threshold);
        Ok(Self {
            schema: SCHEMA.to_owned(),
            metric: options.metric,
            absolute: options.absolute,
            threshold: options.threshold,
            confidence: CONFIDENCE,
            questions,
            series,
        })
    }

    /// The JSON document: indented, ends in a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        document(self)
    }
}

/// The JSON Schema (draft 2020-12) of `loadgen/history/v1`, as `results/schema/history.v1.json`
/// keeps it.
#[must_use]
pub fn schema() -> Value {
    schema_of::<History>()
}

/// Gives verdicts to all steps that were asked about together; how many there are.
fn judge(series: &mut [Series], threshold: f64) -> usize {
    let points = series.iter_mut().flat_map(|series| &mut series.points);
    let steps = points.filter_map(|point| point.step.as_mut());
    let mut asked: Vec<(&mut Step, f64)> = steps
        .filter_map(|step| {
            let p_value = step.p_value?;
            Some((step, p_value))
        })
        .collect();
    let p_values: Vec<f64> = asked.iter().map(|(_, p_value)| *p_value).collect();
    for ((step, _), p_adjusted) in asked.iter_mut().zip(holm(&p_values)) {
        step.p_value_adjusted = Some(p_adjusted);
        let Some(ratio) = step.ratio else {
            continue;
        };
        let interval = ratio.interval.map(|interval| Interval {
            low: interval.low.ln(),
            high: interval.high.ln(),
            confidence: interval.confidence,
        });
        let verdict = decide(
            ratio.estimate.ln(),
            interval.as_ref(),
            p_adjusted,
            threshold.ln_1p(),
        );
        step.verdict = Some(verdict);
        step.is_change = matches!(verdict, Verdict::Higher | Verdict::Lower);
        debug_assert!(!step.is_change || p_adjusted < SIGNIFICANCE);
    }
    p_values.len()
}
