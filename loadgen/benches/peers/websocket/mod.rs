//! WebSocket ping-pong: our relays and clients beside those on Node and Python, and beside bare
//! relays, which pass on bytes of TCP. A round trip is a message from client 1 through the relay
//! to client 2, and from there back.
//!
//! - [`client`]: who plays; [`library`]: what others play with;
//! - [`lineup`]: who plays through whose relay, and what is to come of it;
//! - [`results`]: the directory with the records and the summary; [`table`]: what is in that.

mod client;
mod library;
mod lineup;
mod results;
mod table;

pub(crate) use library::Library;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::Bench;
use crate::matrix::Servers;
use crate::process::Process;
use crate::rounds::{Failure, Measured, by_turns};
use crate::scenario::Report;
use crate::server::Server;

use client::{Client, Played, Playtime, Waiting};
use results::Results;

/// Rounds that count: as many as a comparison of the records needs for a verdict.
const ROUNDS: usize = 6;

/// Beyond its time a client may take so long to connect and to end.
const CLIENT_LONGEST_OVERTIME: Duration = Duration::from_secs(20);

/// One client through one relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    relay: Server,
    client: Client,
    pairs: usize,
}

/// A cell's run, and the bare relay's right before it. The machine is at times two and a half times
/// as quick as at others, for tens of seconds: only what is measured together can be compared.
#[derive(Clone, Copy, Debug)]
struct Turn {
    played: Played,
    bare: Played,
}

type Cells = Vec<Measured<Cell, Turn>>;

/// What a number of pairs is measured with.
struct Pace {
    rounds: usize,
    time: Playtime,
}

/// Plays one pair, then a thousand, and keeps what came of it.
pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let results = Results::create()?;
    library::tell_missing();
    let few = play(bench, &results, &lineup::one_pair(), &Pace::few(bench))?;
    let many = play(bench, &results, &lineup::many_pairs(), &Pace::many(bench))?;
    let mut verdicts = lineup::judge_one(&few);
    verdicts.extend(lineup::judge_many(&many));
    results.write_summary(&[&few, &many], &verdicts)?;
    let is_whole = !few.iter().chain(&many).any(Measured::has_failed);
    Ok(Report { verdicts, is_whole })
}

fn play(bench: &Bench, results: &Results, cells: &[Cell], pace: &Pace) -> anyhow::Result<Cells> {
    let relays = Servers::start(bench, cells.iter().map(|cell| cell.relay));
    let cells = by_turns(bench, cells, pace.rounds, |cell, round| {
        cell.take_turn(bench, &relays, results, pace, round)
    })?;
    println!("{}", table::of(&cells));
    Ok(cells)
}

impl Pace {
    /// What differs between rounds passes within seconds: many short ones.
    fn few(bench: &Bench) -> Self {
        Self {
            rounds: if bench.is_quick { 2 } else { ROUNDS },
            time: Playtime {
                warm_up: Duration::from_millis(100),
                measured: Duration::from_millis(if bench.is_quick { 300 } else { 500 }),
            },
        }
    }

    /// To connect takes others a second or two.
    fn many(bench: &Bench) -> Self {
        Self {
            rounds: if bench.is_quick { 1 } else { ROUNDS },
            time: Playtime {
                warm_up: Duration::from_millis(300),
                measured: Duration::from_millis(if bench.is_quick { 500 } else { 700 }),
            },
        }
    }
}

impl Cell {
    /// As a directory or a line is called.
    fn label(&self) -> String {
        let (relay, client) = (self.relay.label(), self.client.label());
        format!("{relay}-{client}-{}", self.pairs)
    }

    /// The bare relay with this cell's client, or, where that speaks nothing but WebSocket, ours.
    fn bare(&self) -> Self {
        Self {
            relay: lineup::BARE,
            client: match self.client {
                Client::Theirs(_) => Client::Ours(Waiting::Async),
                ours @ Client::Ours(_) => ours,
            },
            ..*self
        }
    }

    /// Plays beside the bare relay, unless it is that. Without a round nothing is recorded.
    fn take_turn(
        &self,
        bench: &Bench,
        relays: &Servers,
        results: &Results,
        pace: &Pace,
        round: Option<usize>,
    ) -> Result<Turn, Failure> {
        if self.client.is_missing() {
            return Err(Failure::Missing);
        }
        let bare = self.bare();
        let beside = match bare == *self {
            true => None,
            false => Some(bare.play(bench, relays, pace.time, None)?),
        };
        let record = round
            .filter(|_| self.client.makes_record())
            .map(|round| results.record_path(self, round))
            .transpose()
            .map_err(|error| Failure::Failed(format!("{error:#}")))?;
        let played = self.play(bench, relays, pace.time, record.as_deref())?;
        Ok(Turn {
            played,
            bare: beside.unwrap_or(played),
        })
    }

    fn play(
        &self,
        bench: &Bench,
        relays: &Servers,
        time: Playtime,
        record: Option<&Path>,
    ) -> Result<Played, Failure> {
        let relay = relays.get(self.relay)?;
        let play = || {
            let command = self.client.command(relay, self.pairs, time);
            let mut client = Process::start(bench, "client", &bench.cores.load, command)?;
            let limit = time.warm_up + time.measured + CLIENT_LONGEST_OVERTIME;
            client.wait(bench, limit)?;
            let result = client.stdout()?;
            if let Some(path) = record {
                fs::write(path, &result)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            self.client.read(&result)
        };
        play().map_err(|error: anyhow::Error| Failure::Failed(format!("{error:#}")))
    }
}
