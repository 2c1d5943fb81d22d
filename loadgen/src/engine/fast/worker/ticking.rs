//! What no event tells of: time.

use std::io;
use std::time::Duration;

use super::Worker;
use crate::engine::control::nanoseconds;
use crate::engine::failure;
use crate::engine::fast::driver::Driver;
use crate::engine::fast::slot::Phase;
use crate::engine::socket::{ATTEMPT_LONGEST, CLOSING_LONGEST};

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Looks after what no event tells of, as often as is due. True if the run is over.
    pub(super) fn is_over(&mut self, now_ns: u64) -> bool {
        self.look_at_time(now_ns);
        self.job.span.is_over(now_ns) || (self.ticks.is_due(now_ns) && self.tick(now_ns))
    }

    /// Begins to count when the measured part begins.
    pub(super) fn look_at_time(&mut self, now_ns: u64) {
        if self.job.ledger.is_measuring() || now_ns < self.job.span.measured_from_ns {
            return;
        }
        let under_way: usize = self.slots.iter().map(|slot| slot.flights.len()).sum();
        self.job.ledger.begin_measuring(under_way as u64);
        match &mut self.arrivals {
            None => self.job.budget.take_under_way(under_way as u64),
            Some(arrivals) => {
                arrivals.begin_measuring(self.job.span.measured_from_ns, under_way as u64);
            }
        }
    }

    /// Looks after what no event tells of: time. True if the run is over.
    fn tick(&mut self, now_ns: u64) -> bool {
        if self.ticks.look(&self.job, now_ns) {
            return true;
        }
        for slot in 0..self.attendance.occupied {
            self.check_time(slot, now_ns);
        }
        self.follow_crowd();
        false
    }

    /// `now_ns` is the tick's: what began since then began later.
    fn check_time(&mut self, slot: usize, now_ns: u64) {
        let state = &self.slots[slot];
        let is_over =
            |from_ns: u64, limit: Duration| now_ns.saturating_sub(from_ns) >= nanoseconds(limit);
        match (state.phase, state.flights.front()) {
            (Phase::HeldBack, _) => self.go_on(slot),
            (Phase::Closing, _) => {
                if is_over(state.ended_ns, CLOSING_LONGEST) {
                    self.server_closes = false;
                    self.go_on(slot);
                }
            }
            (phase, Some(oldest)) => {
                let limit = match phase {
                    Phase::Connecting | Phase::Tunnelling | Phase::Securing => {
                        self.job.plan.connect_timeout
                    }
                    _ => self.job.plan.timeout,
                };
                if is_over(oldest.started_ns, limit) {
                    let cause = failure::timeout(state.phase_of_requests());
                    self.fail(slot, cause, now_ns);
                    self.go_on(slot);
                } else if self.has_another_destination(slot)
                    && is_over(state.attempted_ns, ATTEMPT_LONGEST)
                {
                    let error = io::ErrorKind::TimedOut.into();
                    self.break_off(slot, &error, now_ns);
                }
            }
            (_, None) => {}
        }
    }
}
