//! A pair's connections until messages can be sent on them.

use std::borrow::Cow;
use std::io;

use super::{End, EndPhase, Phase, Worker};
use crate::engine::failure;
use crate::engine::fast::driver::{Driver, Progress};
use crate::engine::websocket::line::Line;
use crate::outcome::Cause;

impl End {
    /// Whether it is not open yet, and there is a destination left that was not tried.
    pub(super) fn can_be_elsewhere(&self, line: &Line<'_>) -> bool {
        self.phase == EndPhase::Connecting && self.attempts < line.destinations()
    }
}

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Opens the connections of a lane.
    pub(super) fn open(&mut self, lane: usize, now_ns: u64) -> Result<(), Cause> {
        self.lanes[lane].phase = Phase::Opening;
        let _turn = self.line.turn();
        self.slots(lane).try_for_each(|slot| {
            self.ends[slot] = Some(End {
                endpoint: self.line.endpoint(self.lanes[lane].index)?,
                phase: EndPhase::Connecting,
                began_ns: now_ns,
                attempted_ns: now_ns,
                connected_ns: now_ns,
                destination: self.line.destination(),
                attempts: 1,
            });
            let connected = self.connect(slot);
            connected.or_else(|cause| self.connect_elsewhere(slot, cause, now_ns))
        })
    }

    /// Tries the destination of a slot's end.
    fn connect(&mut self, slot: usize) -> Result<(), Cause> {
        let Some(end) = &self.ends[slot] else {
            return Ok(());
        };
        let hop = self.line.hop(end.destination)?;
        let connected = self.driver.connect(slot, hop);
        connected.map_err(|error| failure::cause(failure::Phase::Connecting, &error))?;
        // On a quick network it is open by now.
        self.flush(slot)
    }

    /// Tries the name's next destinations, after one that failed for `cause`.
    pub(super) fn connect_elsewhere(
        &mut self,
        slot: usize,
        cause: Cause,
        now_ns: u64,
    ) -> Result<(), Cause> {
        let mut connected = Err(cause);
        while connected.is_err()
            && let Some(end) = &mut self.ends[slot]
            && end.can_be_elsewhere(&self.line)
        {
            end.attempts += 1;
            end.attempted_ns = now_ns;
            end.destination = (end.destination + 1) % self.line.destinations();
            end.endpoint = self.line.endpoint(self.lanes[slot / self.clients].index)?;
            self.driver.close(slot);
            connected = self.connect(slot);
        }
        connected
    }

    /// Hands what a connection is to send to the driver; nothing at first, so that it listens.
    pub(super) fn flush(&mut self, slot: usize) -> Result<(), Cause> {
        let Some(end) = &mut self.ends[slot] else {
            return Ok(());
        };
        let bytes = end.endpoint.take_outgoing();
        self.job.ledger.traffic(end.endpoint.take_traffic());
        let sent = self.driver.send(slot, Cow::Owned(bytes));
        let progress = sent.map_err(|error| self.cause(slot, &error))?;
        self.advance(slot, progress);
        Ok(())
    }

    /// What is to be sent on a connection has come further.
    #[inline]
    pub(super) fn advance(&mut self, slot: usize, progress: Progress) {
        let is_connecting = self.ends[slot]
            .as_ref()
            .is_some_and(|end| end.phase == EndPhase::Connecting);
        if is_connecting && progress != Progress::Connecting {
            self.note_opening(slot, self.job.clock.now_ns());
        }
    }

    /// A connection is there; it can be secured, or the upgrade is on its way.
    fn note_connected(&mut self, slot: usize, now_ns: u64) {
        let Some(end) = &mut self.ends[slot] else {
            return;
        };
        if end.phase != EndPhase::Connecting {
            return;
        }
        self.line.reached(end.destination);
        end.connected_ns = now_ns;
        end.phase = match (end.endpoint.is_plain(), end.endpoint.is_open()) {
            (true, true) => EndPhase::Open,
            (true, false) => EndPhase::Upgrading,
            (false, _) => EndPhase::Securing,
        };
        self.job.ledger.connected(now_ns - end.began_ns);
    }

    /// A connection that was not open may have come further.
    pub(super) fn note_opening(&mut self, slot: usize, now_ns: u64) {
        self.note_connected(slot, now_ns);
        let Some(end) = &mut self.ends[slot] else {
            return;
        };
        let securing_ns = (end.phase == EndPhase::Securing).then(|| now_ns - end.connected_ns);
        let ledger = &mut self.job.ledger;
        if self
            .line
            .note_opening(&mut end.endpoint, securing_ns, ledger)
        {
            end.phase = EndPhase::Upgrading;
        }
        if end.phase == EndPhase::Upgrading && end.endpoint.is_open() {
            end.phase = EndPhase::Open;
        }
        if end.phase == EndPhase::Open {
            self.begin_if_open(slot / self.clients, now_ns);
        }
    }

    /// Whether messages can be sent on the connections of a lane.
    pub(super) fn is_open(&self, lane: usize) -> bool {
        let mut ends = self.ends[self.slots(lane)].iter();
        ends.all(|end| {
            let end = end.as_ref();
            end.is_some_and(|end| end.phase == EndPhase::Open)
        })
    }

    /// Once all connections of a lane are there, the round trip for which they were opened begins:
    /// its time is that of its messages.
    fn begin_if_open(&mut self, lane: usize, now_ns: u64) {
        if self.lanes[lane].phase != Phase::Opening || !self.is_open(lane) {
            return;
        }
        if let Some(timing) = &mut self.lanes[lane].timing {
            timing.intended_ns = now_ns;
            timing.started_ns = now_ns;
            timing.connected_ns = now_ns;
        }
        self.begin_trip(lane);
    }

    /// What an error of a connection means for the round trip.
    pub(super) fn cause(&mut self, slot: usize, error: &io::Error) -> Cause {
        if self.driver.is_connected(slot) {
            // Whoever took a byte was there.
            self.note_connected(slot, self.job.clock.now_ns());
        }
        let end = self.ends[slot].as_ref();
        let phase = end.map_or(EndPhase::Connecting, |end| end.phase);
        failure::cause(phase.of_request(), error)
    }
}
