//! JSON for github-action-benchmark: `customBiggerIsBetter` and `customSmallerIsBetter`, a file each.
//!
//! Source: `BenchmarkResult` in the action's `src/extract.ts`: `name`, `value`, `unit`, and optionally
//! `range` and `extra`. The action shows the last two, and judges `value` alone.

use serde::Serialize;

use super::{ExportError, Exported, Figure, Format, Group, Results};
use crate::compare::{Direction, Metric};
use crate::record::document;

/// One point of one curve.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

pub(super) fn write(results: &Results) -> Result<Exported, ExportError> {
    let (mut bigger, mut smaller) = (Vec::new(), Vec::new());
    for group in results.believed()? {
        for figure in group.tracked() {
            let entry = entry(group, figure);
            match figure.metric.direction() {
                Direction::HigherIsBetter => bigger.push(entry),
                Direction::LowerIsBetter => smaller.push(entry),
            }
        }
    }
    let suffixes = Format::GithubActionBenchmark.suffixes().iter().copied();
    Ok(Exported {
        files: suffixes
            .zip([document(&bigger), document(&smaller)])
            .collect(),
        left_out: results
            .invalid_left_out()
            .into_iter()
            .chain(results.limited_left_out())
            .collect(),
    })
}

fn entry(group: &Group, figure: Figure) -> Entry {
    let runs = group.valid().count();
    let invalid = group.rounds.len() - runs;
    let left_out = match invalid {
        0 => String::new(),
        count => format!("\n{count} more were left out: they cannot be believed"),
    };
    let interval = figure.interval;
    let of_runs = match figure.metric {
        Metric::FailedShare => format!("all of {runs} runs together"),
        _ if interval.is_some() => format!("median of {runs} runs, range at 95 % confidence"),
        _ => format!("median of {runs} runs"),
    };
    Entry {
        name: format!("{}: {}", group.name(), figure.metric.label()),
        value: figure.median,
        unit: unit(figure.metric),
        range: interval.map(|(low, high)| format!("{low} to {high}")),
        extra: of_runs + &left_out,
    }
}

/// The unit, as a curve is labelled with it.
fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::RatePerSecond => "requests/s",
        Metric::ServerCpuUsPerRequest
        | Metric::ServerCpuUserUsPerRequest
        | Metric::ServerCpuSystemUsPerRequest => "µs/request",
        Metric::LatencyP50Ns | Metric::LatencyP99Ns => "ns",
        Metric::FailedShare => "share",
        Metric::ServerRssBytes | Metric::ServerBytesPerConnection => "bytes",
        Metric::ServerThreads => "threads",
        Metric::ServerSwitchesPerRequest
        | Metric::ServerVoluntarySwitchesPerRequest
        | Metric::ServerInvoluntarySwitchesPerRequest => "switches/request",
        Metric::AcceptQueuePeak | Metric::AcceptQueueOverflows => "connections",
    }
}
