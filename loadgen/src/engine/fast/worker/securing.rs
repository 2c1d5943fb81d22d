//! What a worker does between opening a connection and sending requests on it: securing it.

use std::borrow::Cow;

use super::Worker;
use crate::engine::fast::driver::{Driver, Progress};
use crate::engine::fast::slot::{Heard, Phase};
use crate::engine::fast::transport::Transport;
use crate::outcome::Cause;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Sends what the slot's new connection begins with: its requests, or a handshake.
    pub(super) fn send_opening(&mut self, slot: usize) -> Result<Progress, Cause> {
        let transport = self.setup.transport().map_err(|_| Cause::TlsHandshake)?;
        self.transports[slot] = transport;
        match self.transports[slot].outgoing() {
            None => self.send_requests(slot, self.slots[slot].flights.len()),
            Some(bytes) => self.send_bytes(slot, Cow::Owned(bytes)),
        }
    }

    /// Sends what `heard` calls for on a connection that goes on. What is to become of it then.
    #[inline]
    pub(super) fn reply(&mut self, slot: usize, heard: Heard) -> Heard {
        match (&self.transports[slot], heard) {
            (Transport::Plain, _) | (_, Heard::Last | Heard::Broken(_)) => heard,
            (Transport::Tls(_), Heard::Nothing | Heard::Answer) => match self.reply_in_tls(slot) {
                Ok(()) => heard,
                Err(cause) => Heard::Broken(cause),
            },
        }
    }

    fn reply_in_tls(&mut self, slot: usize) -> Result<(), Cause> {
        if self.slots[slot].phase == Phase::Securing && self.note_secured(slot) {
            // In one write with the end of the handshake.
            let progress = self.send_requests(slot, self.slots[slot].flights.len())?;
            let now_ns = self.job.clock.now_ns();
            self.advance(slot, progress, now_ns, now_ns);
        } else if let Some(bytes) = self.transports[slot].outgoing() {
            self.send_bytes(slot, Cow::Owned(bytes))?;
        }
        Ok(())
    }

    /// Whether the slot's connection is secured now; its requests can be sent then.
    fn note_secured(&mut self, slot: usize) -> bool {
        let Transport::Tls(tls) = &self.transports[slot] else {
            return false;
        };
        if !tls.is_secured() {
            return false;
        }
        // What was heard is read by now, which takes most of a handshake's time.
        let now_ns = self.job.clock.now_ns();
        let state = &mut self.slots[slot];
        let ledger = &mut self.job.ledger;
        if let Some(oldest) = state.flights.front() {
            ledger.secured(now_ns - oldest.timing.connected_ns, tls.is_resumed());
        }
        ledger.first_tls(|| self.setup.agreed(tls));
        for flight in &mut state.flights {
            flight.timing.connected_ns = now_ns;
        }
        state.phase = Phase::Sending;
        state.is_open = true;
        self.offer_room(slot);
        true
    }

    /// Whether the server has announced its end on a connection on which nothing is asked of it.
    pub(super) fn is_left(&self, slot: usize) -> bool {
        self.slots[slot].phase == Phase::Idle && self.transports[slot].has_ended()
    }

    /// Tells the server that the slot's connection will be closed, as far as it should know.
    pub(super) fn say_farewell(&mut self, slot: usize) {
        let transport = std::mem::take(&mut self.transports[slot]);
        if let Some(bytes) = transport.farewell() {
            // What does not leave at once does not leave.
            let _ = self.driver.send(slot, Cow::Owned(bytes));
        }
    }
}
