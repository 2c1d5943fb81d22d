//! How often a worker looks after what no event tells of: time limits, the deadline, the signal.

use std::time::Duration;

use super::control::nanoseconds;
use super::crew::Job;
use crate::plan::Plan;

/// Longest time between two looks.
pub(super) const LONGEST: Duration = Duration::from_millis(50);

/// Shortest time between them: what epoll's timeout can tell apart.
const SHORTEST: Duration = Duration::from_millis(1);

/// Looks within a time limit: it is kept to a twentieth.
const PER_LIMIT: u32 = 20;

/// When a worker looks.
#[derive(Debug)]
pub(super) struct Ticks {
    every: Duration,
    next_ns: u64,
}

impl Ticks {
    /// As the limits of `plan` need it, of which that of connecting is the shortest. The first is
    /// due at once.
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            every: (plan.connect_timeout / PER_LIMIT).clamp(SHORTEST, LONGEST),
            next_ns: 0,
        }
    }

    /// Time between two looks.
    pub(super) fn every(&self) -> Duration {
        self.every
    }

    #[inline]
    pub(super) fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.next_ns
    }

    /// A worker that looks tells how far it has come. True if the run is to end early.
    pub(super) fn look(&mut self, job: &Job<'_>, now_ns: u64) -> bool {
        self.next_ns = now_ns + nanoseconds(self.every);
        let (ended, failed) = job.ledger.ended_and_failed();
        job.control.publish(job.index, ended, failed);
        job.control.is_interrupted()
    }

    /// Until the next look, or until time alone changes something.
    #[inline]
    pub(super) fn until_next(&self, job: &Job<'_>, now_ns: u64) -> Duration {
        let at_ns = job.span.next_ns(job.ledger.is_measuring());
        Duration::from_nanos(at_ns.min(self.next_ns).saturating_sub(now_ns))
    }
}
