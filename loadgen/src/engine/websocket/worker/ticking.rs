//! What no event tells of: time.

use std::io;

use super::{EndPhase, Phase, Worker};
use crate::engine::control::nanoseconds;
use crate::engine::failure;
use crate::engine::fast::driver::Driver;
use crate::engine::socket::ATTEMPT_LONGEST;
use crate::outcome::Cause;

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
        let under_way = self.lanes.iter().filter(|lane| lane.timing.is_some());
        let under_way = under_way.count() as u64;
        self.job.ledger.begin_measuring(under_way);
        self.job.budget.take_under_way(under_way);
    }

    fn tick(&mut self, now_ns: u64) -> bool {
        if self.ticks.look(&self.job, now_ns) {
            return true;
        }
        for lane in 0..self.lanes.len() {
            self.check_time(lane, now_ns);
        }
        false
    }

    fn check_time(&mut self, lane: usize, now_ns: u64) {
        let state = &mut self.lanes[lane];
        let (limit, cause) = match state.phase {
            Phase::HeldBack => {
                state.phase = Phase::Idle;
                return self.ready.push_back(lane);
            }
            Phase::Opening => (self.job.plan.connect_timeout, self.late_to_open(lane)),
            Phase::Trip => (self.job.plan.timeout, self.late(lane)),
            Phase::Idle | Phase::Done => return,
        };
        let timing = self.lanes[lane].timing.as_ref();
        let since_ns = timing.map_or(now_ns, |timing| timing.started_ns);
        if now_ns.saturating_sub(since_ns) >= nanoseconds(limit) {
            self.fail(lane, cause.into(), now_ns);
        } else if self.lanes[lane].phase == Phase::Opening {
            self.check_attempts(lane, now_ns);
        }
    }

    /// Gives up destinations that say nothing for too long, while there are others.
    fn check_attempts(&mut self, lane: usize, now_ns: u64) {
        let _turn = self.line.turn();
        for slot in self.slots(lane) {
            let is_over = self.ends[slot].as_ref().is_some_and(|end| {
                let attempt_ns = now_ns.saturating_sub(end.attempted_ns);
                end.can_be_elsewhere(&self.line) && attempt_ns >= nanoseconds(ATTEMPT_LONGEST)
            });
            if is_over {
                self.lose(slot, &io::ErrorKind::TimedOut.into(), now_ns);
            }
        }
    }

    /// The cause if the connections of a lane are not there in time.
    fn late_to_open(&self, lane: usize) -> Cause {
        let ends = self.slots(lane).filter_map(|slot| self.ends[slot].as_ref());
        let mut phases = ends.map(|end| end.phase);
        let waits_for = phases.find(|phase| *phase != EndPhase::Open);
        failure::timeout(waits_for.unwrap_or(EndPhase::Connecting).of_request())
    }
}
