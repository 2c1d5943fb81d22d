//! Open loops: requests start by a schedule, whatever the server does.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value as Json;

use super::Report;
use crate::Bench;
use crate::goal::Wanted::{AtMost, Between};
use crate::goal::{Value, Verdict, Wanted};
use crate::process::Process;
use crate::program;
use crate::server::{PAUSE, PERIOD, PausingServer, Server};

const RATE_PER_SECOND: u64 = 10_000;

/// A whole number of the pausing server's periods, so that every pause is in it as a whole.
const SECONDS: u64 = 30;

/// Beyond its time loadgen may take so long to start and to end.
const OVERTIME: Duration = Duration::from_secs(20);

/// How late requests are sent on a core that has little else to do.
pub(super) fn schedule(bench: &Bench) -> anyhow::Result<Report> {
    let server = Server::Nginx.start(bench)?;
    let record = measure(bench, &server.url("/"))?;
    let lag_us = number(&record, "/schedule/lag_ns/p99")? / 1e3;
    Ok(Report::of(vec![once(
        "sent later than scheduled, p99 in µs",
        lag_us,
        AtMost(100.0),
    )]))
}

/// What loadgen tells of pauses that are known to have been.
///
/// A request that is due at a moment of a pause waits for what is left of it. The time that is
/// left is spread evenly from nothing to a whole pause, and the share of requests that are due in
/// a pause is PAUSE / PERIOD; so the share that waits for longer than x is (PAUSE - x) / PERIOD,
/// and the quantile q of all is PAUSE - (1 - q) PERIOD. That the requests of a pause are then
/// answered one after the other adds a hundredth.
///
/// The uncorrected time begins when a request is sent, and in a pause no more are sent than there
/// are connections: its median must know nothing of pauses.
pub(super) fn pause(bench: &Bench) -> anyhow::Result<Report> {
    let server = PausingServer::start(&bench.cores.server)?;
    let record = measure(bench, &format!("http://{}/", server.address))?;
    let implied_ns = |q: f64| PAUSE.as_nanos() as f64 - (1.0 - q) * PERIOD.as_nanos() as f64;
    let corrected = |quantile: &str, q| {
        let told_ns = number(&record, &format!("/latency_ns/corrected/{quantile}"))?;
        let label = format!("corrected {quantile}, told / implied by the pauses");
        anyhow::Ok(once(&label, told_ns / implied_ns(q), Between(0.9, 1.1)))
    };
    let uncorrected_ms = number(&record, "/latency_ns/total/p50")? / 1e6;
    Ok(Report::of(vec![
        corrected("p99", 0.99)?,
        corrected("p99_9", 0.999)?,
        once("uncorrected median in ms", uncorrected_ms, AtMost(5.0)),
    ]))
}

/// The record of an open loop on 64 connections.
fn measure(bench: &Bench, url: &str) -> anyhow::Result<Json> {
    let mut command = Command::new(program::LOADGEN);
    command.args(["-k", "-q", "-c", "64", "--threads", "1"]);
    command.args(["--rate", &RATE_PER_SECOND.to_string()]);
    command.args(["--duration", &format!("{SECONDS}s"), url]);
    let mut process = Process::start(bench, "loadgen", &bench.cores.load, command)?;
    process.wait(bench, Duration::from_secs(SECONDS) + OVERTIME)?;
    let record: Json = serde_json::from_str(&process.stdout()?)?;
    let [issued, failed] = ["issued", "failed"].map(|name| &record["requests"][name]);
    println!("{issued} requests, {failed} failed");
    Ok(record)
}

fn number(record: &Json, path: &str) -> anyhow::Result<f64> {
    let value = record.pointer(path).and_then(Json::as_f64);
    value.with_context(|| format!("the record has no {path}"))
}

fn once(label: &str, value: f64, wanted: Wanted) -> Verdict {
    Verdict {
        label: label.to_owned(),
        value: Some(Value::Once(value)),
        wanted,
    }
}
