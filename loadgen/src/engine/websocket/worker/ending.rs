//! How round trips and connections end, and what follows.

use std::borrow::Cow;
use std::io;

use super::{End, Phase, Worker};
use crate::engine::fast::driver::Driver;
use crate::engine::ledger::Report;
use crate::engine::websocket::failed::Failed;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// A connection has failed.
    pub(super) fn lose(&mut self, slot: usize, error: &io::Error, now_ns: u64) {
        let cause = self.cause(slot, error);
        let Err(cause) = self.connect_elsewhere(slot, cause, now_ns) else {
            return;
        };
        self.fail(self.place(slot).0, cause.into(), now_ns);
    }

    /// Acts on what was heard, and on the connection's end if that was heard too.
    pub(super) fn settle(
        &mut self,
        slot: usize,
        heard: Result<(), Failed>,
        ended: bool,
        now_ns: u64,
    ) {
        let Some(end) = &self.ends[slot] else {
            return;
        };
        self.job.ledger.closed_by_peer(u64::from(ended));
        let failed = match heard {
            Err(failed) => failed,
            Ok(()) if ended => end.endpoint.end(),
            Ok(()) => return,
        };
        // The server is told, if it listens.
        let _ = self.flush(slot);
        self.fail(self.place(slot).0, failed, now_ns);
    }

    /// Ends what is under way on a lane, and closes its connections. Between two round trips it is
    /// the next that has failed.
    pub(super) fn fail(&mut self, lane: usize, failed: Failed, now_ns: u64) {
        for slot in self.slots(lane) {
            self.note_unsent(slot);
            if let Some(end) = self.ends[slot].take() {
                close(&mut self.driver, slot, end);
            }
        }
        let state = &mut self.lanes[lane];
        state.pair.give_up();
        let Some(mut timing) = state.timing.take() else {
            if state.phase == Phase::Idle {
                state.failed.get_or_insert(failed);
            }
            return;
        };
        timing.ended_ns = now_ns;
        let ledger = &mut self.job.ledger;
        failed.note(ledger);
        ledger.failed(failed.cause, &timing);
        let is_measuring = ledger.is_measuring();
        let was_opening = state.phase == Phase::Opening;
        if was_opening && !self.job.budget.failures_end_the_run(is_measuring) {
            state.phase = Phase::HeldBack;
        } else {
            state.phase = Phase::Idle;
            self.ready.push_back(lane);
        }
    }

    /// Takes back what was to be sent on a connection, and will not be.
    fn note_unsent(&mut self, slot: usize) {
        if let Some(end) = &self.ends[slot] {
            let unsent_bytes = self.driver.unsent_bytes(slot);
            let unsent_bytes = end.endpoint.messages_in(unsent_bytes);
            self.job.ledger.unsent_bytes(unsent_bytes);
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
            self.fail(self.place(slot).0, cause.into(), now_ns);
        }
    }

    /// Cancels what is still under way, and hands over the counts.
    pub(super) fn report(mut self) -> Report {
        let ended_ns = self.job.ended_ns();
        for lane in &mut self.lanes {
            if let Some(mut timing) = lane.timing.take() {
                timing.ended_ns = ended_ns;
                self.job.ledger.cancelled(&timing);
            }
        }
        for slot in 0..self.ends.len() {
            self.note_unsent(slot);
        }
        let report = self.job.ledger.report(ended_ns);
        self.job.rest.until_noted();
        for (slot, end) in self.ends.into_iter().enumerate() {
            if let Some(end) = end {
                close(&mut self.driver, slot, end);
            }
        }
        report
    }
}

/// Tells the server that the connection will be closed, and closes it. What does not leave at once
/// does not leave.
fn close<'a>(driver: &mut impl Driver<'a>, slot: usize, mut end: End) {
    end.endpoint.close();
    let _ = driver.send(slot, Cow::Owned(end.endpoint.farewell()));
    driver.close(slot);
}
