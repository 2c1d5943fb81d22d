//! Writes a directory of many records, made from one, to see how the report bears them.
//!
//! ```text
//! cargo run --release --example many_records -- RUN.json DIR 1000
//! ```
//!
//! Two servers take turns in five scenarios, of 1 to 1000 connections. The histograms are those of
//! the one record; rates, costs and ten seconds of series differ from run to run.

use std::error::Error;
use std::path::{Path, PathBuf};

use loadgen::record::{Bench, Record, Second};

const CONNECTIONS: [u64; 5] = [1, 8, 64, 256, 1000];
const SERVERS: [&str; 2] = ["sync", "async"];
const SECONDS: u64 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [record, directory, count] = arguments.as_slice() else {
        return Err("give the file of a record, a new directory, and how many to write".into());
    };
    let record = Record::read(Path::new(record))?;
    let directory = PathBuf::from(directory);
    std::fs::create_dir(&directory)?;
    let cells = CONNECTIONS.len() * SERVERS.len();
    for index in 0..count.parse::<usize>()? {
        let (round, cell) = (index / cells, index % cells);
        let made = varied(&record, cell, round);
        let file = directory.join(format!("{}.json", made.id));
        std::fs::write(file, made.to_json())?;
    }
    Ok(())
}

/// The record as it might have been in this round of this cell.
fn varied(record: &Record, cell: usize, round: usize) -> Record {
    let (connections, server) = (CONNECTIONS[cell / 2], SERVERS[cell % 2]);
    let faster = if server == "async" { 1.25 } else { 1.0 };
    let factor = faster * (1.0 + 0.1 * noise(cell + 31 * round)) * (connections as f64).powf(0.2);
    let mut made = record.clone();
    made.id = format!("new-{connections}.{server}.{:03}", round + 1);
    let minute = 10 * round + cell;
    made.started_at = format!(
        "2026-03-{:02}T{:02}:{:02}:00.000Z",
        1 + minute / 1440,
        minute / 60 % 24,
        minute % 60
    );
    made.plan.connections = connections;
    made.rate_per_second *= factor;
    if let Some(server) = &mut made.server {
        server.cpu_us_per_request = server.cpu_us_per_request.map(|cost_us| cost_us / factor);
    }
    made.series = (0..SECONDS)
        .map(|start_s| second(start_s, made.rate_per_second))
        .collect();
    made.bench = Some(Bench {
        plan: Some("made up".to_owned()),
        scenario: format!("new-{connections}"),
        server: server.to_owned(),
        round: round as u64 + 1,
        position: 1 + (cell % 2) as u64,
    });
    made
}

fn second(start_s: u64, rate: f64) -> Second {
    let wave = 1.0 + 0.05 * noise(start_s as usize + rate as usize);
    Second {
        start_s,
        elapsed_s: 1.0,
        succeeded: (rate * wave) as u64,
        failed: if start_s == 7 { 12 } else { 0 },
        latency_ns_mean: Some(1e6),
        latency_ns_p99: Some((3e6 / wave) as u64),
        latency_ns_max: Some(5_000_000),
    }
}

/// A number from −1 to 1 that looks like chance, the same each time.
fn noise(seed: usize) -> f64 {
    let bits = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
