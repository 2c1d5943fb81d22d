//! How round trips and connections end, and what follows.

use std::borrow::Cow;
use std::io;

use super::{EndPhase, Phase, Worker};
use crate::engine::fast::driver::Driver;
use crate::engine::ledger::Report;
use crate::engine::websocket::failed::Failed;
use crate::outcome::Cause;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// A connection has failed.
    pub(super) fn lose(&mut self, slot: usize, error: &io::Error, now_ns: u64) {
        let cause = self.cause(slot, error);
        let Err(cause) = self.connect_elsewhere(slot, cause, now_ns) else {
            return;
        };
        self.fail(self.place(slot).0, cause, now_ns);
    }

    /// A server has ended a connection.
    pub(super) fn hear_end(&mut self, slot: usize, now_ns: u64) {
        let Some(end) = &self.ends[slot] else {
            return;
        };
        let failed = end.endpoint.end();
        self.job.ledger.closed_by_peer(1);
        self.break_off(slot, &failed, now_ns);
    }

    /// What came on a connection was wrong, or the end.
    pub(super) fn break_off(&mut self, slot: usize, failed: &Failed, now_ns: u64) {
        self.note_failed(slot, failed);
        // The server is told, if it listens.
        let _ = self.flush(slot);
        self.fail(self.place(slot).0, failed.cause, now_ns);
    }

    /// Ends what is under way on a lane, and closes its connections. One between two round trips
    /// just opens others.
    pub(super) fn fail(&mut self, lane: usize, cause: Cause, now_ns: u64) {
        let was_opening = self.lanes[lane].phase == Phase::Opening;
        if let Some(mut timing) = self.lanes[lane].timing.take() {
            timing.ended_ns = now_ns;
            self.job.ledger.failed(cause, &timing);
        }
        self.lanes[lane].pair.give_up();
        self.close(lane);
        let is_measuring = self.job.ledger.is_measuring();
        match self.lanes[lane].phase {
            Phase::Done | Phase::HeldBack => {}
            // It is among those that are ready.
            Phase::Idle => {}
            _ if was_opening && !self.job.budget.failures_end_the_run(is_measuring) => {
                self.lanes[lane].phase = Phase::HeldBack;
            }
            Phase::Opening | Phase::Trip => {
                self.lanes[lane].phase = Phase::Idle;
                self.ready.push_back(lane);
            }
        }
    }

    fn close(&mut self, lane: usize) {
        for slot in self.slots(lane) {
            if let Some(end) = self.ends[slot].take() {
                let unsent_bytes = self.driver.unsent_bytes(slot);
                let unsent_bytes = end.endpoint.messages_in(unsent_bytes);
                self.job.ledger.unsent_bytes(unsent_bytes);
                self.driver.close(slot);
            }
        }
    }

    /// There is no round trip left for a lane. Its connections stay until the machine's counters are
    /// read.
    pub(super) fn retire(&mut self, lane: usize) {
        self.lanes[lane].phase = Phase::Done;
        self.active -= 1;
    }

    pub(super) fn fail_all(&mut self, error: &io::Error) {
        let now_ns = self.job.clock.now_ns();
        for slot in 0..self.ends.len() {
            let cause = self.cause(slot, error);
            self.fail(self.place(slot).0, cause, now_ns);
        }
    }

    /// Cancels what is still under way, and hands over the counts.
    ///
    /// A run that was stopped ends now, one that made all its round trips with the last of them.
    pub(super) fn report(mut self) -> Report {
        let ended_ns = match self.active {
            0 => self.job.ledger.last_ended_ns(),
            _ => self.job.clock.now_ns(),
        };
        for lane in &mut self.lanes {
            if let Some(mut timing) = lane.timing.take() {
                timing.ended_ns = ended_ns;
                self.job.ledger.cancelled(&timing);
            }
        }
        let report = self.job.ledger.report(ended_ns);
        self.job.rest.until_noted();
        for (slot, end) in self.ends.into_iter().enumerate() {
            if let Some(mut end) = end {
                if end.phase == EndPhase::Open {
                    end.endpoint.close();
                }
                // What does not leave at once does not leave.
                let _ = self.driver.send(slot, Cow::Owned(end.endpoint.farewell()));
                self.driver.close(slot);
            }
        }
        report
    }
}
