//! What a worker counts of each second of the run.

use std::collections::BTreeMap;
use std::mem;
use std::ops::AddAssign;

use hdrhistogram::Histogram;

use super::buckets::{Buckets, Packed};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// What ended in each second.
///
/// The present second is counted apart, so that a request costs a comparison and a few additions.
/// Its latencies are packed when the first request of a later second succeeds. A success that ended
/// earlier than that and is heard of only now, as happens around the turn of a second where several
/// threads make requests, is added to what was packed of its second.
#[derive(Clone, Debug, Default)]
pub struct Seconds {
    /// Of those in which something ended, without the present second's successes. A recorder that
    /// is new in the middle of a run costs nothing for the seconds before.
    tallies: BTreeMap<u64, SecondTally>,
    present: Present,
}

/// The successes of the latest second that has had one.
#[derive(Clone, Debug, Default)]
struct Present {
    second: u64,
    /// When it began, in nanoseconds of the run.
    from_ns: u64,
    /// But for its latencies.
    tally: SecondTally,
    latencies: Buckets,
}

/// What ended within one second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondTally {
    /// Requests that succeeded.
    pub succeeded: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Sum of the successes' latencies in nanoseconds.
    pub latency_ns_sum: u64,
    /// Longest of them.
    pub latency_ns_max: u64,
    /// All of them.
    latencies: Packed,
}

impl Seconds {
    /// Adds what was counted elsewhere of the second with this index.
    pub(crate) fn add(&mut self, second: u64, tally: &SecondTally) {
        *self.tally(second) += tally;
    }

    /// A request failed at this time of the run.
    pub(super) fn failed(&mut self, at_ns: u64) {
        self.tally(second(at_ns)).failed += 1;
    }

    /// A request succeeded at this time of the run, having taken this long.
    #[inline]
    pub(super) fn succeeded(&mut self, at_ns: u64, latency_ns: u64) {
        match self.present.has(at_ns) {
            true => self.present.succeeded(latency_ns),
            false => self.succeeded_elsewhere(at_ns, latency_ns),
        }
    }

    /// Of each second in which something ended.
    #[must_use]
    pub fn tallies(&self) -> BTreeMap<u64, SecondTally> {
        let mut all = self.clone();
        all.put_away(&self.present);
        all.tallies
    }

    /// In another second than the present one: the next, or one that was believed to be over.
    #[cold]
    fn succeeded_elsewhere(&mut self, at_ns: u64, latency_ns: u64) {
        let second = second(at_ns);
        if second > self.present.second {
            let over = mem::replace(&mut self.present, Present::of(second));
            self.put_away(&over);
            self.present.succeeded(latency_ns);
        } else {
            let tally = self.tally(second);
            tally.succeeded(latency_ns);
            tally.latencies.count(latency_ns);
        }
    }

    /// Adds what was counted apart.
    fn put_away(&mut self, present: &Present) {
        if present.tally.succeeded > 0 {
            let tally = self.tally(present.second);
            *tally += &present.tally;
            tally.latencies += &present.latencies.pack();
        }
    }

    fn tally(&mut self, second: u64) -> &mut SecondTally {
        self.tallies.entry(second).or_default()
    }
}

impl AddAssign<&Self> for Seconds {
    fn add_assign(&mut self, other: &Self) {
        for (second, other) in &other.tallies {
            *self.tally(*second) += other;
        }
        self.put_away(&other.present);
    }
}

impl Present {
    fn of(second: u64) -> Self {
        Self {
            second,
            from_ns: second * NS_PER_SECOND,
            ..Self::default()
        }
    }

    fn has(&self, at_ns: u64) -> bool {
        // What was before it wraps around to a very long time after it.
        at_ns.wrapping_sub(self.from_ns) < NS_PER_SECOND
    }

    fn succeeded(&mut self, latency_ns: u64) {
        self.tally.succeeded(latency_ns);
        self.latencies.count(latency_ns);
    }
}

fn second(at_ns: u64) -> u64 {
    at_ns / NS_PER_SECOND
}

impl SecondTally {
    /// The same with these latencies, in buckets of two digits; `None` if there are more of them
    /// than a second has room for.
    pub(crate) fn with_latencies(self, latencies: &Histogram<u64>) -> Option<Self> {
        let latencies = Packed::of(latencies)?;
        Some(Self { latencies, ..self })
    }

    /// The latency that 99 % of the successes did not exceed, in nanoseconds, to two digits and
    /// never above the longest; `None` if there was no success.
    #[must_use]
    pub fn latency_ns_p99(&self) -> Option<u64> {
        let p99 = self.latencies.quantile_ns(0.99);
        p99.map(|ns| ns.min(self.latency_ns_max))
    }

    /// All latencies of the successes, to two digits.
    #[must_use]
    pub fn latencies(&self) -> Histogram<u64> {
        self.latencies.histogram()
    }

    /// But for the latencies, which are counted in one way or another.
    fn succeeded(&mut self, latency_ns: u64) {
        self.succeeded += 1;
        self.latency_ns_sum += latency_ns;
        self.latency_ns_max = self.latency_ns_max.max(latency_ns);
    }
}

impl AddAssign<&Self> for SecondTally {
    fn add_assign(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.latency_ns_sum = self.latency_ns_sum.saturating_add(other.latency_ns_sum);
        self.latency_ns_max = self.latency_ns_max.max(other.latency_ns_max);
        self.latencies += &other.latencies;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::LONGEST_NS;
    use super::*;

    const MS: u64 = 1_000_000;

    fn of(successes: &[(u64, u64)]) -> Seconds {
        let mut seconds = Seconds::default();
        for (at_ns, latency_ns) in successes {
            seconds.succeeded(*at_ns, *latency_ns);
        }
        seconds
    }

    fn p99s(seconds: &Seconds) -> Vec<(u64, Option<u64>)> {
        let tallies = seconds.tallies().into_iter();
        tallies
            .map(|(second, tally)| (second, tally.latency_ns_p99()))
            .collect()
    }

    /// At any time of four seconds, so that most come after one that ended later.
    fn success() -> impl Strategy<Value = (u64, u64)> {
        (0_u64..4_000_000_000, 0_u64..10_000_000_000)
    }

    #[test]
    fn each_second_has_its_own_p99() {
        let seconds = of(&[(0, MS), (500 * MS, 2 * MS), (2_500 * MS, 7 * MS)]);
        assert_eq!(p99s(&seconds), [(0, Some(2 * MS)), (2, Some(7 * MS))]);
    }

    #[test]
    fn one_in_a_hundred_is_above_the_p99_and_two_are_not() {
        let with_slow = |slow: usize| {
            let took_ns = |index| if index < slow { 900 * MS } else { 100 };
            let successes: Vec<_> = (0..100).map(|index| (0, took_ns(index))).collect();
            p99s(&of(&successes))
        };
        assert_eq!(with_slow(1), [(0, Some(100))]);
        assert_eq!(with_slow(2), [(0, Some(900 * MS))]);
    }

    #[test]
    fn what_is_heard_of_late_counts_in_the_second_it_ended_in() {
        let seconds = of(&[(0, MS), (1_000 * MS, MS), (999 * MS, 5 * MS)]);
        assert_eq!(p99s(&seconds), [(0, Some(5 * MS)), (1, Some(MS))]);
    }

    #[test]
    fn what_begins_late_in_a_run_has_nothing_of_the_seconds_before() {
        let late = u64::MAX / NS_PER_SECOND;
        let mut seconds = of(&[(late * NS_PER_SECOND, MS)]);
        seconds.failed((late - 2) * NS_PER_SECOND);
        assert_eq!(p99s(&seconds), [(late - 2, None), (late, Some(MS))]);
    }

    #[test]
    fn a_second_of_failures_has_no_p99() {
        let mut seconds = of(&[(0, MS)]);
        seconds.failed(1_000 * MS);
        seconds.failed(1_500 * MS);
        assert_eq!(p99s(&seconds), [(0, Some(MS)), (1, None)]);
        assert_eq!(p99s(&Seconds::default()), []);
    }

    proptest! {
        #[test]
        fn the_latencies_of_all_seconds_are_those_of_the_whole(successes in vec(success(), 1..200)) {
            let tallies = of(&successes).tallies();
            let mut sum = Packed::default();
            let mut whole = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 2).unwrap();
            for tally in tallies.values() {
                prop_assert_eq!(tally.latencies.times().map(|(_, count)| count).sum::<u64>(), tally.succeeded);
                sum += &tally.latencies;
            }
            for (_, latency_ns) in &successes {
                whole.record(*latency_ns).unwrap();
            }
            let kept: Vec<_> = sum.times().collect();
            let recorded = whole.iter_recorded();
            let recorded: Vec<_> = recorded
                .map(|value| (value.value_iterated_to(), value.count_at_value()))
                .collect();
            prop_assert_eq!(kept, recorded);
        }

        #[test]
        fn the_order_in_which_they_are_heard_of_does_not_matter(successes in vec(success(), 0..200)) {
            let mut in_order = successes.clone();
            in_order.sort_unstable();
            prop_assert_eq!(of(&successes).tallies(), of(&in_order).tallies());
        }

        #[test]
        fn workers_add_up(one in vec(success(), 0..100), other in vec(success(), 0..100)) {
            let mut sum = of(&one);
            sum += &of(&other);
            let whole = of(&[one, other].concat());
            prop_assert_eq!(sum.tallies(), whole.tallies());
        }
    }
}
