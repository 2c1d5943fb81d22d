//! What a worker counts in open loop besides: how well the schedule was kept, and whose doing it
//! was where it was not.

use std::ops::AddAssign;

use super::Times;

/// A start this much after its intended time is late: well above what waking a thread takes.
const LATE_NS: u64 = 1_000_000;

/// How the schedule was kept.
#[derive(Clone, Debug, Default)]
pub struct OpenLoop {
    /// Intended start to last byte, of successes.
    pub corrected: Times,
    /// Intended to actual start, where a connection was free: the load generator's own error.
    pub lag: Times,
    /// Arrivals whose request was started.
    pub started: u64,
    /// Of these, those over a millisecond late although a connection was free.
    pub late: u64,
    /// Of these, those for which no connection was free.
    pub waited: u64,
    /// Arrivals whose request had not been started when the run ended.
    pub unsent: u64,
    /// Furthest that a start was behind its intended time, for whatever reason, in nanoseconds.
    pub behind_ns_max: u64,
    /// Most arrivals that waited at a time; of several workers, the sum of each one's most.
    pub backlog_max: u64,
}

impl OpenLoop {
    pub(super) fn started(&mut self, intended_ns: u64, started_ns: u64, had_to_wait: bool) {
        let lag_ns = started_ns - intended_ns;
        self.started += 1;
        self.behind_ns_max = self.behind_ns_max.max(lag_ns);
        if had_to_wait {
            self.waited += 1;
        } else {
            self.lag.record(lag_ns);
            self.late += u64::from(lag_ns > LATE_NS);
        }
    }

    pub(super) fn backlog(&mut self, count: u64) {
        self.backlog_max = self.backlog_max.max(count);
    }

    pub(super) fn unsent(&mut self, count: u64) {
        self.unsent += count;
        self.backlog(count);
    }
}

impl AddAssign<&Self> for OpenLoop {
    fn add_assign(&mut self, other: &Self) {
        self.corrected += &other.corrected;
        self.lag += &other.lag;
        self.started += other.started;
        self.late += other.late;
        self.waited += other.waited;
        self.unsent += other.unsent;
        self.behind_ns_max = self.behind_ns_max.max(other.behind_ns_max);
        self.backlog_max += other.backlog_max;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_start_is_late_if_nothing_but_the_worker_kept_it() {
        let mut counts = OpenLoop::default();
        counts.started(10 * MS, 10 * MS, false);
        counts.started(10 * MS, 11 * MS, false);
        counts.started(10 * MS, 11 * MS + 1, false);
        counts.started(10 * MS, 50 * MS, true);
        assert_eq!((counts.started, counts.late, counts.waited), (4, 1, 1));
        assert_eq!(counts.lag.0.len(), 3);
        assert_eq!(counts.behind_ns_max, 40 * MS);
    }

    #[test]
    fn workers_add_up() {
        let worker = |backlog, behind_ns| {
            let mut counts = OpenLoop::default();
            counts.started(0, behind_ns, true);
            counts.backlog(backlog);
            counts.backlog(1);
            counts.unsent(2);
            counts
        };
        let mut sum = worker(5, MS);
        sum += &worker(7, 3 * MS);
        assert_eq!((sum.started, sum.waited, sum.unsent), (2, 2, 4));
        assert_eq!((sum.backlog_max, sum.behind_ns_max), (12, 3 * MS));
    }
}
