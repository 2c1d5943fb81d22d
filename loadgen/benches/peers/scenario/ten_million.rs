//! Whether memory grows with the number of requests.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::Report;
use crate::Bench;
use crate::goal::{Value, Verdict, Wanted};
use crate::process::Process;
use crate::program;
use crate::server::Server;

/// A run long enough that a byte kept for each request would be seen.
const REQUESTS: u64 = 10_000_000;

/// A server of 10 000 requests a second would take so long.
const LIMIT: Duration = Duration::from_secs(1000);

/// Makes ten million requests.
pub(super) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let server = Server::TOKIO.start(bench)?;
    let mut command = Command::new(program::LOADGEN);
    command.args(["-k", "-q", "-c", "64", "--threads", "1", "-n"]);
    command.arg(REQUESTS.to_string()).arg(server.url("/"));
    let mut process = Process::start(bench, "loadgen", &bench.cores.load, command)?;
    process.wait(bench, LIMIT)?;
    let record: serde_json::Value = serde_json::from_str(&process.stdout()?)?;
    ensure!(
        record["requests"]["succeeded"] == REQUESTS,
        "not all were made"
    );
    let rss_bytes = record["client"]["rss_bytes_peak"].as_f64();
    let rss_mib = rss_bytes.context("no peak RSS")? / f64::from(1 << 20);
    Ok(Report::of(vec![Verdict {
        label: "loadgen's peak RSS in MiB".to_owned(),
        value: Some(Value::Once(rss_mib)),
        wanted: Wanted::AtMost(64.0),
    }]))
}
