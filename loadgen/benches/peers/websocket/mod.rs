//! WebSocket ping-pong: our relays and clients beside those on Node and Python, and beside bare
//! relays, which pass on bytes of TCP. A round trip is a message from client 1 through the relay
//! to client 2, and from there back.
//!
//! - [`client`]: who plays; [`library`]: what others play with;
//! - [`lineup`]: who plays through whose relay, and what is to come of it;
//! - [`turn`]: a run beside the bare relay's;
//! - [`results`]: the directory with the records and the summary; [`table`]: what is in that.

mod client;
mod library;
mod lineup;
mod results;
mod table;
mod turn;

pub(crate) use library::Library;

use std::time::Duration;

use loadgen::statistics::rounds_for;

use crate::Bench;
use crate::matrix::Servers;
use crate::process::Process;
use crate::rounds::{Failure, Measured, by_turns};
use crate::scenario::Report;
use crate::server::{Running, Server};

use client::{Client, Playtime, Waiting};
use results::Results;
use turn::Turn;

/// What a comparison of two cells' records asks: whose rate is higher, and whose cost.
const QUESTIONS: usize = 2;

/// Beyond its time a client may take so long to connect and to end.
const CLIENT_LONGEST_OVERTIME: Duration = Duration::from_secs(20);

/// One client through one relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    relay: Server,
    client: Client,
    pairs: usize,
}

type Cells = Vec<Measured<Cell, Turn>>;

/// What a number of pairs is measured with: rounds that count, and how long each run is.
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
            rounds: rounds(bench, 2),
            time: Playtime {
                warm_up: Duration::from_millis(100),
                measured: Duration::from_millis(if bench.is_quick { 300 } else { 500 }),
            },
        }
    }

    /// To connect takes others a second or two.
    fn many(bench: &Bench) -> Self {
        Self {
            rounds: rounds(bench, 1),
            time: Playtime {
                warm_up: Duration::from_millis(300),
                measured: Duration::from_millis(if bench.is_quick { 500 } else { 700 }),
            },
        }
    }
}

/// As many as can decide, or where to look is enough, so many.
fn rounds(bench: &Bench, quick: usize) -> usize {
    match bench.is_quick {
        true => quick,
        false => rounds_for(QUESTIONS),
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

    /// Plays beside the bare relay, unless it is that. Without a round nothing is kept.
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
        let play = |cell: &Self, name: &str| {
            let printed = cell.play(bench, relays.get(cell.relay)?, pace.time);
            let played = printed.and_then(|printed| {
                if let Some(round) = round {
                    results.keep(name, round, &printed)?;
                }
                cell.client.read(&printed)
            });
            played.map_err(|error| Failure::Failed(format!("{error:#}")))
        };
        let name = self.label();
        let bare = match bare == *self {
            true => None,
            false => Some(play(&bare, &format!("{name}.bare"))?),
        };
        let played = play(self, &name)?;
        Ok(Turn { played, bare })
    }

    /// What the client prints in the end.
    fn play(&self, bench: &Bench, relay: &Running, time: Playtime) -> anyhow::Result<String> {
        let command = self.client.command(relay, self.pairs, time);
        let mut client = Process::start(bench, "client", &bench.cores.load, command)?;
        let limit = time.warm_up + time.measured + CLIENT_LONGEST_OVERTIME;
        client.wait(bench, limit)?;
        client.stdout()
    }
}
