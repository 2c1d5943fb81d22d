//! How a connection comes about, to one of the destinations that a name has.

use std::io;

use super::Worker;
use crate::engine::failure;
use crate::engine::fast::driver::{Driver, Progress};
use crate::engine::fast::slot::Phase;
use crate::engine::socket::Hop;
use crate::outcome::Cause;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Opens a connection for the slot's requests, to the destination that could be reached last,
    /// else to the next one.
    pub(super) fn connect(&mut self, slot: usize, now_ns: u64) -> Result<(), Cause> {
        self.slots[slot].connects(self.destination);
        let attempted = self.attempt(slot, now_ns);
        attempted.or_else(|cause| self.attempt_others(slot, cause, now_ns))
    }

    /// Tries the slot's destination, and the write at once: on a quick network it is open by then.
    fn attempt(&mut self, slot: usize, now_ns: u64) -> Result<(), Cause> {
        let route = &self.job.plan.target.route;
        let state = &mut self.slots[slot];
        let destination = route
            .destinations
            .get(state.destination)
            .ok_or(Cause::Dns)?;
        state.attempts += 1;
        state.attempted_ns = now_ns;
        let hop = Hop {
            destination,
            source: route.sources.in_turn(destination, self.connections),
            buffer_bytes: route.buffer_bytes,
        };
        self.connections += 1;
        let connected = self.driver.connect(slot, hop);
        connected.map_err(|error| self.cause(slot, &error))?;
        let connected_ns = self.job.clock.now_ns();
        let progress = self.send_opening(slot)?;
        self.advance(slot, progress, connected_ns, self.job.clock.now_ns());
        Ok(())
    }

    /// Tries those that were not tried yet, after one that failed for `cause`. The requests have
    /// not been written to any, so they are still the same.
    pub(super) fn attempt_others(
        &mut self,
        slot: usize,
        cause: Cause,
        now_ns: u64,
    ) -> Result<(), Cause> {
        let mut attempted = Err(cause);
        while attempted.is_err() && self.has_another_destination(slot) {
            self.close(slot);
            let state = &mut self.slots[slot];
            state.destination =
                (state.destination + 1) % self.job.plan.target.route.destinations.len();
            attempted = self.attempt(slot, now_ns);
        }
        attempted
    }

    /// Whether a connection that could not be opened can be tried elsewhere.
    pub(super) fn has_another_destination(&self, slot: usize) -> bool {
        let state = &self.slots[slot];
        let destinations = self.job.plan.target.route.destinations.len();
        state.phase == Phase::Connecting && state.is_under_way() && state.attempts < destinations
    }

    /// What an error of the slot's connection means for its requests.
    pub(super) fn cause(&mut self, slot: usize, error: &io::Error) -> Cause {
        if self.slots[slot].phase == Phase::Connecting && self.driver.is_connected(slot) {
            // Whoever took a byte was there: the connection broke as soon as it was open.
            let now_ns = self.job.clock.now_ns();
            self.advance(slot, Progress::Sending, now_ns, now_ns);
        }
        failure::cause(self.slots[slot].phase_of_requests(), error)
    }
}
