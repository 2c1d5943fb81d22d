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

mod timetable;

use super::crowd::{Spells, Users};
use crate::plan::{Curve, Plan, Shard};
pub(super) use timetable::{Cursor, Timetable};

/// The intended starts of one worker, in order.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    timetable: Timetable,
    turns: Turns,
    /// The worker's next arrival, if `next_ns` says when.
    next: Cursor,
    /// Its intended start, which is asked for several times a request and takes a root to find.
    next_ns: Option<u64>,
    /// The worker's first arrival that has not come due, as far as anybody asked, if some wait, or
    /// a place from which on it is.
    not_due: Cursor,
    /// Arrivals from `next` up to `not_due`.
    waiting: u64,
}

/// Which of the schedule's arrivals are the worker's.
#[derive(Clone, Debug)]
enum Turns {
    /// From each of them to the next it is so many: all workers of all shards together take them.
    Every(u64),
    /// Those that fall to its users, in a run with a crowd.
    OfUsers(Spells),
}

/// How many requests `plan` has this process begin, if a count ends the run: in open loop the plan
/// has the whole schedule's, which shards take by turns.
#[must_use]
pub fn own_requests(plan: &Plan) -> Option<u64> {
    let requests = plan.stop.requests?;
    let (Some((timetable, first)), Some(shard)) = (Timetable::of(plan), plan.shard) else {
        return Some(requests);
    };
    Some(dealt(&timetable.curve, first, requests, shard))
}

/// Of the first `requests` arrivals of the measured part those of `shard`.
fn dealt(curve: &Curve, mut first: Cursor, requests: u64, shard: Shard) -> u64 {
    let in_warmup = first.pass_warmup(curve);
    shard.arrivals(in_warmup.saturating_add(requests)) - shard.arrivals(in_warmup)
}

impl Arrivals {
    /// The arrivals of worker `index`; `None` in closed loop.
    pub(super) fn of_worker(plan: &Plan, index: usize) -> Option<Self> {
        let (timetable, first) = Timetable::of(plan)?;
        let shard = plan.shard.unwrap_or(Shard::ALL);
        let worker = (index as u64, plan.load.threads as u64);
        Some(Self::dealt(timetable, first, shard, worker))
    }

    /// Those that fall to a crowd's users, at first to nobody; `None` in closed loop.
    pub(super) fn of_crowd(plan: &Plan) -> Option<Self> {
        let (timetable, first) = Timetable::of(plan)?;
        Some(Self::shared(timetable, first))
    }

    /// Of worker `index` of the `workers` of `shard`.
    fn dealt(
        timetable: Timetable,
        mut first: Cursor,
        shard: Shard,
        (index, workers): (u64, u64),
    ) -> Self {
        timetable.pass(&mut first, shard.index + shard.of * index);
        Self::new(timetable, first, Turns::Every(shard.of * workers))
    }

    fn shared(timetable: Timetable, first: Cursor) -> Self {
        let spells = Spells::of_nobody(first.clone());
        Self::new(timetable, first, Turns::OfUsers(spells))
    }

    fn new(timetable: Timetable, first: Cursor, turns: Turns) -> Self {
        let mut arrivals = Self {
            timetable,
            turns,
            not_due: first.clone(),
            next: first,
            next_ns: None,
            waiting: 0,
        };
        arrivals.seek_next();
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
        self.turns.pass(&mut self.next, &self.timetable);
        self.seek_next();
        self.waiting = self.waiting.saturating_sub(1);
        Some(start_ns)
    }

    /// How many have come due by `now_ns`, which must not go back, and were not taken.
    pub(super) fn waiting(&mut self, now_ns: u64) -> u64 {
        let is_due = |start_ns| start_ns <= now_ns;
        if self.waiting == 0 {
            if !self.next_ns.is_some_and(is_due) {
                return 0;
            }
            self.not_due = self.next.clone();
        }
        while self.seek_not_due().is_some_and(is_due) {
            self.turns.pass(&mut self.not_due, &self.timetable);
            self.waiting += 1;
        }
        self.waiting
    }

    /// The intended start of the first that has not come due by `now_ns`, which must not go back.
    pub(super) fn due_after_ns(&mut self, now_ns: u64) -> Option<u64> {
        match self.waiting(now_ns) {
            0 => self.next_ns,
            _ => self.seek_not_due(),
        }
    }

    /// The measured part begins at `begins_ns` with `under_way` requests of the warm-up. They will
    /// count, and so will those that came due before and wait: as many fewer follow.
    pub(super) fn begin_measuring(&mut self, begins_ns: u64, under_way: u64) {
        let Turns::Every(stride) = self.turns else {
            // Users have no number of requests to keep to.
            return;
        };
        let warmup_ends_ns = begins_ns.checked_sub(1);
        let waiting = warmup_ends_ns.map_or(0, |ends_ns| self.waiting(ends_ns));
        self.timetable.replaced += (under_way + waiting) * stride;
        self.seek_next();
    }

    /// With a crowd, what falls to `users` is taken as it comes due from `now_ns` on, which must not
    /// go back. Nothing that was to start later may have been taken.
    pub(super) fn follow(&mut self, users: Users, now_ns: u64) {
        let waiting = self.waiting(now_ns);
        let Turns::OfUsers(spells) = &mut self.turns else {
            return;
        };
        let Some(from) = spells.follow(users, now_ns, &self.timetable) else {
            return;
        };
        // What has not come due is judged anew.
        match waiting {
            0 => {
                self.next = from;
                self.seek_next();
            }
            _ => self.not_due = from,
        }
    }

    /// With a crowd, nothing is taken any more; how many wait.
    pub(super) fn leave(&mut self, now_ns: u64) -> u64 {
        let waiting = self.waiting(now_ns);
        self.next_ns = None;
        self.waiting = 0;
        waiting
    }

    fn seek_next(&mut self) {
        self.next_ns = self.turns.seek(&mut self.next, &self.timetable);
        if let Turns::OfUsers(spells) = &mut self.turns {
            spells.forget_before(&self.next);
        }
    }

    fn seek_not_due(&mut self) -> Option<u64> {
        self.turns.seek(&mut self.not_due, &self.timetable)
    }
}

impl Turns {
    /// Goes on to the worker's first arrival from `at` on; when it is to start, if there is one.
    fn seek(&self, at: &mut Cursor, timetable: &Timetable) -> Option<u64> {
        if let Self::OfUsers(spells) = self {
            spells.seek(at, timetable)?;
        }
        timetable.start_ns(at)
    }

    /// Passes the worker's arrival at `at`, and behind it what surely is not the worker's.
    fn pass(&self, at: &mut Cursor, timetable: &Timetable) {
        let stride = match self {
            Self::Every(stride) => *stride,
            Self::OfUsers(_) => 1,
        };
        timetable.pass(at, stride);
    }
}

#[cfg(test)]
mod tests;
