//! The push stream at full speed: one client, which does nothing but count.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value as Json;

use super::Report;
use crate::Bench;
use crate::goal::Wanted::{AtLeast, Nothing};
use crate::goal::{Value, Verdict};
use crate::matrix::Servers;
use crate::process::Process;
use crate::program;
use crate::rounds::{Failure, Measured, by_turns};
use crate::server::{Running, Server};
use crate::spread::Spread;
use crate::stand_in::StandIn;

/// A write for each message: who makes several at a time can be faster than that.
const BARE: Server = Server::StandIn(StandIn::BarePush);

/// Every model of both servers.
const OURS: [Server; 9] = [
    Server::pushing("server-sync", "sequential"),
    Server::pushing("server-sync", "thread-per-connection"),
    Server::pushing("server-sync", "thread-pool"),
    Server::pushing("server-async", "select"),
    Server::pushing("server-async", "poll"),
    Server::pushing("server-async", "epoll"),
    Server::pushing("server-async", "io-uring"),
    Server::pushing("server-async", "tokio"),
    Server::pushing("server-async", "tokio-current-thread"),
];

/// As many messages a second are enough, whatever the bare loop sends.
const ENOUGH_PER_SECOND: f64 = 2e6;

/// Else this part of what the bare loop sends.
const OF_BARE: f64 = 0.8;

/// Beyond its time the client may take so long to start and to end.
const CLIENT_LONGEST_OVERTIME: Duration = Duration::from_secs(10);

/// Messages per second.
type Cell = Measured<Server, f64>;

/// Messages per second of each server, and what that is beside the goal.
pub(super) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let (rounds, time) = match bench.is_quick {
        true => (2, Duration::from_millis(500)),
        false => (5, Duration::from_secs(1)),
    };
    let all = [&[BARE], &OURS[..]].concat();
    let servers = Servers::start(bench, all.iter().copied());
    let cells = by_turns(bench, &all, rounds, |server, _| {
        let run = servers.get(*server)?;
        take(bench, run, time).map_err(|error| Failure::Failed(format!("{error:#}")))
    })?;
    Ok(Report {
        is_whole: !cells.iter().any(Cell::has_failed),
        verdicts: judge(&cells),
    })
}

/// Messages per second that one client has taken; a run with one that was missing is none.
fn take(bench: &Bench, server: &Running, time: Duration) -> anyhow::Result<f64> {
    let mut command = Command::new(program::LOADGEN);
    command.args(["push", "--client", "blocking", "--clients", "1"]);
    command.args(["--delay", "0", "--format", "json", "--duration"]);
    command.arg(format!("{}ms", time.as_millis()));
    command.arg(server.address.to_string());
    let mut client = Process::start(bench, "client", &bench.cores.load, command)?;
    client.wait(bench, time + CLIENT_LONGEST_OVERTIME)?;
    let record: Json = serde_json::from_str(&client.stdout()?)?;
    let rate = record["received_per_second"].as_f64();
    rate.context("the client does not tell its rate")
}

fn judge(cells: &[Cell]) -> Vec<Verdict> {
    let bare = cells.iter().find(|measured| measured.cell == BARE);
    let rates = cells.iter().map(|measured| Verdict {
        label: format!("million messages/s, {}", measured.cell.label()),
        value: measured.spread(|rate| Some(rate / 1e6)).map(Value::Rounds),
        wanted: Nothing,
    });
    let ours = cells.iter().filter(|measured| measured.cell != BARE);
    let ratios = ours.map(|ours| Verdict {
        label: format!("{} / {OF_BARE} bare, or 2 million/s", ours.cell.label()),
        value: bare.and_then(|bare| beside(ours, bare)).map(Value::Rounds),
        wanted: AtLeast(1.0),
    });
    rates.chain(ratios).collect()
}

/// The rate beside the lower of the two that are enough.
fn beside(ours: &Cell, bare: &Cell) -> Option<Spread> {
    ours.beside(bare, |ours, bare| {
        Some(ours / ENOUGH_PER_SECOND.min(OF_BARE * bare))
    })
}
