//! A worker: when a request begins, how it ends, and what comes next.
//!
//! - `beginning`: on which connection requests begin, and their first bytes;
//! - `open_loop`: requests that begin when their time has come;
//! - `connecting`, `securing`: a connection until requests can be sent on it;
//! - `ending`: requests and connections, and what follows them;
//! - `ticking`: what no event tells of; `crowding`: what somebody has asked for meanwhile.

mod beginning;
mod connecting;
mod crowding;
mod ending;
mod open_loop;
mod securing;
mod ticking;

use std::collections::VecDeque;
use std::time::Duration;

use crowding::Attendance;

use super::driver::{Driver, Event, Then};
use super::requests::Requests;
use super::slot::Slot;
use super::transport::{Setup, Transport};
use crate::engine::arrivals::Arrivals;
use crate::engine::crew::Job;
use crate::engine::ledger::Report;
use crate::engine::ticks::Ticks;
use crate::engine::turns::Turns;
use crate::http1::Question;
use crate::plan::Plan;

/// How long before a start a worker that spins stops sleeping: what waking up takes at worst on a
/// machine that is not crowded.
const SPIN_LONGEST: Duration = Duration::from_micros(100);

pub(super) struct Worker<'a, D> {
    job: Job<'a>,
    driver: D,
    requests: &'a Requests,
    turns: Turns,
    /// When requests are to begin, in open loop.
    arrivals: Option<Arrivals>,
    /// How long before each of them it stays awake.
    spin: Duration,
    /// When there was a free connection again after there had been none.
    free_since_ns: u64,
    slots: Vec<Slot>,
    /// For each slot, what lies between its connection and HTTP.
    transports: Vec<Transport>,
    setup: Setup<'a>,
    /// Slots that can take another request, each once.
    ready: VecDeque<usize>,
    /// In open loop, slots that were seen to have room beside the requests under way on them.
    roomy: VecDeque<usize>,
    /// Slots that are not done.
    active: usize,
    /// Which of them are used.
    attendance: Attendance,
    ticks: Ticks,
    /// Whether the server is left to close connections first. One that once did not is not.
    server_closes: bool,
    /// The destination that could be reached last.
    destination: usize,
    /// How many connections were begun, and those of the workers before this one as well: they take
    /// local addresses in turn.
    connections: usize,
}

impl<'a, D: Driver<'a>> Worker<'a, D> {
    pub(super) fn new(job: Job<'a>, driver: D, requests: &'a Requests) -> Self {
        let plan = job.plan;
        let slots = plan.load.connections_of(job.index);
        let used = match job.control.crowd() {
            None => slots,
            Some(_) => 0,
        };
        Self {
            ticks: Ticks::of(plan),
            active: slots,
            slots: (0..slots).map(|slot| Slot::of(slot < used)).collect(),
            attendance: Attendance::of(used),
            transports: (0..slots).map(|_| Transport::default()).collect(),
            setup: Setup::of(plan),
            ready: (0..used).collect(),
            roomy: VecDeque::new(),
            server_closes: true,
            destination: 0,
            connections: plan.load.connections_up_to(job.index),
            turns: Turns::of_worker(plan, job.index),
            arrivals: match job.control.crowd() {
                None => Arrivals::of_worker(plan, job.index),
                Some(_) => Arrivals::of_crowd(plan),
            },
            spin: match plan.load.schedule() {
                Some(schedule) if schedule.spin => SPIN_LONGEST,
                _ => Duration::ZERO,
            },
            free_since_ns: 0,
            requests,
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
            if self.active == 0 {
                break;
            }
            let start = self.next_start();
            let wait = self.ticks.until_next(&self.job, now_ns);
            if let Err(error) = self.driver.wait(wait, start) {
                // Only a defect of ours makes waiting impossible; end every request as failed.
                self.fail_all(&error);
                break;
            }
            if self.handle_events() {
                break;
            }
        }
        self.report()
    }

    /// Acts on everything that has happened. True if the run is over: one connection whose bytes
    /// never end must not keep the others from their time limits.
    fn handle_events(&mut self) -> bool {
        let question = question(self.job.plan);
        loop {
            let Some((slot, event)) = self.driver.next() else {
                return false;
            };
            let now_ns = self.job.clock.now_ns();
            let state = &mut self.slots[slot];
            let transport = &mut self.transports[slot];
            let ledger = &mut self.job.ledger;
            match event {
                Event::Progress(progress) => self.advance(slot, progress, now_ns, now_ns),
                Event::Received { bytes, then } => {
                    let heard = state.hear(transport, question, bytes, then, now_ns, ledger);
                    let heard = self.reply(slot, heard);
                    let ended = then == Then::Ended || self.is_left(slot);
                    self.settle(slot, heard, ended, now_ns);
                }
                Event::Ended => {
                    let heard = state.hear_end(transport, question, now_ns, ledger);
                    self.settle(slot, heard, true, now_ns);
                }
                Event::Failed(error) => self.break_off(slot, &error, now_ns),
            }
            if self.is_over(now_ns) {
                return true;
            }
        }
    }
}

fn question(plan: &Plan) -> Question<'_> {
    Question {
        is_head: plan.scenario.method.is_head(),
        expected_body: plan.expect.body.as_deref(),
    }
}
