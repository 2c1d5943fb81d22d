//! Bencher Metric Format: benchmark → measure → value with its bounds.
//!
//! Source: <https://bencher.dev/docs/reference/bencher-metric-format>, whose JSON Schema the tests
//! keep. `throughput`, in operations per second, is a measure that every project there has; the
//! others end in their unit. A name has at most 1024 characters.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ExportError, Exported, Figure, Results};
use crate::compare::Metric;
use crate::record::document;

/// What Bencher takes for a name.
const NAME_MAX: usize = 1024;

/// One value of a measure.
#[derive(Debug, Serialize)]
struct Value {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

pub(super) fn write(results: &Results) -> Result<Exported, ExportError> {
    let invalid = results.invalid_left_out();
    let mut left_out: Vec<String> = invalid
        .into_iter()
        .chain(results.limited_left_out())
        .collect();
    let mut benchmarks = BTreeMap::new();
    for group in results.believed()? {
        let measures: BTreeMap<_, _> = group
            .tracked()
            .iter()
            .map(|figure| (slug(figure.metric), Value::from(figure)))
            .collect();
        let name = group.name();
        if name.chars().count() > NAME_MAX {
            let start: String = name.chars().take(40).collect();
            left_out.push(format!(
                "{start}…: Bencher's names have at most {NAME_MAX} characters"
            ));
            continue;
        }
        benchmarks.insert(name, measures);
    }
    Ok(Exported::one(document(&benchmarks), left_out))
}

/// What a measure is called in a URL.
fn slug(metric: Metric) -> String {
    match metric {
        Metric::RatePerSecond => "throughput".to_owned(),
        other => other.name().replace('_', "-"),
    }
}

impl From<&Figure> for Value {
    fn from(figure: &Figure) -> Self {
        Self {
            value: figure.median,
            lower_value: figure.interval.map(|(low, _)| low),
            upper_value: figure.interval.map(|(_, high)| high),
        }
    }
}
