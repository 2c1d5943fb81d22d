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

use std::time::Duration;

use crate::Bench;
use crate::matrix::Servers;
use crate::process::Process;
use crate::rounds::{Failure, Measured, by_turns};
use crate::scenario::Report;
use crate::server::Server;

use client::{Client, Played, Playtime};
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

type Cells = Vec<Measured<Cell, Played>>;

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
        cell.play(bench, &relays, results, pace, round)
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
                warm_up: Duration::from_millis(200),
                measured: Duration::from_millis(if bench.is_quick { 300 } else { 600 }),
            },
        }
    }

    /// To connect takes others a second or two.
    fn many(bench: &Bench) -> Self {
        Self {
            rounds: if bench.is_quick { 1 } else { ROUNDS },
            time: Playtime {
                warm_up: Duration::from_millis(500),
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

    fn play(
        &self,
        bench: &Bench,
        relays: &Servers,
        results: &Results,
        pace: &Pace,
        round: Option<usize>,
    ) -> Result<Played, Failure> {
        if self.client.is_missing() {
            return Err(Failure::Missing);
        }
        let relay = relays.get(self.relay)?;
        let play = || {
            let record = round
                .filter(|_| self.client.writes_record())
                .map(|round| results.record_path(self, round))
                .transpose()?;
            let command = self
                .client
                .command(relay, self.pairs, pace.time, record.as_deref());
            let mut client = Process::start(bench, "client", &bench.cores.load, command)?;
            let limit = pace.time.warm_up + pace.time.measured + CLIENT_LONGEST_OVERTIME;
            client.wait(bench, limit)?;
            self.client.read(&client.stdout()?)
        };
        play().map_err(|error: anyhow::Error| Failure::Failed(format!("{error:#}")))
    }
}
