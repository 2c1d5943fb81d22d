//! What a worker counts: every request once, every time once.
//!
//! Each worker owns one recorder, so that recording takes no lock and shares no cache line; at the
//! end they are added up.

mod buckets;
mod open_loop;
mod path;
mod seconds;

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use hdrhistogram::Histogram;

pub(crate) use buckets::DIGITS as SECOND_DIGITS;
pub use open_loop::OpenLoop;
pub use path::PathTally;
pub use seconds::{SecondTally, Seconds};

use crate::engine::control::nanoseconds;
use crate::http1::Answer;
use crate::outcome::{Cause, Outcome};
use crate::plan::Plan;
use crate::record::{Bytes, Connections, Failures, Requests};

/// Longest time that is told from longer ones, in nanoseconds: an hour.
pub(crate) const LONGEST_NS: u64 = 3_600_000_000_000;

/// Significant digits of recorded times.
const DIGITS: u8 = 3;

/// One request: what it asked for, and when what happened, in nanoseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The index of its path in the plan.
    pub path: usize,
    /// The schedule wanted the request to start; `started_ns` in closed loop.
    pub intended_ns: u64,
    /// The connection was asked for, or, on one that was open, the request was written.
    pub started_ns: u64,
    /// The connection was open, and secured if it is to be; `started_ns` if it was before.
    pub connected_ns: u64,
    /// The request's last byte was written, if it was.
    pub sent_ns: Option<u64>,
    /// The answer's first byte arrived, if one did.
    pub first_byte_ns: Option<u64>,
    /// The request ended.
    pub ended_ns: u64,
}

impl Timing {
    /// Of a request for the path with this index that starts now.
    #[must_use]
    pub fn starting(now_ns: u64, path: usize) -> Self {
        Self {
            path,
            intended_ns: now_ns,
            started_ns: now_ns,
            connected_ns: now_ns,
            sent_ns: None,
            first_byte_ns: None,
            ended_ns: now_ns,
        }
    }
}

/// The counts and distributions of one worker, or of several added up.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// Nanoseconds since the run began at which its measured part did.
    measured_from_ns: u64,
    /// Every request, by outcome.
    pub requests: Requests,
    /// Failed requests, by cause.
    pub failures: Failures,
    /// Answers that arrived whole, by status.
    pub statuses: Statuses,
    /// What became of connections.
    pub connections: Connections,
    /// What went over them.
    pub bytes: Bytes,
    /// Start to last byte, of successes.
    pub total: Times,
    /// Opening of connections.
    pub connect: Times,
    /// TLS handshakes.
    pub tls: Times,
    /// Start to first byte, of successes of which somebody noted it.
    pub first_byte: Times,
    /// Start to failure.
    pub failed: Times,
    /// Start to the end of the run, of requests that were under way then.
    pub cancelled: Times,
    /// How the schedule was kept, in open loop.
    pub open_loop: Option<OpenLoop>,
    /// What only ab's text shows, if it was asked for.
    pub ab: Option<AbCounts>,
    /// What ended in each second.
    pub seconds: Seconds,
    /// By path, if there are several.
    pub paths: Vec<PathTally>,
}

/// A distribution of nanoseconds.
#[derive(Clone, Debug)]
pub struct Times(pub Histogram<u64>);

/// What only ab's text shows. Its table has every answer that arrived whole, whether or not it
/// was the expected one, and some of its columns are counted from other points than ours.
#[derive(Clone, Debug, Default)]
pub struct AbCounts {
    /// Opening of the connection, 0 on one that was open.
    pub connect: Times,
    /// Connection open to last byte.
    pub processing: Times,
    /// Request written to first byte.
    pub waiting: Times,
    /// Start to last byte.
    pub total: Times,
    /// Answers that left their connection open.
    pub kept_alive: u64,
}

/// Answers by status: an array, since every answer counts here.
#[derive(Clone, Debug)]
pub struct Statuses(Vec<u64>);

impl Recorder {
    /// An empty recorder for what `plan` asks to be recorded.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        let paths = &plan.scenario.paths;
        let tallies = paths.are_many().then(|| paths.list().len());
        Self {
            paths: vec![PathTally::default(); tallies.unwrap_or_default()],
            open_loop: plan.load.schedule().map(|_| OpenLoop::default()),
            ..Self::new(nanoseconds(plan.warmup), plan.ab_times)
        }
    }

    /// An empty recorder of a run whose measured part begins at `measured_from_ns`.
    #[must_use]
    pub fn new(measured_from_ns: u64, for_ab: bool) -> Self {
        Self {
            measured_from_ns,
            requests: Requests::default(),
            failures: Failures::default(),
            statuses: Statuses::default(),
            connections: Connections::default(),
            bytes: Bytes::default(),
            total: Times::default(),
            connect: Times::default(),
            tls: Times::default(),
            first_byte: Times::default(),
            failed: Times::default(),
            cancelled: Times::default(),
            open_loop: None,
            ab: for_ab.then(AbCounts::default),
            seconds: Seconds::default(),
            paths: Vec::new(),
        }
    }

    /// A request is begun; [`Self::ended`] must follow, once.
    pub fn issued(&mut self) {
        self.requests.issued += 1;
    }

    /// In open loop, with [`Self::issued`]: the request that was to start at `intended_ns` starts.
    /// `had_to_wait` says that no connection was free at some time in between.
    pub fn started(&mut self, intended_ns: u64, started_ns: u64, had_to_wait: bool) {
        if let Some(open_loop) = &mut self.open_loop {
            open_loop.started(intended_ns, started_ns, had_to_wait);
        }
    }

    /// In open loop: so many requests have come due and wait for a connection.
    pub fn backlog(&mut self, count: u64) {
        if let Some(open_loop) = &mut self.open_loop {
            open_loop.backlog(count);
        }
    }

    /// In open loop, once: the run has ended before these requests, which had come due, were
    /// started. They are issued and cancelled.
    pub fn unsent(&mut self, count: u64) {
        if let Some(open_loop) = &mut self.open_loop {
            open_loop.unsent(count);
            self.requests.issued += count;
            self.requests.cancelled += count;
        }
    }

    /// A connection was secured, which took this long, by resuming a session or anew.
    pub fn secured(&mut self, took_ns: u64, is_resumed: bool) {
        self.connections.resumed += u64::from(is_resumed);
        self.tls.record(took_ns);
    }

    /// A connection was opened, which took this long.
    pub fn connected(&mut self, took_ns: u64) {
        self.connections.opened += 1;
        self.connect.record(took_ns);
    }

    /// An answer arrived whole, whether or not it was the expected one.
    pub fn answered(&mut self, answer: &Answer) {
        self.statuses.count(answer.status);
        if let Some(ab) = &mut self.ab {
            ab.kept_alive += u64::from(answer.keep_alive);
        }
    }

    /// A request has ended, in this one way.
    pub fn ended(&mut self, outcome: Outcome, timing: &Timing) {
        if let Some(ab) = &mut self.ab
            && outcome.has_answer()
        {
            ab.record(timing);
        }
        if let Some(path) = self.paths.get_mut(timing.path) {
            path.ended(outcome, timing);
        }
        match outcome {
            Outcome::Cancelled => {
                self.requests.cancelled += 1;
                self.cancelled.record(timing.ended_ns - timing.started_ns);
            }
            Outcome::Failed(cause) => self.failed(cause, timing),
            Outcome::Succeeded => self.succeeded(timing),
        }
    }

    fn failed(&mut self, cause: Cause, timing: &Timing) {
        self.requests.failed += 1;
        self.failures[cause] += 1;
        self.failed.record(timing.ended_ns - timing.started_ns);
        let at_ns = self.since_measured(timing.ended_ns);
        self.seconds.failed(at_ns);
    }

    fn succeeded(&mut self, timing: &Timing) {
        let total_ns = timing.ended_ns - timing.started_ns;
        self.requests.succeeded += 1;
        self.total.record(total_ns);
        if let Some(first_byte_ns) = timing.first_byte_ns {
            self.first_byte.record(first_byte_ns - timing.started_ns);
        }
        if let Some(open_loop) = &mut self.open_loop {
            let corrected_ns = timing.ended_ns.saturating_sub(timing.intended_ns);
            open_loop.corrected.record(corrected_ns);
        }
        let at_ns = self.since_measured(timing.ended_ns);
        self.seconds.succeeded(at_ns, total_ns);
    }

    /// Nanoseconds since the measured part began, of a time since the run did.
    fn since_measured(&self, at_ns: u64) -> u64 {
        at_ns.saturating_sub(self.measured_from_ns)
    }
}

impl AddAssign<&Self> for Recorder {
    /// Adds what another worker of the same run counted.
    fn add_assign(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.statuses += &other.statuses;
        self.connections += other.connections;
        self.bytes += other.bytes;
        self.total += &other.total;
        self.connect += &other.connect;
        self.tls += &other.tls;
        self.first_byte += &other.first_byte;
        self.failed += &other.failed;
        self.cancelled += &other.cancelled;
        if let (Some(open_loop), Some(other)) = (&mut self.open_loop, &other.open_loop) {
            *open_loop += other;
        }
        if let (Some(ab), Some(other)) = (&mut self.ab, &other.ab) {
            ab.connect += &other.connect;
            ab.processing += &other.processing;
            ab.waiting += &other.waiting;
            ab.total += &other.total;
            ab.kept_alive += other.kept_alive;
        }
        for (path, other) in self.paths.iter_mut().zip(&other.paths) {
            *path += other;
        }
        self.seconds += &other.seconds;
    }
}

impl AbCounts {
    fn record(&mut self, timing: &Timing) {
        let first_byte_ns = timing.first_byte_ns.unwrap_or(timing.ended_ns);
        self.connect.record(timing.connected_ns - timing.started_ns);
        self.processing
            .record(timing.ended_ns - timing.connected_ns);
        // An answer may begin before the request is written whole.
        self.waiting
            .record(first_byte_ns.saturating_sub(timing.sent_ns.unwrap_or(first_byte_ns)));
        self.total.record(timing.ended_ns - timing.started_ns);
    }
}

impl Times {
    fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    /// The time that `share` (0 to 1) of the requests did not exceed: nearest rank.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }
}

impl Default for Times {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS);
        Self(histogram.expect("the bounds are in order and the digits 0 to 5"))
    }
}

impl AddAssign<&Self> for Times {
    fn add_assign(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("all times are recorded within the same bounds");
    }
}

impl Statuses {
    const FIRST: u16 = 100;
    const COUNT: usize = 900;

    fn count(&mut self, status: u16) {
        // Three digits are all that a status line can hold, and the first is no 0.
        self.0[usize::from(status - Self::FIRST)] += 1;
    }

    /// Adds what was counted elsewhere; `None` if a status line cannot hold this.
    pub(crate) fn add(&mut self, status: u16, count: u64) -> Option<()> {
        let index = status.checked_sub(Self::FIRST)?;
        *self.0.get_mut(usize::from(index))? += count;
        Some(())
    }

    /// Those that came, with their counts.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<u16, u64> {
        (Self::FIRST..)
            .zip(self.0.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Self(vec![0; Self::COUNT])
    }
}

impl AddAssign<&Self> for Statuses {
    fn add_assign(&mut self, other: &Self) {
        for (count, other) in self.0.iter_mut().zip(&other.0) {
            *count += other;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arbitrary_outcome() -> impl Strategy<Value = (Outcome, Timing)> {
        let outcome = prop_oneof![
            Just(Outcome::Succeeded),
            Just(Outcome::Cancelled),
            (0..Cause::ALL.len()).prop_map(|index| Outcome::Failed(Cause::ALL[index])),
        ];
        (outcome, 0_u64..5_000_000_000, 0_u64..3_000_000_000).prop_map(|(outcome, start, took)| {
            let timing = Timing {
                path: 0,
                intended_ns: start - start / 3,
                started_ns: start,
                connected_ns: start + took / 4,
                sent_ns: Some(start + took / 3),
                first_byte_ns: Some(start + took / 2),
                ended_ns: start + took,
            };
            (outcome, timing)
        })
    }

    fn record(outcomes: &[(Outcome, Timing)]) -> Recorder {
        let mut recorder = Recorder {
            open_loop: Some(OpenLoop::default()),
            ..Recorder::new(0, true)
        };
        for (outcome, timing) in outcomes {
            recorder.issued();
            recorder.started(timing.intended_ns, timing.started_ns, false);
            recorder.ended(*outcome, timing);
        }
        recorder
    }

    #[test]
    fn latency_counts_from_the_actual_start_and_from_the_intended_one() {
        let timing = Timing {
            intended_ns: 200_000,
            ended_ns: 1_500_000,
            ..Timing::starting(1_000_000, 0)
        };
        let recorder = record(&[(Outcome::Succeeded, timing)]);
        let corrected = recorder.open_loop.unwrap().corrected;
        let of = |times: &Times| (times.quantile(0.5).as_secs_f64() * 1e4).round() / 10.0;
        assert_eq!((of(&recorder.total), of(&corrected)), (0.5, 1.3));
    }

    proptest! {
        #[test]
        fn every_request_is_counted_once(outcomes in proptest::collection::vec(arbitrary_outcome(), 0..50)) {
            let recorder = record(&outcomes);
            let requests = recorder.requests;
            prop_assert_eq!(requests.issued, outcomes.len() as u64);
            prop_assert_eq!(requests.issued, requests.succeeded + requests.failed + requests.cancelled);
            prop_assert_eq!(requests.failed, recorder.failures.total());
            prop_assert_eq!(requests.succeeded, recorder.total.0.len());
            prop_assert_eq!(requests.failed, recorder.failed.0.len());
            let by_second: u64 = recorder.seconds.tallies().values().map(|second| second.succeeded + second.failed).sum();
            prop_assert_eq!(by_second, requests.ended());
        }

        #[test]
        fn recorders_add_up_to_one_that_saw_everything(
            one in proptest::collection::vec(arbitrary_outcome(), 0..30),
            other in proptest::collection::vec(arbitrary_outcome(), 0..30),
        ) {
            let mut sum = record(&one);
            sum += &record(&other);
            let whole = record(&[one, other].concat());
            prop_assert_eq!(sum.requests, whole.requests);
            prop_assert_eq!(sum.failures, whole.failures);
            prop_assert_eq!(&sum.total.0, &whole.total.0);
            prop_assert_eq!(&sum.failed.0, &whole.failed.0);
            prop_assert_eq!(sum.seconds.tallies(), whole.seconds.tallies());
            let (sum, whole) = (sum.open_loop.unwrap(), whole.open_loop.unwrap());
            prop_assert_eq!(&sum.corrected.0, &whole.corrected.0);
            prop_assert_eq!((sum.started, sum.late), (whole.started, whole.late));
        }

        #[test]
        fn what_was_not_sent_is_issued_and_cancelled(
            outcomes in proptest::collection::vec(arbitrary_outcome(), 0..50),
            unsent in 0_u64..1000,
        ) {
            let mut recorder = record(&outcomes);
            recorder.unsent(unsent);
            let requests = recorder.requests;
            prop_assert_eq!(requests.issued, outcomes.len() as u64 + unsent);
            prop_assert_eq!(requests.issued, requests.succeeded + requests.failed + requests.cancelled);
            let open_loop = recorder.open_loop.unwrap();
            prop_assert_eq!(open_loop.started + open_loop.unsent, requests.issued);
        }
    }
}
