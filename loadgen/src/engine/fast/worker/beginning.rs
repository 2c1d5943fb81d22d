//! How requests begin: on which connection, how many, and their first bytes.

use std::borrow::Cow;

use super::Worker;
use crate::engine::fast::driver::{Driver, Progress};
use crate::engine::fast::slot::Phase;
use crate::engine::fast::transport::Transport;
use crate::outcome::Cause;
use crate::recorder::Timing;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Begins the requests that are due.
    ///
    /// Not each as soon as the answer before it is read, but when everything that has arrived is:
    /// no answer then waits to be read, and its time goes on, while requests are written. It is
    /// also cheaper, for both sides find more to do at a time.
    pub(super) fn begin_ready(&mut self) {
        let count = match &self.arrivals {
            None => self.ready.len(),
            Some(_) => return self.begin_arrived(),
        };
        for _ in 0..count {
            self.begin_next(self.job.clock.now_ns());
        }
    }

    /// Begins requests, now, on the slot that is next.
    pub(super) fn begin_next(&mut self, now_ns: u64) {
        // The one that was used last, in open loop: a few connections then do the work of a small
        // rate, as in a client's pool, and the others are not opened at all.
        let slot = match &self.arrivals {
            None => self.ready.pop_front(),
            Some(_) => self.ready.pop_back().or_else(|| self.roomy.pop_front()),
        };
        if let Some(slot) = slot {
            let state = &mut self.slots[slot];
            match state.is_ready {
                true => state.is_ready = false,
                false => state.is_roomy = false,
            }
            self.begin(slot, now_ns);
        }
    }

    /// Begins as many requests on the slot's connection as there is room for, more if they fail at
    /// once, and none if none is left.
    fn begin(&mut self, slot: usize, mut now_ns: u64) {
        loop {
            self.look_at_time(now_ns);
            let count = self.take(slot, now_ns);
            if count == 0 {
                return match self.are_more_to_come() {
                    true => self.make_ready(slot),
                    false => self.retire(slot),
                };
            }
            let sent = match self.slots[slot].is_open {
                true => self.send(slot, count, now_ns),
                false => self.connect(slot, now_ns),
            };
            let Err(cause) = sent else {
                return self.offer_room(slot);
            };
            now_ns = self.job.clock.now_ns();
            self.fail(slot, cause, now_ns);
            if !self.failures_end_the_run() {
                return self.hold_back(slot);
            }
            self.close(slot);
        }
    }

    /// Lets requests begin on the slot, as many as there is room and time for; how many did.
    fn take(&mut self, slot: usize, now_ns: u64) -> usize {
        if self.job.control.is_interrupted() {
            return 0;
        }
        match self.arrivals.is_some() {
            true => usize::from(self.take_arrival(slot, now_ns)),
            false => self.take_all(slot, now_ns),
        }
    }

    /// In closed loop, lets requests begin until the slot is full or none is left.
    fn take_all(&mut self, slot: usize, now_ns: u64) -> usize {
        let state = &mut self.slots[slot];
        let before = state.flights.len();
        while state.flights.len() < self.job.plan.load.pipeline && self.job.budget.take(now_ns) {
            let is_reused = state.is_open || state.is_under_way();
            self.job.ledger.issued(is_reused);
            let timing = Timing::starting(now_ns, self.turns.next());
            state.flights.push_back(timing);
        }
        state.flights.len() - before
    }

    /// There is no request left for the slot; its last answers may be on their way.
    fn retire(&mut self, slot: usize) {
        if !self.slots[slot].is_under_way() {
            // When time is up it stays open until the machine's counters are read.
            if !self.job.span.is_over(self.job.clock.now_ns()) {
                self.close(slot);
            }
            self.slots[slot].phase = Phase::Done;
            self.active -= 1;
        }
    }

    /// Whether requests that fail at once bring the run nearer to its end.
    pub(super) fn failures_end_the_run(&self) -> bool {
        let is_measuring = self.job.ledger.is_measuring();
        self.job.budget.failures_end_the_run(is_measuring)
    }

    /// Sends the last `count` of the slot's requests on a connection that is open: the write is
    /// where they start.
    fn send(&mut self, slot: usize, count: usize, now_ns: u64) -> Result<(), Cause> {
        self.slots[slot].phase = Phase::Sending;
        let progress = self.send_requests(slot, count)?;
        let sent_ns = match self.job.plan.ab_times {
            true => self.job.clock.now_ns(),
            // Only ab's waiting time is counted from here.
            false => now_ns,
        };
        self.advance(slot, progress, now_ns, sent_ns);
        Ok(())
    }

    /// Hands the slot's last `count` requests to the driver.
    pub(super) fn send_requests(&mut self, slot: usize, count: usize) -> Result<Progress, Cause> {
        let flights = &self.slots[slot].flights;
        let last = flights.range(flights.len() - count..);
        let bytes = self.requests.batch(last.map(|flight| flight.path));
        self.job.ledger.sent_bytes(bytes.len());
        let bytes = self.transports[slot].seal(bytes);
        self.send_bytes(slot, bytes)
    }

    pub(super) fn send_bytes(
        &mut self,
        slot: usize,
        bytes: Cow<'a, [u8]>,
    ) -> Result<Progress, Cause> {
        let sent = self.driver.send(slot, bytes);
        sent.map_err(|error| self.cause(slot, &error))
    }

    /// The requests have come further on their way out: their connection was open at
    /// `connected_ns`, if it is open now, and by `sent_ns` all was written that is written.
    pub(super) fn advance(
        &mut self,
        slot: usize,
        progress: Progress,
        connected_ns: u64,
        sent_ns: u64,
    ) {
        let state = &mut self.slots[slot];
        if state.phase == Phase::Connecting && progress != Progress::Connecting {
            self.destination = state.destination;
            match &self.transports[slot] {
                Transport::Tunnel(_) => state.phase = Phase::Tunnelling,
                Transport::Plain | Transport::Tls(_) => self.note_connected(slot, connected_ns),
            }
        }
        let state = &mut self.slots[slot];
        if state.phase == Phase::Sending && progress == Progress::Sent {
            state.phase = Phase::Receiving;
            for flight in &mut state.flights {
                flight.sent_ns.get_or_insert(sent_ns);
            }
        }
    }
}
