//! What it costs that somebody watches.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value as Json;

use super::Report;
use crate::Bench;
use crate::goal::{Value, Verdict, Wanted};
use crate::process::Process;
use crate::program;
use crate::server::{Running, Server};
use crate::spread::Spread;

/// Runs with and without the view, by turns: what it costs is less than what two runs differ by.
const PAIRS: usize = 14;

const SECONDS: u64 = 2;

/// Beyond its time loadgen may take so long to start and to end.
const OVERTIME: Duration = Duration::from_secs(20);

/// Compares the rate with the view to that without, within each pair.
pub(super) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let server = Server::TOKIO.start(bench)?;
    let changes = (0..PAIRS)
        .map(|pair| change_percent(bench, &server, pair))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Report::of(vec![Verdict {
        label: "change of requests/s by the live view, in %".to_owned(),
        value: Spread::of(changes.into_iter().map(Some)).map(Value::Rounds),
        wanted: Wanted::Nothing,
    }]))
}

/// Each comes first in every other pair.
fn change_percent(bench: &Bench, server: &Running, pair: usize) -> anyhow::Result<f64> {
    let with = || rate(bench, server, "always");
    let without = || rate(bench, server, "never");
    let (with, without) = match pair % 2 {
        0 => (with()?, without()?),
        _ => {
            let without = without()?;
            (with()?, without)
        }
    };
    Ok((with / without - 1.0) * 100.0)
}

fn rate(bench: &Bench, server: &Running, progress: &str) -> anyhow::Result<f64> {
    let mut command = Command::new(program::LOADGEN);
    command.args(["-k", "-q", "-c", "64", "--threads", "1"]);
    command.args(["--duration", &format!("{SECONDS}s")]);
    command.args(["--progress", progress, &server.url("/")]);
    let mut process = Process::start(bench, "loadgen", &bench.cores.load, command)?;
    process.wait(bench, Duration::from_secs(SECONDS) + OVERTIME)?;
    let record: Json = serde_json::from_str(&process.stdout()?)?;
    record["rate_per_second"].as_f64().context("no rate")
}
