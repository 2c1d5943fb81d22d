//! A result made up for tests: two servers, three scenarios, eight rounds, not one number by chance.

use hdrhistogram::Histogram;

use super::outcome::Outcome;
use super::section;
use crate::compare::{Kept, Options};
use crate::record::sample::sample;
use crate::record::{Bench, Record, Second, encode_histogram};
use crate::report::Section;

/// Scenarios: name, connections, and whether they are kept alive.
const SCENARIOS: [(&str, u64, bool); 3] = [
    ("new-8", 8, false),
    ("new-64", 64, false),
    ("kept-64", 64, true),
];

const ROUNDS: u64 = 8;

/// A round's difference from the first, in percent.
const STEPS: [f64; ROUNDS as usize] = [0.0, -0.9, 1.2, -0.1, 0.7, -1.6, 1.9, -0.4];

/// The runs, interleaved.
pub(crate) fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for (index, (scenario, connections, keep_alive)) in SCENARIOS.into_iter().enumerate() {
        for round in 1..=ROUNDS {
            for (position, server) in (1..).zip(["sync", "async"]) {
                let mut record = run(server, round);
                record.started_at = format!("2026-03-01T1{index}:{round:02}:{position:02}.000Z");
                record.id = format!("{scenario}.{server}.{round:02}");
                record.plan.connections = connections;
                record.plan.keep_alive = keep_alive;
                record.rate_per_second *= (connections as f64).sqrt() / 8.0;
                record.bench = Some(Bench {
                    plan: Some("sample".to_owned()),
                    scenario: scenario.to_owned(),
                    server: server.to_owned(),
                    round,
                    position,
                });
                records.push(record);
            }
        }
    }
    records
}

fn run(server: &str, round: u64) -> Record {
    let is_async = server == "async";
    let step = STEPS[round as usize - 1];
    let noise = 1.0 + if is_async { -step } else { step } / 100.0;
    let mut record = sample();
    record.rate_per_second = noise * if is_async { 13_000.0 } else { 10_000.0 };
    if let Some(server) = &mut record.server {
        let cost_us = noise * if is_async { 24.0 } else { 30.0 };
        server.cpu_us_per_request = Some(cost_us);
        server.cpu_user_us_per_request = Some(0.25 * cost_us);
        server.cpu_system_us_per_request = Some(0.75 * cost_us);
        server.bytes_per_connection = Some(if is_async { 8_192.0 } else { 65_536.0 });
        server.accept_queue_peak = Some(if is_async { 3 } else { 64 });
    }
    record.histograms.total = encode_histogram(&latencies(if is_async { 3 } else { 4 }));
    record.series = (0..4)
        .map(|start_s| second(start_s, record.rate_per_second))
        .collect();
    record
}

/// A thousand latencies with a tail, the median at about this many milliseconds.
fn latencies(middle_ms: u64) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).unwrap();
    for rank in 1..=1000_u64 {
        let tail = if rank > 990 { 20 } else { 1 };
        histogram
            .record(tail * middle_ms * (500_000 + 1_000 * rank))
            .unwrap();
    }
    histogram
}

fn second(start_s: u64, rate: f64) -> Second {
    Second {
        start_s,
        elapsed_s: 1.0,
        succeeded: rate as u64 + 100 * start_s,
        failed: if start_s == 2 { 5 } else { 0 },
        latency_ns_mean: Some(15e6),
        latency_ns_p99: Some(21_000_000 + 1_000_000 * start_s),
        latency_ns_max: Some(45_000_000),
    }
}

/// The section of a result with these runs.
pub(crate) fn section_of(records: Vec<Record>) -> Section {
    let mut latencies = std::collections::HashMap::new();
    let mut kept = Vec::new();
    for mut record in records {
        super::outcome::add(&mut latencies, &mut record, "sample");
        kept.push(record);
    }
    let options = Options::default();
    let outcome = Outcome::of(
        "sample".to_owned(),
        kept,
        latencies,
        Kept::default(),
        &options,
    );
    section::of(&outcome)
}
