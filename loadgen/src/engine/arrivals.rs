//! When a worker's requests are to start in an open loop.
//!
//! Of W workers each takes every W-th arrival of the plan's one schedule, so that their starts
//! alternate instead of coming in bursts, and all together are exactly the schedule, however many
//! workers there are. Of a Poisson process each draws all gaps, since a start is the sum of the
//! gaps before it; a gap costs a few nanoseconds, and the same seed then gives the same starts
//! with any number of threads.
//!
//! Where several shards make a load together, each takes every n-th arrival in the same way, and
//! its workers share these out: of the whole schedule worker w of shard i has the arrivals from
//! i + n·w on, every n·W-th. Shards may have different numbers of workers.
//!
//! Nothing is kept of arrivals that wait, and they cannot grow out of memory: they follow from
//! the schedule.

use super::crowd::{SharedArrivals, Users};
use crate::plan::{Curve, Plan, Shard, Spacing};
use crate::statistics::random::Random;

/// The intended starts of one worker, in order.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    curve: Curve,
    /// From one of the worker's arrivals to its next: all workers of all shards together take so
    /// many.
    stride: u64,
    /// The worker's next arrival.
    next: Cursor,
    /// Its intended start, which is asked for several times a request and takes a root to find.
    next_ns: Option<u64>,
    /// The worker's first arrival that has not come due, as far as anybody asked, if some wait.
    not_due: Cursor,
    /// Arrivals from `next` up to `not_due`.
    waiting: u64,
    /// Arrivals of the measured part, all workers and shards together.
    requests: Option<u64>,
    /// Of these, those in whose place others count.
    replaced: u64,
    /// What there is to take instead, in a run with a crowd. Only `next_ns` is kept here then.
    shared: Option<Box<SharedArrivals>>,
}

/// Of `plan`'s requests those that are to begin in this process, if their number is known: in open
/// loop the whole schedule's count, divided as its arrivals are.
#[must_use]
pub(super) fn own_requests(plan: &Plan) -> Option<u64> {
    let requests = plan.stop.requests?;
    let (Some(schedule), Some(shard)) = (plan.load.schedule(), plan.shard) else {
        return Some(requests);
    };
    let curve = schedule.curve(plan.warmup, plan.stop.duration);
    let first = Cursor::first(schedule.spacing);
    Some(dealt(&curve, first, requests, shard))
}

/// Of the first `requests` arrivals of the measured part those of `shard`.
fn dealt(curve: &Curve, mut first: Cursor, requests: u64, shard: Shard) -> u64 {
    let in_warmup = first.pass_warmup(curve);
    shard.arrivals(in_warmup + requests) - shard.arrivals(in_warmup)
}

/// A place in the schedule.
#[derive(Clone, Debug)]
struct Cursor {
    /// Requests that start before; in a Poisson process with the randomness of its gaps.
    count: f64,
    /// Arrivals of the measured part that come before, all workers and shards together.
    measured: u64,
    random: Option<Random>,
}

impl Arrivals {
    /// The arrivals of worker `index`; `None` in closed loop.
    pub(super) fn of_worker(plan: &Plan, index: usize) -> Option<Self> {
        let schedule = plan.load.schedule()?;
        let curve = schedule.curve(plan.warmup, plan.stop.duration);
        let first = Cursor::first(schedule.spacing);
        let requests = plan.stop.requests;
        let shard = plan.shard.unwrap_or(Shard::ALL);
        let worker = (index as u64, plan.load.threads as u64);
        Some(Self::new(curve, first, requests, shard, worker))
    }

    /// Those that fall to a crowd's users, at first to nobody; `None` in closed loop.
    pub(super) fn of_crowd(plan: &Plan) -> Option<Self> {
        let schedule = plan.load.schedule()?;
        let curve = schedule.curve(plan.warmup, plan.stop.duration);
        let first = Cursor::first(schedule.spacing);
        let all = Self::new(curve, first, plan.stop.requests, Shard::ALL, (0, 1));
        Some(Self {
            next_ns: None,
            shared: Some(Box::new(SharedArrivals::of(all.clone()))),
            ..all
        })
    }

    /// Of worker `index` of the `workers` of `shard`.
    fn new(
        curve: Curve,
        mut first: Cursor,
        requests: Option<u64>,
        shard: Shard,
        (index, workers): (u64, u64),
    ) -> Self {
        first.advance(&curve, shard.index + shard.of * index);
        let mut arrivals = Self {
            curve,
            stride: shard.of * workers,
            not_due: first.clone(),
            next: first,
            next_ns: None,
            waiting: 0,
            requests,
            replaced: 0,
            shared: None,
        };
        arrivals.next_ns = arrivals.start_ns(&arrivals.next);
        arrivals
    }

    /// The intended start of the next request, in nanoseconds since the run began, warm-up
    /// included; `None` if count or time allow no more.
    pub(super) fn peek_ns(&self) -> Option<u64> {
        self.next_ns
    }

    /// Takes the next request, if it has come due by `now_ns`.
    pub(super) fn pop_due(&mut self, now_ns: u64) -> Option<u64> {
        let start_ns = self.next_ns.filter(|&start_ns| start_ns <= now_ns)?;
        if let Some(shared) = &mut self.shared {
            self.next_ns = shared.pass();
            return Some(start_ns);
        }
        self.next.advance(&self.curve, self.stride);
        self.next_ns = self.start_ns(&self.next);
        self.waiting = self.waiting.saturating_sub(1);
        Some(start_ns)
    }

    /// How many have come due by `now_ns`, which must not go back, and were not taken.
    pub(super) fn waiting(&mut self, now_ns: u64) -> u64 {
        if let Some(shared) = &mut self.shared {
            return shared.waiting(now_ns);
        }
        let is_due = |start_ns| start_ns <= now_ns;
        if self.waiting == 0 {
            if !self.next_ns.is_some_and(is_due) {
                return 0;
            }
            self.not_due = self.next.clone();
        }
        while self.start_ns(&self.not_due).is_some_and(is_due) {
            self.not_due.advance(&self.curve, self.stride);
            self.waiting += 1;
        }
        self.waiting
    }

    /// The intended start of the first that has not come due by `now_ns`, which must not go back.
    pub(super) fn due_after_ns(&mut self, now_ns: u64) -> Option<u64> {
        match self.waiting(now_ns) {
            0 => self.next_ns,
            _ => self.start_ns(&self.not_due),
        }
    }

    /// The measured part begins at `begins_ns` with `under_way` requests of the warm-up. They will
    /// count, and so will those that came due before and wait: as many fewer follow.
    pub(super) fn begin_measuring(&mut self, begins_ns: u64, under_way: u64) {
        if self.shared.is_some() {
            // Users have no number of requests to keep to.
            return;
        }
        let warmup_ends_ns = begins_ns.checked_sub(1);
        let waiting = warmup_ends_ns.map_or(0, |ends_ns| self.waiting(ends_ns));
        self.replaced += (under_way + waiting) * self.stride;
        self.next_ns = self.start_ns(&self.next);
    }

    /// With a crowd, see [`SharedArrivals::follow`].
    pub(super) fn follow(&mut self, users: Users, now_ns: u64) {
        if let Some(shared) = &mut self.shared {
            self.next_ns = shared.follow(users, now_ns);
        }
    }

    /// With a crowd, see [`SharedArrivals::leave`].
    pub(super) fn leave(&mut self, now_ns: u64) -> u64 {
        let Some(shared) = &mut self.shared else {
            return 0;
        };
        self.next_ns = None;
        shared.leave(now_ns)
    }

    fn start_ns(&self, at: &Cursor) -> Option<u64> {
        let is_too_many = self
            .requests
            .is_some_and(|requests| at.measured + self.replaced >= requests);
        if is_too_many && !self.curve.is_in_warmup(at.count) {
            return None;
        }
        self.curve.reaches_ns(at.count)
    }
}

impl Cursor {
    fn first(spacing: Spacing) -> Self {
        let mut random = spacing.seed().map(Random::new);
        Self {
            count: random.as_mut().map_or(0.0, Random::exponential),
            measured: 0,
            random,
        }
    }

    /// Passes those of the warm-up, and says how many they are.
    fn pass_warmup(&mut self, curve: &Curve) -> u64 {
        let mut passed = 0;
        while curve.is_in_warmup(self.count) {
            self.advance(curve, 1);
            passed += 1;
        }
        passed
    }

    /// Passes `arrivals` arrivals.
    fn advance(&mut self, curve: &Curve, arrivals: u64) {
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

#[cfg(test)]
mod tests;
