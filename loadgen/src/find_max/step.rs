//! One rate that was tried: what came of it, and whether it kept the objective.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::search::{Limit, Verdict};
use crate::outcome::Cause;
use crate::plan::Slo;
use crate::record::{Background, Record, Severity, behind, too_many_unanswered};

/// One rate that was tried, in a run of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Requests per second that were offered.
    pub rate_per_second: f64,
    /// Requests per second that succeeded.
    pub achieved_per_second: f64,
    /// Requests that ended, which is how many `error_share` rests on.
    pub requests: u64,
    /// Requests that succeeded, which is how many `p99_ns` rests on.
    #[serde(default)]
    pub succeeded: u64,
    /// 99th percentile of the successes' times since their intended starts, in
    /// nanoseconds; null if nothing succeeded.
    pub p99_ns: Option<u64>,
    /// Failures as a share of the requests that ended, 0 to 1; null if none
    /// ended.
    pub error_share: Option<f64>,
    /// Requests that came due in the step, less those that ended: by how much
    /// the answers fell behind.
    pub unanswered: u64,
    /// Whether the objective was kept.
    pub met: bool,
    /// What of the objective was missed; empty if it was kept.
    pub missed: Vec<Miss>,
    /// Whose doing it was; null if the objective was kept.
    pub limited_by: Option<Limit>,
}

/// A part of an objective that was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Miss {
    /// Requests took too long, or none succeeded.
    P99,
    /// Too many failed.
    ErrorRate,
    /// Over 1 % of the requests, and more than two, had no answer when the step
    /// ended: the server falls behind, whatever the latency up to then.
    AchievedRate,
    /// Over 1 % of the connections beside the load were not there: the server bore another load.
    BackgroundMissing,
}

impl Step {
    /// Holds a finished run in open loop against the objective.
    #[must_use]
    pub fn of(record: &Record, slo: &Slo) -> Self {
        let ended = record.requests.ended();
        let intended = record.schedule.map_or(0, |schedule| schedule.intended);
        let mut step = Self {
            rate_per_second: record.plan.rate_per_second.unwrap_or_default(),
            achieved_per_second: record.rate_per_second,
            requests: ended,
            succeeded: record.requests.succeeded,
            p99_ns: record.latency_ns.corrected.map(|times| times.p99),
            error_share: record.requests.failed_share(),
            unanswered: intended.saturating_sub(ended),
            met: false,
            missed: Vec::new(),
            limited_by: None,
        };
        step.missed = step.misses(record, intended, slo);
        step.met = step.missed.is_empty();
        step.limited_by = (!step.met).then(|| step.limit(record, slo));
        step
    }

    /// What a search learns from it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.limited_by.map_or(Verdict::Kept, Verdict::Missed)
    }

    fn misses(&self, record: &Record, intended: u64, slo: &Slo) -> Vec<Miss> {
        let is_slow = self.p99_ns.is_none_or(|p99_ns| !admits(slo, p99_ns));
        let fails = self.fails(slo);
        let falls_behind = too_many_unanswered(self.unanswered, intended);
        [
            is_slow.then_some(Miss::P99),
            fails.then_some(Miss::ErrorRate),
            falls_behind.then_some(Miss::AchievedRate),
            too_few_beside(record).then_some(Miss::BackgroundMissing),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn fails(&self, slo: &Slo) -> bool {
        self.error_share
            .is_some_and(|share| share > slo.error_share)
    }

    /// Whose doing a miss was.
    ///
    /// A worker without time reads answers late, so what it measured says nothing of the server.
    /// Requests that it started late excuse the server only if they can explain the miss: on a
    /// busy machine some always are. That all connections were in use excuses it only if it
    /// answered in time on each: a server that is overloaded fills any number of them.
    fn limit(&self, record: &Record, slo: &Slo) -> Limit {
        let finds = |code| {
            let mut findings = record.validity.reasons.iter();
            findings.any(|finding| finding.code == code)
        };
        let failures = &record.failures;
        let is_out_of_sockets =
            failures[Cause::NoLocalPort] > 0 || failures[Cause::NoFileDescriptor] > 0;
        let slips = finds("schedule_slipped") && self.missed_by(slo) <= effect_of_lag(record);
        let service = record.latency_ns.total;
        let answers_in_time = service.is_some_and(|times| admits(slo, times.p99));
        let background = record.background.as_ref();
        if self.missed.contains(&Miss::BackgroundMissing) {
            // However the requests went: it is there for the connections that are missing.
            return match background.is_some_and(Background::is_short_of_sockets) {
                true => Limit::LoadGenerator,
                false => Limit::Server,
            };
        }
        if finds("client_saturated") || is_out_of_sockets || slips {
            Limit::LoadGenerator
        } else if finds("in_flight_limit") && answers_in_time && !self.fails(slo) {
            Limit::InFlight
        } else {
            Limit::Server
        }
    }

    /// The time by which the objective was missed: how much too long requests took, or how far
    /// behind the answers were at the end. No time mends failures.
    fn missed_by(&self, slo: &Slo) -> Duration {
        let by = |miss| match (miss, self.p99_ns) {
            (Miss::P99, Some(p99_ns)) => Duration::from_nanos(p99_ns).saturating_sub(slo.p99),
            (Miss::AchievedRate, _) => behind(self.unanswered, self.rate_per_second),
            (Miss::P99, None) | (Miss::ErrorRate | Miss::BackgroundMissing, _) => Duration::MAX,
        };
        let parts = self.missed.iter().map(|&miss| by(miss));
        parts.max().unwrap_or_default()
    }
}

/// What the load generator's own lag can add to a latency: a pause of its own, and as long again
/// until a server that keeps up with the rate has answered the bunch of requests that follows.
fn effect_of_lag(record: &Record) -> Duration {
    let lag = record.schedule.and_then(|schedule| schedule.lag_ns);
    2 * Duration::from_nanos(lag.map_or(0, |lag| lag.p99))
}

/// Whether the load was another one, because connections beside it were missing.
fn too_few_beside(record: &Record) -> bool {
    let mut reasons = record.validity.reasons.iter();
    reasons.any(|it| it.code == "background_missing" && it.severity == Severity::Invalid)
}

fn admits(slo: &Slo, p99_ns: u64) -> bool {
    Duration::from_nanos(p99_ns) <= slo.p99
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::{kept_schedule, sample};
    use crate::record::{Distribution, HeldConnections, Schedule};

    const SLO: Slo = Slo {
        p99: Duration::from_millis(50),
        error_share: 0.01,
    };

    /// The good sample record as a step of 10 000/s, after a change.
    fn step(change: impl FnOnce(&mut Record)) -> Step {
        let mut record = sample();
        record.plan.rate_per_second = Some(10_000.0);
        record.schedule = Some(kept_schedule());
        record.latency_ns.corrected = record.latency_ns.total;
        change(&mut record);
        Step::of(&record.judged(), &SLO)
    }

    fn judged(change: impl FnOnce(&mut Record)) -> (Vec<Miss>, Option<Limit>) {
        let step = step(change);
        assert_eq!(step.met, step.missed.is_empty());
        (step.missed, step.limited_by)
    }

    fn missed(miss: Miss, limit: Limit) -> (Vec<Miss>, Option<Limit>) {
        (vec![miss], Some(limit))
    }

    fn with_p99(times: Option<Distribution>, p99_ms: u64) -> Option<Distribution> {
        let p99 = p99_ms * 1_000_000;
        times.map(|times| Distribution { p99, ..times })
    }

    fn slow(record: &mut Record) {
        record.latency_ns.corrected = with_p99(record.latency_ns.total, 51);
    }

    #[test]
    fn a_rate_whose_p99_is_within_the_objective_is_kept() {
        let kept = step(|_| {});
        assert_eq!((kept.met, kept.limited_by), (true, None));
        assert_eq!(kept.verdict(), Verdict::Kept);
        assert_eq!((kept.requests, kept.p99_ns), (100_000, Some(21_000_000)));
        assert_eq!((kept.error_share, kept.unanswered), (Some(0.0), 0));
    }

    #[test]
    fn the_wait_before_the_start_counts() {
        assert_eq!(judged(slow), missed(Miss::P99, Limit::Server));
    }

    #[test]
    fn failures_above_the_share_are_a_miss() {
        let failing = |failed| {
            judged(move |record| {
                record.requests.failed = failed;
                record.requests.succeeded = 100_000 - failed;
            })
        };
        assert_eq!(failing(1_000), (vec![], None));
        assert_eq!(failing(1_001), missed(Miss::ErrorRate, Limit::Server));
    }

    #[test]
    fn a_server_that_falls_behind_misses_whatever_its_latency() {
        let behind = |intended, succeeded| {
            judged(move |record| {
                record.requests.succeeded = succeeded;
                record.schedule = Some(Schedule {
                    intended,
                    ..kept_schedule()
                });
            })
        };
        assert_eq!(behind(100_000, 99_000), (vec![], None));
        let behind_by_more = missed(Miss::AchievedRate, Limit::Server);
        assert_eq!(behind(100_000, 98_999), behind_by_more);
        // In a short step a request more or less is chance.
        assert_eq!(behind(30, 28), (vec![], None));
        assert_eq!(behind(30, 27), behind_by_more);
        // Those of the warm-up that ended here may make it more.
        assert_eq!(behind(30, 33), (vec![], None));
    }

    #[test]
    fn nothing_measured_is_nothing_kept() {
        let nothing = step(|record| {
            record.requests.succeeded = 0;
            record.latency_ns.corrected = None;
            record.schedule.as_mut().unwrap().intended = 1;
        });
        assert_eq!(
            (nothing.missed, nothing.error_share),
            (vec![Miss::P99], None)
        );
    }

    #[test]
    fn a_load_generator_that_is_busy_or_out_of_sockets_is_the_limit() {
        let marks: [fn(&mut Record); 3] = [
            |record| record.client.busiest_worker_cpu_share = 0.95,
            |record| record.failures[Cause::NoLocalPort] = 1,
            |record| record.failures[Cause::NoFileDescriptor] = 1,
        ];
        for mark in marks {
            let limited = judged(|record| {
                slow(record);
                mark(record);
            });
            assert_eq!(limited, missed(Miss::P99, Limit::LoadGenerator));
            // What is kept in spite of it is kept.
            assert_eq!(judged(mark), (vec![], None));
        }
    }

    #[test]
    fn a_load_generator_that_is_late_is_the_limit_where_that_explains_the_miss() {
        let limit = |p99_ms, succeeded, failed, lag_ms| {
            let (_, limit) = judged(|record| {
                let times = record.latency_ns.total;
                record.latency_ns.corrected = with_p99(times, p99_ms);
                (record.requests.succeeded, record.requests.failed) = (succeeded, failed);
                let schedule = record.schedule.as_mut().unwrap();
                schedule.lag_ns = with_p99(times, lag_ms);
                record.client.late_share = Some(0.02);
            });
            limit.unwrap()
        };
        let (server, generator) = (Limit::Server, Limit::LoadGenerator);
        assert_eq!(limit(60, 100_000, 0, 5), generator);
        assert_eq!(limit(61, 100_000, 0, 5), server);
        // 2000 of 10 000/s are 200 ms.
        assert_eq!(limit(60, 98_000, 0, 100), generator);
        assert_eq!(limit(60, 98_000, 0, 99), server);
        assert_eq!(limit(60, 90_000, 10_000, 1000), server);
    }

    #[test]
    fn a_rate_kept_without_the_connections_beside_it_is_missed() {
        let without = |held_at_start, cause: Option<Cause>| {
            judged(move |record| {
                let failures = cause.map(|it| (it.label().to_owned(), 1000 - held_at_start));
                let idle = HeldConnections {
                    asked: 1000,
                    held_at_start,
                    held_at_end: held_at_start,
                    failures: failures.into_iter().collect(),
                };
                record.background = Some(Background {
                    idle: Some(idle),
                    ..Background::default()
                });
            })
        };
        let by = |limit| missed(Miss::BackgroundMissing, limit);
        assert_eq!(without(990, None), (vec![], None));
        assert_eq!(without(989, None), by(Limit::Server));
        assert_eq!(without(0, Some(Cause::ConnectRefused)), by(Limit::Server));
        let no_socket = without(0, Some(Cause::NoFileDescriptor));
        assert_eq!(no_socket, by(Limit::LoadGenerator));
    }

    #[test]
    fn connections_are_the_limit_if_the_server_answers_in_time_on_each() {
        let full = |service_p99_ms| {
            judged(move |record| {
                slow(record);
                record.latency_ns.total = with_p99(record.latency_ns.total, service_p99_ms);
                record.schedule.as_mut().unwrap().waited = 50_000;
            })
        };
        assert_eq!(full(50), missed(Miss::P99, Limit::InFlight));
        assert_eq!(full(51), missed(Miss::P99, Limit::Server));
    }
}
