//! A plan's one schedule, and places in it.

use crate::plan::{Curve, Plan, Spacing};
use crate::statistics::random::Random;

/// When arrivals come due, as far as count and time allow any.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Timetable {
    pub(super) curve: Curve,
    /// Arrivals of the measured part, all workers and shards together.
    pub(super) requests: Option<u64>,
    /// Of these, those in whose place others count.
    pub(super) replaced: u64,
}

/// A place in it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Cursor {
    /// Arrivals that come before, all workers and shards together.
    pub(in crate::engine) index: u64,
    /// Requests that start before; in a Poisson process with the randomness of its gaps.
    count: f64,
    /// Arrivals of the measured part that come before.
    measured: u64,
    random: Option<Random>,
}

impl Timetable {
    /// That of `plan`, and its first arrival; `None` in closed loop.
    pub(super) fn of(plan: &Plan) -> Option<(Self, Cursor)> {
        let schedule = plan.load.schedule()?;
        let timetable = Self {
            curve: schedule.curve(plan.warmup, plan.stop.duration),
            requests: plan.stop.requests,
            replaced: 0,
        };
        Some((timetable, Cursor::first(schedule.spacing)))
    }

    /// The intended start of the arrival at `at`, in nanoseconds since the run began; `None` if
    /// there are none any more.
    pub(super) fn start_ns(&self, at: &Cursor) -> Option<u64> {
        let is_too_many = self
            .requests
            .is_some_and(|requests| at.measured + self.replaced >= requests);
        if is_too_many && !self.curve.is_in_warmup(at.count) {
            return None;
        }
        self.curve.reaches_ns(at.count)
    }

    /// Goes on to the first arrival that has not come due by `now_ns`, in as many steps as the
    /// number of arrivals in between has binary digits, twice: no thread has to count them.
    pub(in crate::engine) fn pass_due(&self, at: &mut Cursor, now_ns: u64) {
        let is_due = |at: &Cursor| self.start_ns(at).is_some_and(|start_ns| start_ns <= now_ns);
        let after = |at: &Cursor, arrivals| {
            let mut next = at.clone();
            self.pass(&mut next, arrivals);
            next
        };
        if !is_due(at) {
            return;
        }
        // From here on it has come due.
        let mut step = 1;
        let mut next = after(at, step);
        while is_due(&next) {
            *at = next;
            step *= 2;
            next = after(at, step);
        }
        // And that many later one has not.
        while step > 1 {
            step /= 2;
            let next = after(at, step);
            if is_due(&next) {
                *at = next;
            }
        }
        self.pass(at, 1);
    }

    /// Passes `arrivals` arrivals.
    pub(in crate::engine) fn pass(&self, at: &mut Cursor, arrivals: u64) {
        at.advance(&self.curve, arrivals);
    }
}

impl Cursor {
    pub(super) fn first(spacing: Spacing) -> Self {
        let mut random = spacing.seed().map(Random::new);
        Self {
            index: 0,
            count: random.as_mut().map_or(0.0, Random::exponential),
            measured: 0,
            random,
        }
    }

    /// Passes those of the warm-up, and says how many they are.
    pub(super) fn pass_warmup(&mut self, curve: &Curve) -> u64 {
        let before = self.index;
        while curve.is_in_warmup(self.count) {
            self.advance(curve, 1);
        }
        self.index - before
    }

    /// Passes `arrivals` arrivals.
    fn advance(&mut self, curve: &Curve, arrivals: u64) {
        self.index += arrivals;
        if self.random.is_none() && !curve.is_in_warmup(self.count) {
            // At once what the steps below would come to: up to 2^53 an f64 counts exactly.
            self.measured += arrivals;
            self.count += arrivals as f64;
            return;
        }
        for _ in 0..arrivals {
            self.measured += u64::from(!curve.is_in_warmup(self.count));
            self.count += self.random.as_mut().map_or(1.0, Random::exponential);
        }
    }
}
