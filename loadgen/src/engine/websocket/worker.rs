//! A readiness loop over many pairs.
//!
//! - `opening`: a pair's connections until messages can be sent on them;
//! - `trip`: messages to and fro;
//! - `ending`: how round trips and connections end, and what follows;
//! - `ticking`: what no event tells of.

mod ending;
mod opening;
mod ticking;
mod trip;

use std::collections::VecDeque;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::failed::Failed;
use super::line::Line;
use super::pair::Pair;
use crate::engine::crew::Job;
use crate::engine::failure;
use crate::engine::fast::driver::{Driver, Event, Then};
use crate::engine::ledger::Report;
use crate::engine::ticks::Ticks;
use crate::recorder::Timing;

pub(super) struct Worker<'a, D> {
    job: Job<'a>,
    driver: D,
    line: Line<'a>,
    lanes: Vec<Lane>,
    /// Those of the first lane, of the second and so on: their numbers are the driver's slots.
    ends: Vec<Option<End>>,
    /// Clients of a pair.
    clients: usize,
    /// Lanes that can begin a round trip, each once.
    ready: VecDeque<usize>,
    /// Slots on which something is to be sent. Not each as soon as it is known, but when all that
    /// has arrived is read: no message then waits to be read, its time going on, while others are
    /// written.
    due: Vec<usize>,
    /// Lanes that are not done.
    active: usize,
    ticks: Ticks,
}

/// A pair and how far it has come.
struct Lane {
    pair: Pair,
    /// Its number among all pairs of the run.
    index: usize,
    phase: Phase,
    /// Of the round trip under way.
    timing: Option<Timing>,
    /// What went wrong since the last round trip ended: the next, which was to go over the same
    /// connections, fails for it.
    failed: Option<Failed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is there, or all that is needed, until the next round trip begins.
    Idle,
    /// A connection failed at once; nothing until the next tick.
    HeldBack,
    /// Its connections are being opened.
    Opening,
    /// A round trip is under way.
    Trip,
    /// Nothing will follow.
    Done,
}

/// A client's end of a connection.
struct End {
    endpoint: Endpoint,
    phase: EndPhase,
    began_ns: u64,
    /// When its destination was tried.
    attempted_ns: u64,
    connected_ns: u64,
    destination: usize,
    /// How many destinations were tried.
    attempts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndPhase {
    Connecting,
    Securing,
    Upgrading,
    Open,
}

impl EndPhase {
    /// As errors of the system are judged by it.
    fn of_request(self) -> failure::Phase {
        match self {
            Self::Connecting => failure::Phase::Connecting,
            Self::Securing => failure::Phase::Securing,
            Self::Upgrading | Self::Open => failure::Phase::Receiving,
        }
    }
}

impl<'a, D: Driver<'a>> Worker<'a, D> {
    pub(super) fn new(job: Job<'a>, driver: D, line: Line<'a>) -> Self {
        let load = &job.plan.load;
        let (first, pairs) = (
            load.connections_up_to(job.index),
            load.connections_of(job.index),
        );
        let lane = |local| Lane {
            pair: Pair::new(first + local, &line.shape),
            index: first + local,
            phase: Phase::Idle,
            timing: None,
            failed: None,
        };
        let clients = line.shape.clients_of_pair();
        Self {
            lanes: (0..pairs).map(lane).collect(),
            ends: (0..pairs * clients).map(|_| None).collect(),
            clients,
            ready: (0..pairs).collect(),
            due: Vec::new(),
            active: pairs,
            ticks: Ticks::of(job.plan),
            line,
            driver,
            job,
        }
    }

    pub(super) fn run(mut self) -> Report {
        loop {
            let now_ns = self.job.clock.now_ns();
            if self.is_over(now_ns) {
                break;
            }
            self.begin_ready();
            self.send_due();
            if self.active == 0 {
                break;
            }
            let wait = match self.ready.is_empty() && self.due.is_empty() {
                true => self.ticks.until_next(&self.job, now_ns),
                false => Duration::ZERO,
            };
            if let Err(error) = self.driver.wait(wait, None) {
                // Only a defect of ours makes waiting impossible; end everything as failed.
                self.fail_all(&error);
                break;
            }
            if self.handle_events() {
                break;
            }
        }
        self.report()
    }

    /// Acts on everything that has happened. True if the run is over.
    fn handle_events(&mut self) -> bool {
        loop {
            let Some((slot, event)) = self.driver.next() else {
                return false;
            };
            let now_ns = self.job.clock.now_ns();
            match event {
                Event::Progress(progress) => self.advance(slot, progress),
                Event::Received { bytes, then } => {
                    let heard = match &mut self.ends[slot] {
                        Some(end) => end.endpoint.hear(bytes),
                        None => continue,
                    };
                    let heard = heard.and_then(|()| self.heard(slot, now_ns));
                    // With Then::Failed the error that follows is the cause.
                    let ended = then == Then::Ended || self.has_ended(slot);
                    self.settle(slot, heard, ended, now_ns);
                }
                Event::Ended => self.settle(slot, Ok(()), true, now_ns),
                Event::Failed(error) => self.lose(slot, &error, now_ns),
            }
            if self.is_over(now_ns) {
                return true;
            }
        }
    }

    fn has_ended(&self, slot: usize) -> bool {
        let end = self.ends[slot].as_ref();
        end.is_some_and(|end| end.endpoint.has_ended())
    }

    /// The lane that a slot belongs to, and which of its clients it is.
    fn place(&self, slot: usize) -> (usize, usize) {
        (slot / self.clients, slot % self.clients)
    }

    /// The slots of a lane.
    fn slots(&self, lane: usize) -> std::ops::Range<usize> {
        lane * self.clients..(lane + 1) * self.clients
    }
}
