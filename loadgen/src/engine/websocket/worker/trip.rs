//! Messages to and fro.

use super::{EndPhase, Phase, Worker};
use crate::engine::fast::driver::Driver;
use crate::engine::websocket::failed::Failed;
use crate::engine::websocket::pair::{FIRST, Next};
use crate::outcome::Cause;
use crate::recorder::Timing;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Begins a round trip on each lane that can.
    pub(super) fn begin_ready(&mut self) {
        for _ in 0..self.ready.len() {
            if let Some(lane) = self.ready.pop_front() {
                self.begin(lane, self.job.clock.now_ns());
            }
        }
    }

    fn begin(&mut self, lane: usize, now_ns: u64) {
        self.look_at_time(now_ns);
        if self.job.control.is_interrupted() || !self.job.budget.take(now_ns) {
            return self.retire(lane);
        }
        let is_open = self.is_open(lane);
        let failed = self.lanes[lane].failed.take();
        self.job.ledger.issued(is_open || failed.is_some());
        self.lanes[lane].timing = Some(Timing::starting(now_ns, 0));
        if let Some(failed) = failed {
            self.fail(lane, failed, now_ns);
        } else if is_open {
            self.begin_trip(lane);
        } else if let Err(cause) = self.open(lane, now_ns) {
            self.fail(lane, cause.into(), self.job.clock.now_ns());
        }
    }

    /// The first client of a lane sends its message.
    pub(super) fn begin_trip(&mut self, lane: usize) {
        self.lanes[lane].phase = Phase::Trip;
        let client = self.lanes[lane].pair.begin();
        self.send(lane, client);
    }

    /// Client `client` of a lane sends the message that is the pair's now.
    fn send(&mut self, lane: usize, client: usize) {
        let slot = lane * self.clients + client;
        if let Some(end) = &mut self.ends[slot] {
            let (kind, bytes) = self.lanes[lane].pair.message();
            end.endpoint.send(kind, bytes);
            self.due.push(slot);
        }
    }

    /// Sends what is to be sent.
    pub(super) fn send_due(&mut self) {
        let mut due = std::mem::take(&mut self.due);
        for slot in due.drain(..) {
            // It may be due twice, or have been closed since.
            let end = self.ends[slot].as_ref();
            if end.is_some_and(|end| end.endpoint.has_outgoing())
                && let Err(cause) = self.flush(slot)
            {
                let (lane, _) = self.place(slot);
                self.fail(lane, cause.into(), self.job.clock.now_ns());
            }
        }
        // Its memory is kept, unless something has failed meanwhile and was begun anew.
        if self.due.is_empty() {
            self.due = due;
        }
    }

    /// Acts on the messages that have come on a connection.
    pub(super) fn heard(&mut self, slot: usize, now_ns: u64) -> Result<(), Failed> {
        let (lane, client) = self.place(slot);
        loop {
            let Some(end) = &mut self.ends[slot] else {
                return Ok(());
            };
            let next = end.endpoint.next();
            self.job.ledger.traffic(end.endpoint.take_traffic());
            if end.phase != EndPhase::Open {
                self.note_opening(slot, now_ns);
            }
            let Some(message) = next? else {
                break;
            };
            match self.lanes[lane].pair.hear(client, &message)? {
                Next::Send(client) => self.send(lane, client),
                Next::Done => self.succeed(lane, now_ns),
            }
        }
        // What the protocol answers by itself, and what TLS does.
        let end = self.ends[slot].as_ref();
        if end.is_some_and(|end| end.endpoint.has_outgoing()) {
            self.due.push(slot);
        }
        Ok(())
    }

    /// The round trip of a lane is done.
    fn succeed(&mut self, lane: usize, now_ns: u64) {
        if let Some(mut timing) = self.lanes[lane].timing.take() {
            timing.ended_ns = now_ns;
            self.job.ledger.succeeded(&timing);
        }
        self.lanes[lane].phase = Phase::Idle;
        self.ready.push_back(lane);
    }

    /// The cause of a round trip whose time is up.
    pub(super) fn late(&self, lane: usize) -> Cause {
        let slots = self.slots(lane);
        if slots.clone().any(|slot| self.driver.unsent_bytes(slot) > 0) {
            return Cause::WriteTimeout;
        }
        let awaits = self.lanes[lane].pair.awaits().unwrap_or(FIRST);
        let end = self.ends[slots.start + awaits].as_ref();
        end.map_or(Cause::ReadTimeout, |end| self.line.late(&end.endpoint))
    }
}
