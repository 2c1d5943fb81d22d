//! The numbers of every run in a table, to be copied.

use super::outcome::{Outcome, place};
use super::tables::{numbers, words};
use crate::compare::{Loops, Metric};
use crate::record::Record;
use crate::report::{Cell, Column, Table, Tone};

/// A column: its heading, and its number in a record, if that knows it.
type Number = (&'static str, fn(&Record) -> Option<f64>);

const NUMBERS: [Number; 17] = [
    ("connections", |it| {
        told(it, "plan.connections", it.plan.connections as f64)
    }),
    ("elapsed (s)", |it| told(it, "elapsed_s", it.elapsed_s)),
    ("per second", |it| of(it, Metric::RatePerSecond)),
    ("p50 (µs)", |it| microseconds(it, Metric::LatencyP50Ns)),
    ("p99 (µs)", |it| microseconds(it, Metric::LatencyP99Ns)),
    ("longest (µs)", |it| latency_max(it)),
    ("succeeded", |it| {
        told(it, "requests.succeeded", it.requests.succeeded as f64)
    }),
    ("failed", |it| {
        told(it, "requests.failed", it.requests.failed as f64)
    }),
    ("server CPU (µs/request)", |it| {
        of(it, Metric::ServerCpuUsPerRequest)
    }),
    ("user (µs/request)", |it| {
        of(it, Metric::ServerCpuUserUsPerRequest)
    }),
    ("kernel (µs/request)", |it| {
        of(it, Metric::ServerCpuSystemUsPerRequest)
    }),
    ("server memory (bytes)", |it| of(it, Metric::ServerRssBytes)),
    ("memory per connection (bytes)", |it| {
        of(it, Metric::ServerBytesPerConnection)
    }),
    ("server threads", |it| of(it, Metric::ServerThreads)),
    ("accept queue, longest", |it| {
        of(it, Metric::AcceptQueuePeak)
    }),
    ("accept queue overflows", |it| {
        of(it, Metric::AcceptQueueOverflows)
    }),
    ("busiest worker (share)", |it| {
        told(
            it,
            "client.busiest_worker_cpu_share",
            it.client.busiest_worker_cpu_share,
        )
    }),
];

/// The table of the runs, in order of their start. Columns of which no run knows anything are left
/// out.
pub(super) fn of_runs(outcome: &Outcome) -> Table {
    let records = &outcome.records;
    let is_known = |(_, number): &&Number| records.iter().any(|it| number(it).is_some());
    let known: Vec<&Number> = NUMBERS.iter().filter(is_known).collect();
    let mut columns: Vec<Column> = ["run", "scenario", "server"].map(words).to_vec();
    columns.push(numbers("round"));
    columns.extend(known.iter().map(|(heading, _)| numbers(heading)));
    columns.push(words("validity"));
    let row = |record: &Record| {
        let (scenario, server) = place(record, &outcome.name);
        let round = record.bench.as_ref().map(|it| it.round.to_string());
        let mut row = vec![
            Cell::plain(&record.id),
            Cell::plain(scenario),
            Cell::plain(server),
        ];
        row.push(Cell::plain(round.unwrap_or_default()));
        row.extend(known.iter().map(|(_, it)| Cell::plain(number(it(record)))));
        row.push(validity(record));
        row
    };
    Table {
        caption: format!("Runs of {}", outcome.name),
        columns,
        rows: records.iter().map(row).collect(),
    }
}

/// Without separators, and with no more digits than mean something.
fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value.fract() == 0.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 1000.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.3}"),
        None => String::new(),
    }
}

/// The reasons by their names, or that there are none.
fn validity(record: &Record) -> Cell {
    let validity = &record.validity;
    let codes: Vec<&str> = validity.reasons.iter().map(|it| it.code.as_str()).collect();
    let codes = codes.join(", ");
    let (text, tone) = match (validity.valid, codes.is_empty()) {
        (false, _) => (format!("invalid: {codes}"), Tone::Invalid),
        (true, true) => ("valid".to_owned(), Tone::Plain),
        (true, false) if validity.limits_rate() => (codes, Tone::Open),
        (true, false) => (codes, Tone::Plain),
    };
    Cell { text, tone }
}

/// The value, if the record tells it: one that was imported may only fill the place.
fn told(record: &Record, field: &str, value: f64) -> Option<f64> {
    record.tells(field).then_some(value)
}

/// Of one record alone: from the intended start if it has a schedule.
fn of(record: &Record, metric: Metric) -> Option<f64> {
    metric.of(record, Loops::of(std::iter::once(record)))
}

fn microseconds(record: &Record, metric: Metric) -> Option<f64> {
    of(record, metric).map(|ns| ns / 1e3)
}

fn latency_max(record: &Record) -> Option<f64> {
    let latency_ns = &record.latency_ns;
    let distribution = latency_ns
        .corrected
        .as_ref()
        .or(latency_ns.total.as_ref())?;
    Some(distribution.max as f64 / 1e3)
}
