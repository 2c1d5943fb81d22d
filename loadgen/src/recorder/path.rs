//! The requests for one path of several.

use std::ops::AddAssign;

use hdrhistogram::Histogram;

use super::{LONGEST_NS, Timing};
use crate::outcome::Outcome;

/// Two digits: there may be a thousand of these in each worker, and three take ten times the
/// memory.
const DIGITS: u8 = 2;

/// Shortest time that is told from none. A microsecond less matters to nobody who compares paths.
const SHORTEST_NS: u64 = 1_000;

/// Requests by outcome, and how long those that succeeded took.
#[derive(Clone, Debug)]
pub struct PathTally {
    /// Whose whole answer arrived and was as expected.
    pub succeeded: u64,
    /// That failed, for whatever cause.
    pub failed: u64,
    /// That were under way when the run ended.
    pub cancelled: u64,
    /// Of those that succeeded, in nanoseconds.
    pub total: Histogram<u64>,
}

impl PathTally {
    pub(super) fn ended(&mut self, outcome: Outcome, timing: &Timing) {
        match outcome {
            Outcome::Succeeded => {
                self.succeeded += 1;
                self.total
                    .saturating_record(timing.ended_ns - timing.started_ns);
            }
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Cancelled => self.cancelled += 1,
        }
    }
}

impl Default for PathTally {
    fn default() -> Self {
        let total = Histogram::new_with_bounds(SHORTEST_NS, LONGEST_NS, DIGITS);
        Self {
            succeeded: 0,
            failed: 0,
            cancelled: 0,
            total: total.expect("the bounds are in order and the digits 0 to 5"),
        }
    }
}

impl AddAssign<&Self> for PathTally {
    fn add_assign(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.total
            .add(&other.total)
            .expect("all times are recorded within the same bounds");
    }
}
