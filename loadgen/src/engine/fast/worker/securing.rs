//! What a worker does between opening a connection and sending requests on it: having a proxy lead
//! to the server, and securing it.

use std::borrow::Cow;

use super::Worker;
use crate::engine::fast::driver::{Driver, Progress};
use crate::engine::fast::slot::{Heard, Phase};
use crate::engine::fast::transport::Transport;
use crate::outcome::Cause;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Sends what the slot's new connection begins with: its requests, a handshake, or what a proxy
    /// is asked.
    pub(super) fn send_opening(&mut self, slot: usize) -> Result<Progress, Cause> {
        let transport = self.setup.transport().map_err(|_| Cause::TlsHandshake)?;
        self.transports[slot] = transport;
        self.send_beginning(slot)
    }

    fn send_beginning(&mut self, slot: usize) -> Result<Progress, Cause> {
        match self.transports[slot].outgoing() {
            None => self.send_requests(slot, self.slots[slot].flights.len()),
            Some(bytes) => self.send_bytes(slot, Cow::Owned(bytes)),
        }
    }

    /// Sends what `heard` calls for on a connection that goes on. What is to become of it then.
    #[inline]
    pub(super) fn reply(&mut self, slot: usize, heard: Heard) -> Heard {
        let replied = match (&self.transports[slot], heard) {
            (Transport::Plain, _) | (_, Heard::Last | Heard::Broken(_)) => return heard,
            (Transport::Tunnel(tunnel), _) if !tunnel.is_open() => return heard,
            (Transport::Tunnel(_), _) => self.go_through(slot),
            (Transport::Tls(_), _) => self.reply_in_tls(slot),
        };
        replied.map_or_else(Heard::Broken, |()| heard)
    }

    /// Begins to speak with the server, to which a proxy has led.
    fn go_through(&mut self, slot: usize) -> Result<(), Cause> {
        let transport = self.setup.to_server().map_err(|_| Cause::TlsHandshake)?;
        self.transports[slot] = transport;
        self.note_connected(slot, self.job.clock.now_ns());
        let progress = self.send_beginning(slot)?;
        let now_ns = self.job.clock.now_ns();
        self.advance(slot, progress, now_ns, now_ns);
        Ok(())
    }

    /// The slot's connection leads to the server now; it can be secured, or take requests.
    pub(super) fn note_connected(&mut self, slot: usize, connected_ns: u64) {
        let state = &mut self.slots[slot];
        state.is_open = self.transports[slot].is_plain();
        state.phase = match state.is_open {
            true => Phase::Sending,
            false => Phase::Securing,
        };
        if let Some(oldest) = state.flights.front() {
            let took_ns = connected_ns - oldest.started_ns;
            self.job.ledger.connected(took_ns);
        }
        for flight in &mut state.flights {
            flight.connected_ns = connected_ns;
        }
        self.offer_room(slot);
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
            ledger.secured(now_ns - oldest.connected_ns, tls.is_resumed());
        }
        ledger.first_tls(|| self.setup.agreed(tls));
        for flight in &mut state.flights {
            flight.connected_ns = now_ns;
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
        say_farewell(&mut self.driver, slot, transport);
    }
}

/// The same for what is left of a worker.
pub(super) fn say_farewell<'a>(driver: &mut impl Driver<'a>, slot: usize, transport: Transport) {
    if let Some(bytes) = transport.farewell() {
        // What does not leave at once does not leave.
        let _ = driver.send(slot, Cow::Owned(bytes));
    }
}
