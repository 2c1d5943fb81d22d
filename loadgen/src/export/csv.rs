//! CSV (RFC 4180): a row for each run, a heading, lines that end in CR LF.

use super::results::{codes, round};
use super::{Exported, Group, Results};
use crate::record::{LatencyFrom, Record};

/// A column: its heading, and the text of a run's cell, empty if the record does not know it.
type Column = (&'static str, fn(&Group, &Record) -> String);

const COLUMNS: [Column; 41] = [
    ("result", |group, _| known(group.result.as_ref())),
    ("scenario", |group, _| group.scenario.clone()),
    ("server", |group, _| group.server.clone()),
    ("round", |_, record| round(record).to_string()),
    ("id", |_, record| record.id.clone()),
    ("started_at", |_, record| {
        told(record, "started_at", &record.started_at)
    }),
    ("valid", |_, record| record.validity.valid.to_string()),
    ("limits_rate", |_, record| {
        record.validity.limits_rate().to_string()
    }),
    ("reasons", |_, record| codes(record)),
    ("url", |_, record| {
        told(record, "target.url", &record.target.url)
    }),
    ("engine", |_, record| record.plan.engine.clone()),
    ("connections", |_, record| {
        told(record, "plan.connections", record.plan.connections)
    }),
    ("keep_alive", |_, record| {
        told(record, "plan.keep_alive", record.plan.keep_alive)
    }),
    ("offered_rate_per_second", |_, record| {
        let is_told = record.tells("plan.rate_per_second");
        known(record.plan.rate_per_second.filter(|_| is_told))
    }),
    ("elapsed_s", |_, record| record.elapsed_s.to_string()),
    ("issued", |_, record| record.requests.issued.to_string()),
    ("succeeded", |_, record| {
        record.requests.succeeded.to_string()
    }),
    ("failed", |_, record| record.requests.failed.to_string()),
    ("cancelled", |_, record| {
        record.requests.cancelled.to_string()
    }),
    ("failures", |_, record| failures(record)),
    ("rate_per_second", |_, record| {
        record.rate_per_second.to_string()
    }),
    ("latency_ns_min", |_, record| {
        known(record.percentile_ns(0.0))
    }),
    ("latency_ns_mean", |_, record| known(record.mean_ns())),
    ("latency_ns_p50", |_, record| {
        known(record.percentile_ns(50.0))
    }),
    ("latency_ns_p90", |_, record| {
        known(record.percentile_ns(90.0))
    }),
    ("latency_ns_p99", |_, record| {
        known(record.percentile_ns(99.0))
    }),
    ("latency_ns_p99_9", |_, record| {
        known(record.percentile_ns(99.9))
    }),
    ("latency_ns_max", |_, record| {
        known(record.percentile_ns(100.0))
    }),
    ("corrected_ns_p50", |_, record| {
        known(corrected_ns(record, 50.0))
    }),
    ("corrected_ns_p99", |_, record| {
        known(corrected_ns(record, 99.0))
    }),
    ("corrected_ns_max", |_, record| {
        known(corrected_ns(record, 100.0))
    }),
    ("server_cpu_us_per_request", |_, record| {
        known(record.server.as_ref().and_then(|it| it.cpu_us_per_request))
    }),
    ("server_rss_bytes_peak", |_, record| {
        known(record.server.as_ref().and_then(|it| it.rss_bytes_peak))
    }),
    ("server_threads_max", |_, record| {
        known(record.server.as_ref().and_then(|it| it.threads_max))
    }),
    ("accept_queue_peak", |_, record| {
        known(record.server.as_ref().and_then(|it| it.accept_queue_peak))
    }),
    ("client_cpu_us_per_request", |_, record| {
        known(record.client.cpu_us_per_request)
    }),
    ("tool", |_, record| record.tool.name.clone()),
    ("version", |_, record| {
        told(record, "tool.version", &record.tool.version)
    }),
    ("commit", |_, record| known(record.tool.git.as_ref())),
    ("kernel", |_, record| {
        told(record, "environment.kernel", &record.environment.kernel)
    }),
    ("cpu_model", |_, record| {
        known(record.environment.cpu_model.as_ref())
    }),
];

pub(super) fn write(results: &Results) -> Exported {
    let mut text = line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
    for group in &results.groups {
        for record in &group.rounds {
            let cells = COLUMNS.iter().map(|(_, cell)| cell(group, record));
            text.push_str(&line(cells));
        }
    }
    Exported::one(text, Vec::new())
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}

/// A field as RFC 4180 has it: in quotes if anything in it could end it, quotes within doubled.
fn quoted(field: String) -> String {
    match field.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}

fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// What only fills the place in the record of another tool's run is left empty.
fn told(record: &Record, field: &str, value: impl ToString) -> String {
    known(record.tells(field).then_some(value))
}

/// Of another tool's run only what counts from the intended start.
fn corrected_ns(record: &Record, percentile: f64) -> Option<u64> {
    let imported = record.imported.as_ref();
    let is_corrected = imported.is_none_or(|it| it.latency_from == LatencyFrom::IntendedStart);
    let ns = record.corrected_percentile_ns(percentile);
    ns.filter(|_| is_corrected)
}

/// Those that there were: `read_reset=3 read_timeout=1`.
fn failures(record: &Record) -> String {
    let counted = record.failures.iter().filter(|(_, count)| *count > 0);
    let texts = counted.map(|(cause, count)| format!("{}={count}", cause.label()));
    texts.collect::<Vec<_>>().join(" ")
}
