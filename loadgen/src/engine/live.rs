//! What is known of a run while it runs: how many requests ended lately, and how long they took.
//!
//! For each worker there is a coarse histogram of counters that only grow. The worker alone adds
//! to it, by a load and a store; somebody who watches reads it once a second and subtracts what
//! was there a second ago. So nothing is locked, reset or exchanged, and the worker's cache lines
//! are disturbed once a second. If nobody watches there are no counters at all.
//!
//! The record rests on none of this: it has a histogram of three digits, see `recorder`.

use std::array;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::outcome::Outcome;

/// Times are told apart down to this, a power of two, in nanoseconds.
const UNIT_NS: u64 = 64;

/// Buckets for each doubling, a power of two: from the second octave on a bucket is at most a
/// sixteenth of its times wide, so that its middle is within 3.2 % of each.
const BUCKETS_PER_OCTAVE: usize = 16;

/// Up to 137 s; what took longer counts in the last bucket.
const BUCKETS: usize = 28 * BUCKETS_PER_OCTAVE;

/// Where a worker tells what has ended; it forgets everything if nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live<'a>(Option<&'a Counters>);

/// All workers' counters.
#[derive(Debug)]
pub struct LiveCounts(Box<[Counters]>);

/// One worker's counters, on cache lines of their own.
#[derive(Debug)]
#[repr(align(128))]
struct Counters {
    failed: AtomicU64,
    /// Successes by latency. They wrap around, which differences do not mind.
    succeeded: [AtomicU32; BUCKETS],
}

/// All workers' counts at one moment, or what was added between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTally {
    /// Requests that failed.
    pub failed: u64,
    by_latency: Vec<u32>,
}

impl Live<'_> {
    /// A request has ended, so long after its start.
    ///
    /// For one thread at a time: of two at once one might not be counted.
    #[inline]
    pub fn ended(self, outcome: Outcome, latency_ns: u64) {
        let Some(counters) = self.0 else {
            return;
        };
        match outcome {
            Outcome::Succeeded => {
                let counter = &counters.succeeded[bucket(latency_ns)];
                let count = counter.load(Ordering::Relaxed);
                counter.store(count.wrapping_add(1), Ordering::Relaxed);
            }
            Outcome::Failed(_) => {
                let count = counters.failed.load(Ordering::Relaxed);
                counters.failed.store(count + 1, Ordering::Relaxed);
            }
            // Says nothing about the server, and comes when nobody looks any more.
            Outcome::Cancelled => {}
        }
    }
}

impl LiveCounts {
    /// For so many workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        let counters = |_| Counters {
            failed: AtomicU64::new(0),
            succeeded: array::from_fn(|_| AtomicU32::new(0)),
        };
        Self((0..workers).map(counters).collect())
    }

    /// Where worker `index` tells.
    #[must_use]
    pub fn worker(&self, index: usize) -> Live<'_> {
        Live(Some(&self.0[index]))
    }

    /// What has ended by now.
    #[must_use]
    pub fn tally(&self) -> LiveTally {
        let mut tally = LiveTally::default();
        for counters in &self.0 {
            tally.failed += counters.failed.load(Ordering::Relaxed);
            for (sum, count) in tally.by_latency.iter_mut().zip(&counters.succeeded) {
                *sum = sum.wrapping_add(count.load(Ordering::Relaxed));
            }
        }
        tally
    }
}

impl LiveTally {
    /// What was added since `earlier`, if no bucket got more than 2³² in between.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self.by_latency.iter().zip(&earlier.by_latency);
        Self {
            failed: self.failed - earlier.failed,
            by_latency: counts.map(|(now, then)| now.wrapping_sub(*then)).collect(),
        }
    }

    /// Requests that succeeded.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.by_latency.iter().map(|count| u64::from(*count)).sum()
    }

    /// The time that `share` (0 to 1) of the successes did not exceed, by nearest rank, to 3.2 %;
    /// `None` if there are none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let rank = (self.succeeded() as f64 * share).ceil().max(1.0) as u64;
        let mut counted = 0;
        let bucket = self.by_latency.iter().position(|count| {
            counted += u64::from(*count);
            counted >= rank
        });
        bucket.map(|bucket| Duration::from_nanos(middle_ns(bucket)))
    }
}

impl Default for LiveTally {
    fn default() -> Self {
        Self {
            failed: 0,
            by_latency: vec![0; BUCKETS],
        }
    }
}

/// The first octave's buckets are one unit wide, and so are the second's; from there on they
/// double with each octave.
fn bucket(latency_ns: u64) -> usize {
    const HIGHEST_OF_FIRST: u64 = BUCKETS_PER_OCTAVE as u64 - 1;
    let units = latency_ns / UNIT_NS;
    let octave = (units | HIGHEST_OF_FIRST).ilog2() - HIGHEST_OF_FIRST.ilog2();
    let within = (units >> octave.saturating_sub(1)) & HIGHEST_OF_FIRST;
    let bucket = octave as usize * BUCKETS_PER_OCTAVE + within as usize;
    bucket.min(BUCKETS - 1)
}

/// The middle of what [`bucket`] puts there.
fn middle_ns(bucket: usize) -> u64 {
    let (octave, within) = (bucket / BUCKETS_PER_OCTAVE, bucket % BUCKETS_PER_OCTAVE);
    let (first, width) = match octave {
        0 => (within, 1),
        _ => {
            let width = 1 << (octave - 1);
            ((BUCKETS_PER_OCTAVE + within) * width, width)
        }
    };
    first as u64 * UNIT_NS + width as u64 * UNIT_NS / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::Cause;

    /// The longest time that is told from longer ones, and a bit less.
    const LONGEST_NS: u64 = 137_000_000_000;

    proptest! {
        #[test]
        fn a_time_is_near_the_middle_of_its_bucket(latency_ns in 1_000..LONGEST_NS) {
            let middle_ns = middle_ns(bucket(latency_ns));
            let error = middle_ns.abs_diff(latency_ns) as f64 / latency_ns as f64;
            prop_assert!(error < 0.033, "{} for {}", middle_ns, latency_ns);
        }

        #[test]
        fn quantiles_are_those_of_the_times_within_four_percent(
            mut times in proptest::collection::vec(1_000..LONGEST_NS, 1..200),
            share in 0.0..=1.0_f64,
        ) {
            let counts = LiveCounts::new(2);
            for (index, time_ns) in times.iter().enumerate() {
                counts.worker(index % 2).ended(Outcome::Succeeded, *time_ns);
            }
            times.sort_unstable();
            let rank = (times.len() as f64 * share).ceil().max(1.0) as usize;
            let exact_ns = times[rank - 1] as f64;
            let found_ns = counts.tally().quantile(share).unwrap().as_nanos() as f64;
            prop_assert!((found_ns / exact_ns - 1.0).abs() < 0.04, "{} for {}", found_ns, exact_ns);
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut last = 0;
        for units in 0..100_000 {
            let bucket = bucket(units * UNIT_NS);
            assert!(bucket == last || bucket == last + 1, "{units} units");
            last = bucket;
        }
    }

    #[test]
    fn the_shortest_and_the_longest_times_have_a_bucket() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(LONGEST_NS), BUCKETS - 1);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn what_was_added_in_between_is_a_difference() {
        let counts = LiveCounts::new(2);
        let refused = Outcome::Failed(Cause::ConnectRefused);
        counts.worker(0).ended(Outcome::Succeeded, 1_000_000);
        counts.worker(1).ended(refused, 5);
        let then = counts.tally();
        counts.worker(1).ended(Outcome::Succeeded, 9_000_000);
        counts.worker(1).ended(refused, 5);
        counts.worker(1).ended(Outcome::Cancelled, 5);
        let between = counts.tally().since(&then);
        assert_eq!((between.succeeded(), between.failed), (1, 1));
        let median_ms = between.quantile(0.5).unwrap().as_secs_f64() * 1e3;
        assert!((8.7..9.3).contains(&median_ms), "{median_ms}");
        assert_eq!(counts.tally().failed, 2);
    }

    #[test]
    fn counters_that_wrap_around_still_differ_by_what_was_added() {
        let tally = |count| LiveTally {
            by_latency: vec![count],
            ..LiveTally::default()
        };
        assert_eq!(tally(3).since(&tally(u32::MAX - 1)).succeeded(), 5);
    }

    #[test]
    fn without_requests_there_is_no_quantile() {
        assert_eq!(LiveTally::default().quantile(0.99), None);
    }
}
