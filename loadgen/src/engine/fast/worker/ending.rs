//! How requests and connections end, and what follows.

use std::io;

use super::Worker;
use super::securing::say_farewell;
use crate::engine::fast::driver::Driver;
use crate::engine::fast::slot::{Heard, Phase};
use crate::engine::ledger::Report;
use crate::outcome::Cause;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Acts on what was heard, and on the connection's end if that was heard too.
    pub(super) fn settle(&mut self, slot: usize, heard: Heard, ended: bool, now_ns: u64) {
        if ended {
            self.job.ledger.closed_by_peer(1);
        }
        match heard {
            Heard::Nothing => {}
            Heard::Answer if self.job.plan.scenario.keep_alive => {
                match self.slots[slot].is_under_way() && self.arrivals.is_some() {
                    true => self.offer_room(slot),
                    false => self.make_ready(slot),
                }
            }
            Heard::Answer | Heard::Last => {
                self.fail(slot, Cause::ClosedBeforeResponse, now_ns);
                let is_unasked = matches!(self.slots[slot].phase, Phase::Idle | Phase::Done);
                if ended || is_unasked || !self.server_closes {
                    self.go_on(slot);
                } else {
                    self.slots[slot].phase = Phase::Closing;
                }
            }
            Heard::Broken(cause) => {
                self.fail(slot, cause, now_ns);
                self.go_on(slot);
            }
        }
    }

    /// The connection has failed; a request that had its answer by then has not.
    pub(super) fn break_off(&mut self, slot: usize, error: &io::Error, now_ns: u64) {
        let is_connecting = self.slots[slot].phase == Phase::Connecting;
        let cause = self.cause(slot, error);
        let Err(cause) = self.attempt_others(slot, cause, now_ns) else {
            return;
        };
        self.fail(slot, cause, now_ns);
        if is_connecting && !self.failures_end_the_run() {
            self.hold_back(slot);
        } else {
            self.go_on(slot);
        }
    }

    /// Ends what is under way on the slot: the request that is being answered with `cause`, those
    /// behind it as far as that concerns them.
    pub(super) fn fail(&mut self, slot: usize, cause: Cause, now_ns: u64) {
        let mut cause = cause;
        while self.slots[slot].is_under_way() {
            let flight = self.slots[slot].land(now_ns);
            self.job.ledger.failed(cause, &flight);
            cause = cause.of_those_behind();
        }
    }

    /// On to the next request, on another connection.
    pub(super) fn go_on(&mut self, slot: usize) {
        self.close(slot);
        self.make_ready(slot);
    }

    /// The slot can take its next requests, once all that has happened is worked off.
    pub(super) fn make_ready(&mut self, slot: usize) {
        if self.slots[slot].is_ready {
            return;
        }
        if self.arrivals.is_some() && self.ready.is_empty() && self.roomy.is_empty() {
            self.have_free_connection();
        }
        let state = &mut self.slots[slot];
        state.is_ready = true;
        if !state.is_under_way() {
            state.phase = Phase::Idle;
        }
        self.ready.push_back(slot);
    }

    /// Leaves the slot empty until the next tick.
    pub(super) fn hold_back(&mut self, slot: usize) {
        self.close(slot);
        self.slots[slot].phase = Phase::HeldBack;
    }

    pub(super) fn close(&mut self, slot: usize) {
        self.note_unsent(slot);
        self.say_farewell(slot);
        self.slots[slot].is_open = false;
        self.driver.close(slot);
    }

    /// Takes back what was to be sent on the slot's connection, which is about to be closed.
    fn note_unsent(&mut self, slot: usize) {
        let unsent_bytes = self.driver.unsent_bytes(slot);
        let unsent_bytes = self.transports[slot].requests_in(unsent_bytes);
        self.job.ledger.unsent_bytes(unsent_bytes);
    }

    pub(super) fn fail_all(&mut self, error: &io::Error) {
        let now_ns = self.job.clock.now_ns();
        for slot in 0..self.slots.len() {
            let cause = self.cause(slot, error);
            self.fail(slot, cause, now_ns);
        }
    }

    /// Cancels what is still under way, and hands over the counts.
    pub(super) fn report(mut self) -> Report {
        let ended_ns = self
            .job
            .ended_ns()
            .max(self.attendance.left_ns.unwrap_or_default());
        for slot in 0..self.slots.len() {
            while self.slots[slot].is_under_way() {
                let flight = self.slots[slot].land(ended_ns);
                self.job.ledger.cancelled(&flight);
            }
            self.note_unsent(slot);
        }
        if let Some(arrivals) = &mut self.arrivals {
            let unsent = arrivals.waiting(ended_ns);
            self.job.ledger.unsent(unsent);
        }
        let Self {
            job,
            mut driver,
            transports,
            ..
        } = self;
        let report = job.ledger.report(ended_ns);
        job.rest.until_noted();
        for (slot, transport) in transports.into_iter().enumerate() {
            say_farewell(&mut driver, slot, transport);
            driver.close(slot);
        }
        report
    }
}
