//! Open loop at a desk: arrivals, and the lanes that are free for them.
//!
//! Lanes that find nothing to do wait to be called, which the foreman does when an arrival comes
//! due. The one that became free last is called first: a few connections then do the work of a
//! small rate, as in a client's pool, and the others are not opened at all.

use std::task::{Poll, Waker};

use crate::engine::arrivals::Arrivals;

/// Arrivals, and who is free for them.
pub(super) struct Schedule {
    arrivals: Arrivals,
    lanes: Vec<Lane>,
    /// Those that wait to be called, the one that began to last at the end.
    waiting: Vec<usize>,
    /// Lanes that have no request.
    free: usize,
    /// When there was a free lane again after there had been none.
    free_since_ns: u64,
    /// Most arrivals that found no free lane at a time.
    backlog_max: u64,
}

/// What a lane is about.
#[derive(Debug)]
enum Lane {
    /// It has no request, and has not said that it waits.
    Free,
    /// It waits to be called.
    Waiting(Waker),
    /// It was called, and has not begun.
    Called(Arrival),
    /// It has a request, or what comes after one.
    Busy,
}

/// A request that is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) intended_ns: u64,
    /// Whether no lane was free when it came due.
    pub(super) had_to_wait: bool,
}

impl Schedule {
    /// For so many lanes.
    pub(super) fn new(arrivals: Arrivals, lanes: usize) -> Self {
        Self {
            arrivals,
            lanes: (0..lanes).map(|_| Lane::Free).collect(),
            waiting: Vec::new(),
            free: lanes,
            free_since_ns: 0,
            backlog_max: 0,
        }
    }

    /// What `lane`, which has no request any more, is to begin; `None` if nothing will come. Else
    /// `waker` is woken when that changes.
    pub(super) fn poll(
        &mut self,
        lane: usize,
        waker: &Waker,
        now_ns: u64,
    ) -> Poll<Option<Arrival>> {
        if let Lane::Called(arrival) = self.lanes[lane] {
            self.lanes[lane] = Lane::Busy;
            return Poll::Ready(Some(arrival));
        }
        if matches!(self.lanes[lane], Lane::Busy) {
            self.lanes[lane] = Lane::Free;
            self.have_free_lane(now_ns);
        }
        if self.arrivals.peek_ns().is_none() {
            return Poll::Ready(None);
        }
        if matches!(self.lanes[lane], Lane::Free) {
            if let Some(arrival) = self.take(now_ns) {
                self.lanes[lane] = Lane::Busy;
                return Poll::Ready(Some(arrival));
            }
            self.waiting.push(lane);
        }
        self.lanes[lane] = Lane::Waiting(waker.clone());
        Poll::Pending
    }

    /// Calls lanes for what has come due, or all of them if nothing else will.
    pub(super) fn call(&mut self, now_ns: u64) {
        while let Some(&lane) = self.waiting.last()
            && let Some(arrival) = self.take(now_ns)
        {
            self.waiting.pop();
            let called = std::mem::replace(&mut self.lanes[lane], Lane::Called(arrival));
            called.wake();
        }
        if self.arrivals.peek_ns().is_none() {
            self.wake_all();
        }
    }

    /// Has all lanes that wait ask again.
    pub(super) fn wake_all(&self) {
        self.waiting
            .iter()
            .for_each(|&lane| self.lanes[lane].wake());
    }

    /// When [`Self::call`] is due next, if it is.
    pub(super) fn calls_at_ns(&mut self, now_ns: u64) -> Option<u64> {
        self.arrivals.due_after_ns(now_ns)
    }

    /// The measured part begins at `begins_ns`, with so many requests under way. What was due
    /// before belongs to it: as many fewer follow.
    pub(super) fn begin_measuring(&mut self, begins_ns: u64, under_way: u64) {
        let under_way = under_way + self.called();
        self.arrivals.begin_measuring(begins_ns, under_way);
        self.backlog_max = 0;
    }

    /// Most arrivals that found no free lane at a time, as far as nobody has asked yet.
    pub(super) fn backlog_max(&mut self) -> u64 {
        std::mem::take(&mut self.backlog_max)
    }

    /// How many had come due by `now_ns` and have not begun.
    pub(super) fn not_begun(&mut self, now_ns: u64) -> u64 {
        self.arrivals.waiting(now_ns) + self.called()
    }

    fn called(&self) -> u64 {
        let is_called = |lane: &&Lane| matches!(lane, Lane::Called(_));
        self.lanes.iter().filter(is_called).count() as u64
    }

    /// Takes the next arrival for a lane that is free, if it is due.
    fn take(&mut self, now_ns: u64) -> Option<Arrival> {
        let intended_ns = self.arrivals.pop_due(now_ns)?;
        self.free -= 1;
        Some(Arrival {
            intended_ns,
            had_to_wait: intended_ns < self.free_since_ns,
        })
    }

    fn have_free_lane(&mut self, now_ns: u64) {
        if self.free == 0 {
            self.free_since_ns = now_ns;
            self.backlog_max = self.backlog_max.max(self.arrivals.waiting(now_ns));
        }
        self.free += 1;
    }
}

impl Lane {
    fn wake(&self) {
        if let Self::Waiting(waker) = self {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Two lanes, and so many requests that come due at 0 ms, 1 ms and so on.
    fn schedule(requests: u64) -> Schedule {
        Schedule::new(Arrivals::at_rate(1000.0, requests), 2)
    }

    fn ask(schedule: &mut Schedule, lane: usize, now_ns: u64) -> Poll<Option<Arrival>> {
        schedule.poll(lane, Waker::noop(), now_ns)
    }

    fn arrival(intended_ns: u64, had_to_wait: bool) -> Poll<Option<Arrival>> {
        Poll::Ready(Some(Arrival {
            intended_ns,
            had_to_wait,
        }))
    }

    #[test]
    fn the_lane_that_became_free_last_is_called_when_something_comes_due() {
        let mut schedule = schedule(9);
        assert_eq!(ask(&mut schedule, 0, 0), arrival(0, false));
        assert!(ask(&mut schedule, 1, 0).is_pending());
        assert!(ask(&mut schedule, 0, MS / 2).is_pending());
        assert_eq!(schedule.calls_at_ns(MS / 2), Some(MS));
        schedule.call(MS);
        assert!(ask(&mut schedule, 1, MS).is_pending());
        assert_eq!(ask(&mut schedule, 0, MS), arrival(MS, false));
    }

    #[test]
    fn what_finds_no_lane_waits_and_is_counted() {
        let mut schedule = schedule(9);
        for lane in 0..2 {
            assert_eq!(
                ask(&mut schedule, lane, MS),
                arrival(lane as u64 * MS, false)
            );
        }
        schedule.call(3 * MS);
        assert_eq!(schedule.calls_at_ns(3 * MS), Some(4 * MS));
        assert_eq!(ask(&mut schedule, 0, 3 * MS), arrival(2 * MS, true));
        assert_eq!((schedule.backlog_max(), schedule.backlog_max()), (2, 0));
        assert_eq!(schedule.not_begun(4 * MS), 2);
    }

    #[test]
    fn lanes_are_told_when_nothing_will_come() {
        let mut schedule = schedule(1);
        assert_eq!(ask(&mut schedule, 0, 0), arrival(0, false));
        assert_eq!(ask(&mut schedule, 1, 0), Poll::Ready(None));
        assert_eq!(ask(&mut schedule, 0, 5), Poll::Ready(None));
    }

    #[test]
    fn a_lane_that_was_called_and_has_not_begun_leaves_a_request_unsent() {
        let mut schedule = schedule(9);
        assert_eq!(ask(&mut schedule, 0, 0), arrival(0, false));
        assert!(ask(&mut schedule, 1, 0).is_pending());
        schedule.call(MS);
        assert_eq!(schedule.not_begun(MS), 1);
    }
}
