//! What an open loop adds: requests that begin when their time has come, if a connection is free.

use std::time::Duration;

use super::Worker;
use crate::engine::fast::driver::{Driver, Start};
use crate::recorder::Timing;

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// In open loop, begins the requests whose time has come, as far as there are connections.
    pub(super) fn begin_arrived(&mut self) {
        while self.has_place()
            && let Some(arrivals) = &self.arrivals
        {
            let now_ns = self.job.clock.now_ns();
            if arrivals.peek_ns().is_some_and(|start_ns| start_ns > now_ns) {
                return;
            }
            self.begin_next(now_ns);
        }
    }

    /// Whether there is a connection for another request.
    pub(super) fn has_place(&mut self) -> bool {
        while let Some(&slot) = self.roomy.front()
            && self.ready.is_empty()
            && !self.slots[slot].has_room(self.job.plan.load.pipeline)
        {
            self.slots[slot].is_roomy = false;
            self.roomy.pop_front();
        }
        !self.ready.is_empty() || !self.roomy.is_empty()
    }

    /// In open loop, lets the next request begin, if its time has come.
    pub(super) fn take_arrival(&mut self, slot: usize, now_ns: u64) -> bool {
        let arrivals = self.arrivals.as_mut();
        let Some(intended_ns) = arrivals.and_then(|arrivals| arrivals.pop_due(now_ns)) else {
            return false;
        };
        let state = &mut self.slots[slot];
        let had_to_wait = intended_ns < self.free_since_ns;
        let ledger = &mut self.job.ledger;
        ledger.issued(state.is_open || state.is_under_way());
        ledger.started(intended_ns, now_ns, had_to_wait);
        let timing = Timing {
            intended_ns,
            ..Timing::starting(now_ns, self.turns.next())
        };
        state.flights.push_back(timing);
        true
    }

    /// Whether requests will begin that may not begin now.
    pub(super) fn are_more_to_come(&self) -> bool {
        let arrivals = self.arrivals.as_ref();
        !self.job.control.is_interrupted() && arrivals.is_some_and(|left| left.peek_ns().is_some())
    }

    /// In open loop, lets a connection with requests under way take another if all have some.
    pub(super) fn offer_room(&mut self, slot: usize) {
        let state = &mut self.slots[slot];
        let has_room = state.has_room(self.job.plan.load.pipeline);
        if self.arrivals.is_none() || !has_room || state.is_roomy {
            return;
        }
        state.is_roomy = true;
        if self.ready.is_empty() && self.roomy.is_empty() {
            self.have_free_connection();
        }
        self.roomy.push_back(slot);
    }

    /// In open loop, arrivals that found no connection may begin now.
    pub(super) fn have_free_connection(&mut self) {
        self.free_since_ns = self.job.clock.now_ns();
        if let Some(arrivals) = &mut self.arrivals {
            let waiting = arrivals.waiting(self.free_since_ns);
            self.job.ledger.backlog(waiting);
        }
    }

    /// The next start that is waited for, in open loop. Without a connection for it an answer is.
    pub(super) fn next_start(&mut self) -> Option<Start> {
        let at_ns = self.arrivals.as_ref()?.peek_ns()?;
        if !self.has_place() {
            return None;
        }
        // By a clock of its own: requests were written since the last look.
        let left_ns = at_ns.saturating_sub(self.job.clock.now_ns());
        Some(Start {
            at_ns,
            after: Duration::from_nanos(left_ns).saturating_sub(self.spin),
        })
    }
}
