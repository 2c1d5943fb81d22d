//! Judges a run by what its record says: a pure function, so that anyone can
//! judge an old record again, and no judgement rests on what was not written.

use super::{Distribution, HeldConnections, Merged, Reason, Record, Validity};
use crate::outcome::Cause;

/// Above this share of missing connections beside the load the server bore another one.
const BACKGROUND_MISSING_SHARE_MAX: f64 = 0.01;
/// A worker busier than this share of the time had no time left to find out
/// how fast the server is.
const WORKER_CPU_SHARE_MAX: f64 = 0.90;
/// Above this share of late starts the offered rate is not the planned one.
const LATE_SHARE_MAX: f64 = 0.01;
/// Above this share of their time spent waiting for a file the workers' rate
/// and latencies are partly the disk's.
const SAMPLES_WAIT_SHARE_MAX: f64 = 0.01;
/// Above this share of arrivals without a free connection the 99th percentile
/// is that of the wait for one.
const WAITED_SHARE_MAX: f64 = 0.01;
/// Above this share of failures what is left describes no server at work:
/// failing is often faster than answering.
const FAILED_SHARE_MAX: f64 = 0.01;
/// Above this share of unfinished requests, which are the slow ones, those that
/// finished no longer stand for all.
const CANCELLED_SHARE_MAX: f64 = 0.10;
/// A request that has waited longer than the longest answer took, times this, is none of those
/// that were about to be answered.
const STARVED_WAIT_FACTOR: u64 = 2;
/// A pause of this machine at the end of a run makes every request under way older, but seldom by
/// as much as this.
const STARVED_WAIT_NS_MIN: u64 = 100_000_000;
/// A percentile is worth quoting with this many samples beyond it.
const SAMPLES_BEYOND_PERCENTILE_MIN: f64 = 10.0;
/// Stolen CPU time above this share is seen in rates.
const CPU_STEAL_SHARE_MAX: f64 = 0.05;
/// A change within the run above this share is no longer noise of one run.
const RATE_CHANGE_MAX: f64 = 0.10;
/// With fewer whole seconds a third is too short to have a rate.
const DRIFT_SECONDS_MIN: usize = 4;

/// With all shards there for less than this share of the time, a rate that is only of that time
/// wants to be known as such.
const OVERLAP_SHARE_GOOD: f64 = 0.90;
/// With less, most of the run is in no rate.
const OVERLAP_SHARE_MIN: f64 = 0.50;
/// Clocks that may be further apart than this make a second of one machine part of another's.
const CLOCK_ERROR_S_MAX: f64 = 0.1;
/// In a short run less matters: as much of it as there may be without all shards.
const CLOCK_ERROR_SHARE_MAX: f64 = 1.0 - OVERLAP_SHARE_GOOD;

impl Record {
    /// The same record with its validity filled in by [`judge`].
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.validity = judge(&self);
        self
    }
}

/// What is to be known before the record's numbers are believed. Reads every
/// field but `validity`.
pub fn judge(record: &Record) -> Validity {
    let reasons = [
        no_success(record),
        interrupted(record),
        debug_build(record),
        ports_exhausted(record),
        descriptors_exhausted(record),
        failures_present(record),
        background_missing(record),
        client_saturated(record),
        schedule_slipped(record),
        samples_held_up(record),
        in_flight_limit(record),
        cut_short(record),
        starved(record),
        too_few_samples(record),
        syn_retransmits(record),
        accept_queue_overflow(record),
        cpu_steal(record),
        rate_drifted(record),
        shards_missing(record),
        shards_apart(record),
        workers_lost(record),
        clocks_unsure(record),
        reports_cut_short(record),
        versions_differ(record),
    ];
    let elsewhere = record.imported.as_ref();
    let elsewhere = elsewhere.map(|imported| imported.reasons(record));
    let reasons = reasons.into_iter().flatten();
    Validity::from(
        reasons
            .chain(elsewhere.into_iter().flatten())
            .collect::<Vec<_>>(),
    )
}

fn no_success(record: &Record) -> Option<Reason> {
    let requests = &record.requests;
    let reason = match requests.issued == 0 && !record.interrupted {
        true => Reason::NothingBegun,
        false => Reason::NoSuccess,
    };
    (requests.succeeded == 0).then_some(reason)
}

fn interrupted(record: &Record) -> Option<Reason> {
    record.interrupted.then_some(Reason::Interrupted)
}

fn debug_build(record: &Record) -> Option<Reason> {
    (record.tool.profile == "debug").then_some(Reason::DebugBuild)
}

fn ports_exhausted(record: &Record) -> Option<Reason> {
    let requests = record.failures[Cause::NoLocalPort];
    (requests > 0).then_some(Reason::PortsExhausted { requests })
}

fn descriptors_exhausted(record: &Record) -> Option<Reason> {
    let requests = record.failures[Cause::NoFileDescriptor];
    (requests > 0).then_some(Reason::DescriptorsExhausted { requests })
}

fn failures_present(record: &Record) -> Option<Reason> {
    let share = record.requests.failed_share()?;
    (share > 0.0).then_some(Reason::FailuresPresent {
        share,
        too_many: share > FAILED_SHARE_MAX,
    })
}

fn background_missing(record: &Record) -> Option<Reason> {
    let background = record.background.as_ref()?;
    let sum = |number: fn(&HeldConnections) -> u64| background.kinds().map(number).sum::<u64>();
    let (asked, missing) = (sum(|kind| kind.asked), sum(HeldConnections::missing));
    // An interrupted run may have had no time to open them.
    (missing > 0 && !record.interrupted).then_some(Reason::BackgroundMissing {
        asked,
        held_at_start: sum(|kind| kind.held_at_start),
        held_at_end: sum(|kind| kind.held_at_end),
        // Of each kind: ten slow readers are as much of the load as ten thousand idle ones.
        too_many: background
            .kinds()
            .any(|kind| kind.missing() as f64 > kind.asked as f64 * BACKGROUND_MISSING_SHARE_MAX),
    })
}

fn client_saturated(record: &Record) -> Option<Reason> {
    let share = record.client.busiest_worker_share();
    let busy_share = match record.plan.spin {
        Some(true) => busy_without_a_place(share, record.schedule?.waited_share())?,
        _ => share,
    };
    (busy_share > WORKER_CPU_SHARE_MAX).then_some(Reason::ClientSaturated { share })
}

/// How busy a worker was, at least, while no connection was free; `None` if that was seldom.
///
/// A worker that spins is busy as long as it has a place for the next request, and that says
/// nothing; whether it has time left then is seen by its starts being late. Without a place it
/// sleeps until an answer comes, unless it has no time to.
fn busy_without_a_place(busy_share: f64, waited_share: f64) -> Option<f64> {
    let spun_share_max = 1.0 - waited_share;
    (waited_share > WAITED_SHARE_MAX).then(|| (busy_share - spun_share_max) / waited_share)
}

fn schedule_slipped(record: &Record) -> Option<Reason> {
    let share = record.client.late_share?;
    (share > LATE_SHARE_MAX).then_some(Reason::ScheduleSlipped { share })
}

fn samples_held_up(record: &Record) -> Option<Reason> {
    let workers_s = record.elapsed_s * record.client.threads as f64;
    let share = record.client.samples_wait_s? / workers_s;
    (share > SAMPLES_WAIT_SHARE_MAX).then_some(Reason::SamplesHeldUp { share })
}

/// A worker that finds no time to read its answers has no free connection either, and that is no
/// fault of the limit or the server.
fn in_flight_limit(record: &Record) -> Option<Reason> {
    if client_saturated(record).is_some() {
        return None;
    }
    let share = record.schedule?.waited_share();
    (share > WAITED_SHARE_MAX).then_some(Reason::InFlightLimit { share })
}

fn cut_short(record: &Record) -> Option<Reason> {
    let requests = &record.requests;
    let share = requests.cancelled as f64 / requests.issued.max(1) as f64;
    (share > CANCELLED_SHARE_MAX).then_some(Reason::CutShort { share })
}

/// Any one that waits will do: those that hang for the whole run are few among the many that an
/// end always cuts off. A run that is hardly longer than its answers take shows none.
fn starved(record: &Record) -> Option<Reason> {
    let cancelled = record.latency_ns.cancelled?;
    let longest_ns = record.latency_ns.total?.max;
    let usual_ns = STARVED_WAIT_NS_MIN.max(longest_ns.saturating_mul(STARVED_WAIT_FACTOR));
    let (starved_min, waited_ns) = cancelled.at_least_above(usual_ns)?;
    (!record.interrupted).then_some(Reason::Starved {
        requests: cancelled.count,
        starved_min,
        waited_s: waited_ns as f64 / 1e9,
    })
}

fn too_few_samples(record: &Record) -> Option<Reason> {
    let (count, percentiles) = quoted(record)?;
    let count = count as f64;
    // The tolerance keeps 1000 samples, of which 9.999… lie beyond p99.
    let beyond = |percentile: f64| count * (100.0 - percentile) / 100.0 + 1e-6;
    percentiles
        .into_iter()
        .find(|&percentile| beyond(percentile) < SAMPLES_BEYOND_PERCENTILE_MIN)
        .map(|percentile| Reason::TooFewSamples { percentile })
}

/// On how many samples percentiles rest, at most, and which these are. The largest sample is none.
fn quoted(record: &Record) -> Option<(u64, Vec<f64>)> {
    if let Some(imported) = &record.imported {
        let percentiles = imported.percentiles.iter().map(|it| it.percentile);
        let percentiles = percentiles.filter(|&percentile| percentile < 100.0);
        return Some((record.requests.ended(), percentiles.collect()));
    }
    let count = record.latency_ns.total?.count;
    Some((count, Distribution::PERCENTILES.to_vec()))
}

fn syn_retransmits(record: &Record) -> Option<Reason> {
    let segments = record.network?.syn_retransmits?;
    (segments > 0).then_some(Reason::SynRetransmits { segments })
}

fn accept_queue_overflow(record: &Record) -> Option<Reason> {
    let times = record.network?.listen_overflows?;
    (times > 0).then_some(Reason::AcceptQueueOverflow { times })
}

fn cpu_steal(record: &Record) -> Option<Reason> {
    let share = record.environment.cpu_steal_share?;
    (share > CPU_STEAL_SHARE_MAX).then_some(Reason::CpuSteal { share })
}

/// Compares the first third of the whole seconds with the last third, unless the load itself is
/// to change. Of shards only those seconds count in which all ran.
fn rate_drifted(record: &Record) -> Option<Reason> {
    let plan = &record.plan;
    let merged = record.merged.as_ref();
    if plan.rate_to_per_second.is_some()
        || plan.arrival.as_deref() == Some("poisson")
        // Whose users come and go as its master wants.
        || merged.is_some_and(Merged::is_of_locust)
    {
        return None;
    }
    let common = merged.map(|merged| merged.common_rows(&record.started_at));
    let common = common.unwrap_or(0..usize::MAX);
    let rows = (0..).zip(&record.series);
    let whole = rows.filter(|(index, second)| common.contains(index) && second.elapsed_s >= 1.0);
    let whole: Vec<u64> = whole.map(|(_, second)| second.succeeded).collect();
    if whole.len() < DRIFT_SECONDS_MIN {
        return None;
    }
    let third = whole.len() / 3;
    let first: u64 = whole[..third].iter().sum();
    let last: u64 = whole[whole.len() - third..].iter().sum();
    let change = last as f64 / first.max(1) as f64 - 1.0;
    (change.abs() > RATE_CHANGE_MAX).then_some(Reason::RateDrifted { change })
}

fn shards_missing(record: &Record) -> Option<Reason> {
    let merged = record.merged.as_ref()?;
    let missing = merged.missing.len() as u64;
    let of = missing + merged.shards.len() as u64;
    (missing > 0).then_some(Reason::ShardsMissing { missing, of })
}

fn shards_apart(record: &Record) -> Option<Reason> {
    let merged = record.merged.as_ref()?;
    // Locust's workers may, and nobody promised when which of them would be there.
    let come_and_go = merged.shards.iter().any(|shard| shard.worker.is_some());
    (merged.overlap_share < OVERLAP_SHARE_GOOD).then_some(Reason::ShardsApart {
        overlap_s: merged.overlap_s,
        elapsed_s: record.elapsed_s,
        come_and_go,
        too_little: merged.overlap_share < OVERLAP_SHARE_MIN && !come_and_go,
    })
}

fn workers_lost(record: &Record) -> Option<Reason> {
    let shards = &record.merged.as_ref()?.shards;
    let lost = shards.iter().filter(|shard| shard.lost).count() as u64;
    (lost > 0).then_some(Reason::WorkersLost {
        lost,
        of: shards.len() as u64,
        reports: shards.iter().map(|shard| shard.reports_missing).sum(),
    })
}

/// One machine's clock is in step with itself.
fn clocks_unsure(record: &Record) -> Option<Reason> {
    let merged = record.merged.as_ref().filter(|it| it.machines > 1)?;
    let error_s = merged.clock_error_s_max.unwrap_or_default();
    let matters_s = CLOCK_ERROR_S_MAX.min(record.elapsed_s * CLOCK_ERROR_SHARE_MAX);
    let is_unsure = merged.clocks_unsynchronised > 0 || error_s > matters_s;
    is_unsure.then_some(Reason::ClocksUnsure {
        unsynchronised: merged.clocks_unsynchronised,
        shards: merged.shards.len() as u64,
        error_s_max: merged.clock_error_s_max,
    })
}

fn reports_cut_short(record: &Record) -> Option<Reason> {
    let merged = record.merged.as_ref()?;
    merged.cut_short.then_some(Reason::ReportsCutShort)
}

fn versions_differ(record: &Record) -> Option<Reason> {
    let versions = record.merged.as_ref()?.versions.len() as u64;
    (versions > 1).then_some(Reason::VersionsDiffer { versions })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::{kept_schedule, merged, sample};
    use crate::record::{Background, Network, Plan, Schedule, Second, Severity};

    /// The codes that a change of the good sample record brings.
    fn codes(change: impl FnOnce(&mut Record)) -> Vec<(String, Severity)> {
        let mut record = sample();
        change(&mut record);
        let validity = judge(&record);
        assert_eq!(validity.valid, validity.objections().next().is_none());
        validity
            .reasons
            .into_iter()
            .map(|finding| (finding.code, finding.severity))
            .collect()
    }

    fn one(code: &str, severity: Severity) -> Vec<(String, Severity)> {
        vec![(code.to_owned(), severity)]
    }

    fn seconds(counts: &[u64]) -> Vec<Second> {
        let row = |(start_s, &succeeded): (usize, &u64)| Second {
            start_s: start_s as u64,
            elapsed_s: 1.0,
            succeeded,
            failed: 0,
            latency_ns_mean: None,
            latency_ns_p99: None,
            latency_ns_max: None,
        };
        counts.iter().enumerate().map(row).collect()
    }

    fn drifted(series: &[Second]) -> Option<Reason> {
        let mut record = sample();
        record.series = series.to_vec();
        rate_drifted(&record)
    }

    #[test]
    fn a_good_run_has_nothing_against_it() {
        assert_eq!(codes(|_| {}), []);
        assert!(judge(&sample()).valid);
    }

    #[test]
    fn what_makes_a_run_worthless_is_invalid() {
        let invalid = |code| one(code, Severity::Invalid);
        assert_eq!(codes(|r| r.requests.succeeded = 0), invalid("no_success"));
        assert_eq!(codes(|r| r.interrupted = true), invalid("interrupted"));
        assert_eq!(
            codes(|r| r.tool.profile = "debug".into()),
            invalid("debug_build")
        );
        assert_eq!(
            codes(|r| r.failures[Cause::NoLocalPort] = 1),
            invalid("ports_exhausted")
        );
        assert_eq!(
            codes(|r| r.failures[Cause::NoFileDescriptor] = 1),
            invalid("descriptors_exhausted")
        );
    }

    /// The codes that a change of what the sample was put together of brings.
    fn merged_codes(change: impl FnOnce(&mut Merged)) -> Vec<(String, Severity)> {
        codes(|r| change(r.merged.insert(merged())))
    }

    #[test]
    fn shards_that_ran_apart_are_a_note_and_invalid_if_for_most_of_the_time() {
        let together = |share| merged_codes(|it| it.overlap_share = share);
        assert_eq!(together(0.9), []);
        assert_eq!(together(0.89), one("shards_apart", Severity::Note));
        assert_eq!(together(0.5), one("shards_apart", Severity::Note));
        assert_eq!(together(0.49), one("shards_apart", Severity::Invalid));
    }

    #[test]
    fn workers_that_come_and_go_are_a_note_however_long_all_were_there() {
        let found = merged_codes(|it| {
            it.overlap_share = 0.01;
            it.shards[0].worker = Some("worker".to_owned());
        });
        assert_eq!(found, one("shards_apart", Severity::Note));
    }

    #[test]
    fn clocks_matter_where_there_are_several() {
        let note = || one("clocks_unsure", Severity::Note);
        assert_eq!(merged_codes(|it| it.clock_error_s_max = Some(0.1)), []);
        assert_eq!(merged_codes(|it| it.clock_error_s_max = Some(0.11)), note());
        assert_eq!(merged_codes(|it| it.clocks_unsynchronised = 1), note());
        let one_machine = merged_codes(|it| {
            it.machines = 1;
            it.clocks_unsynchronised = 2;
        });
        assert_eq!(one_machine, []);
        // In half a second a twentieth of one is much.
        let short = codes(|r| {
            r.elapsed_s = 0.5;
            r.merged.insert(merged()).clock_error_s_max = Some(0.06);
        });
        assert_eq!(short, note());
    }

    #[test]
    fn shards_that_are_not_there_make_it_invalid() {
        let missing = merged_codes(|it| it.missing = vec![2]);
        assert_eq!(missing, one("shards_missing", Severity::Invalid));
    }

    #[test]
    fn a_lost_worker_is_a_note_unless_reports_in_between_are_missing() {
        let lost = |reports| {
            merged_codes(move |it| {
                it.shards[0].lost = true;
                it.shards[0].reports_missing = reports;
            })
        };
        assert_eq!(lost(0), one("workers_lost", Severity::Note));
        assert_eq!(lost(1), one("workers_lost", Severity::Invalid));
    }

    #[test]
    fn what_was_cut_short_or_made_by_several_versions_is_noted() {
        let cut_short = merged_codes(|it| it.cut_short = true);
        assert_eq!(cut_short, one("reports_cut_short", Severity::Note));
        let versions = ["0.1.0", "0.2.0"].map(str::to_owned).to_vec();
        let differ = merged_codes(|it| it.versions = versions);
        assert_eq!(differ, one("versions_differ", Severity::Note));
    }

    #[test]
    fn failures_are_a_note_up_to_one_percent_and_invalid_above() {
        let failing = |failed| {
            codes(move |r| {
                // What an open loop could not send says nothing of how many fail.
                r.requests.issued = 100_000;
                r.requests.succeeded = 10_000 - failed;
                r.requests.failed = failed;
            })
        };
        assert_eq!(failing(100), one("failures_present", Severity::Note));
        assert_eq!(failing(101), one("failures_present", Severity::Invalid));
    }

    #[test]
    fn connections_beside_the_load_may_miss_one_in_a_hundred() {
        let held = |held_at_start, held_at_end| {
            codes(move |r| {
                let idle = HeldConnections {
                    asked: 1000,
                    held_at_start,
                    held_at_end,
                    ..HeldConnections::default()
                };
                r.background = Some(Background {
                    idle: Some(idle),
                    ..Background::default()
                });
            })
        };
        assert_eq!(held(1000, 1000), []);
        let missing = |severity| one("background_missing", severity);
        assert_eq!(held(990, 990), missing(Severity::Note));
        assert_eq!(held(1000, 989), missing(Severity::Invalid));
        assert_eq!(held(989, 989), missing(Severity::Invalid));
    }

    #[test]
    fn a_kind_of_connections_that_is_missing_is_not_hidden_by_the_other() {
        let kind = |asked, held| {
            Some(HeldConnections {
                asked,
                held_at_start: held,
                held_at_end: held,
                ..HeldConnections::default()
            })
        };
        let found = codes(|r| {
            r.background = Some(Background {
                idle: kind(10_000, 10_000),
                slow_readers: kind(10, 0),
                ..Background::default()
            });
        });
        assert_eq!(found, one("background_missing", Severity::Invalid));
    }

    #[test]
    fn a_busy_worker_a_slipped_schedule_or_a_slow_disk_limits_the_rate_and_leaves_the_run_valid() {
        let limits = |code| one(code, Severity::LimitsRate);
        let busy = |share| codes(move |r| r.client.busiest_worker_cpu_share = share);
        assert_eq!(busy(0.90), []);
        assert_eq!(busy(0.91), limits("client_saturated"));
        let late = |share| codes(move |r| r.client.late_share = Some(share));
        assert_eq!(late(0.01), []);
        assert_eq!(late(0.02), limits("schedule_slipped"));
        let held_up = |share| {
            codes(move |r| {
                let workers_s = r.elapsed_s * r.client.threads as f64;
                r.client.samples_wait_s = Some(share * workers_s);
            })
        };
        assert_eq!(held_up(0.009), []);
        assert_eq!(held_up(0.011), limits("samples_held_up"));
    }

    #[test]
    fn arrivals_without_a_connection_are_noted_whether_they_were_sent_or_not() {
        let waiting = |waited, unsent| {
            codes(move |r| {
                let kept = kept_schedule();
                r.schedule = Some(Schedule {
                    waited,
                    unsent,
                    ..kept
                });
            })
        };
        assert_eq!(waiting(500, 500), []);
        assert_eq!(waiting(501, 500), one("in_flight_limit", Severity::Note));
        let of_a_saturated_worker = codes(|r| {
            let kept = kept_schedule();
            r.schedule = Some(Schedule {
                waited: 501,
                unsent: 500,
                ..kept
            });
            r.client.busiest_worker_cpu_share = 0.99;
        });
        assert_eq!(
            of_a_saturated_worker,
            one("client_saturated", Severity::LimitsRate)
        );
    }

    #[test]
    fn answers_that_had_not_come_are_missed_from_a_tenth_on() {
        let cancelled = |cancelled| {
            codes(move |r| {
                r.requests.issued = 1000;
                r.requests.cancelled = cancelled;
            })
        };
        assert_eq!(cancelled(100), []);
        assert_eq!(cancelled(101), one("cut_short", Severity::Note));
    }

    /// Ten requests that were under way at the end of the sample, whose answers took 45 ms at most.
    fn waiting(p50_ms: u64, p75_ms: u64, max_ms: u64) -> impl FnOnce(&mut Record) {
        let ns = |ms| ms * 1_000_000;
        move |record| {
            let total = record.latency_ns.total.unwrap();
            record.latency_ns.cancelled = Some(Distribution {
                count: 10,
                p50: ns(p50_ms),
                p75: ns(p75_ms),
                p90: ns(max_ms),
                p95: ns(max_ms),
                p99: ns(max_ms),
                p99_9: ns(max_ms),
                p99_99: ns(max_ms),
                max: ns(max_ms),
                ..total
            });
        }
    }

    #[test]
    fn connections_that_waited_over_twice_as_long_as_any_answer_took_were_starved() {
        let starved = || one("starved", Severity::Note);
        assert_eq!(codes(waiting(10, 10, 100)), []);
        assert_eq!(codes(waiting(10, 10, 101)), starved());
        assert_eq!(codes(waiting(101, 101, 101)), starved());
        let with_slow_answers = |max_ms| {
            codes(move |r| {
                r.latency_ns.total.as_mut().unwrap().max = 1_000_000_000;
                waiting(10, 10, max_ms)(r);
            })
        };
        assert_eq!(with_slow_answers(2000), []);
        assert_eq!(with_slow_answers(2001), starved());
    }

    #[test]
    fn the_starved_are_told_from_those_that_the_end_cut_off() {
        let found = |change: &dyn Fn(&mut Record)| {
            let mut record = sample();
            change(&mut record);
            starved(&record)
        };
        // The 8th of ten, in order, is the 75th percentile: it and two more.
        let three = Reason::Starved {
            requests: 10,
            starved_min: 3,
            waited_s: 2.0,
        };
        assert_eq!(found(&|r| waiting(10, 2000, 2000)(r)), Some(three));
        let one_only = found(&|r| {
            waiting(10, 10, 10)(r);
            r.latency_ns.cancelled.as_mut().unwrap().max = 2_000_000_000;
        });
        assert!(
            matches!(one_only, Some(Reason::Starved { starved_min: 1, .. })),
            "{one_only:?}"
        );
    }

    #[test]
    fn who_is_starved_is_seen_in_a_run_that_was_cut_short_too() {
        let found = codes(|r| {
            r.requests.issued = 20;
            r.requests.cancelled = 10;
            waiting(10, 2000, 2000)(r);
        });
        let found: Vec<_> = found.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(found, ["cut_short", "starved"]);
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        let lowest_doubtful = |count| {
            let mut record = sample();
            record.latency_ns.total.as_mut().unwrap().count = count;
            too_few_samples(&record)
        };
        let doubtful = |percentile| Some(Reason::TooFewSamples { percentile });
        assert_eq!(lowest_doubtful(100_000), None);
        assert_eq!(lowest_doubtful(99_999), doubtful(99.99));
        assert_eq!(lowest_doubtful(1_000), doubtful(99.9));
        assert_eq!(lowest_doubtful(999), doubtful(99.0));
        assert_eq!(lowest_doubtful(1), doubtful(50.0));
    }

    #[test]
    fn kernel_counters_and_steal_are_notes() {
        let note = |code| one(code, Severity::Note);
        let network = |network| codes(move |r| r.network = Some(network));
        let syn = Network {
            syn_retransmits: Some(1),
            ..Network::default()
        };
        assert_eq!(network(syn), note("syn_retransmits"));
        let overflow = Network {
            listen_overflows: Some(1),
            ..Network::default()
        };
        assert_eq!(network(overflow), note("accept_queue_overflow"));
        assert_eq!(codes(|r| r.environment.cpu_steal_share = Some(0.05)), []);
        assert_eq!(
            codes(|r| r.environment.cpu_steal_share = Some(0.06)),
            note("cpu_steal")
        );
    }

    #[test]
    fn a_drift_is_seen_between_the_first_and_the_last_third() {
        assert_eq!(drifted(&seconds(&[100, 50, 1])), None);
        assert_eq!(drifted(&seconds(&[100, 50, 150, 105])), None);
        let slowed = drifted(&seconds(&[100, 100, 100, 100, 80, 80]));
        assert!(matches!(slowed, Some(Reason::RateDrifted { change }) if change < -0.19));
        let stalled = drifted(&seconds(&[0, 100, 100, 100]));
        assert!(matches!(stalled, Some(Reason::RateDrifted { change }) if change > 0.0));
    }

    #[test]
    fn shards_that_come_and_go_are_no_drift_of_those_that_ran_together() {
        let drifted = |change: fn(&mut Merged)| {
            let mut record = sample();
            record.series = seconds(&[100, 200, 200, 200, 200, 150, 100]);
            let merged = record.merged.insert(merged());
            // The rows of the second begin with the second one, and the first ends in the sixth.
            merged.shards[1].started_at = "2026-03-01T12:00:00.600Z".to_owned();
            merged.shards[0].elapsed_s = 5.6;
            merged.shards[1].elapsed_s = 6.0;
            change(merged);
            rate_drifted(&record)
        };
        assert_eq!(drifted(|_| {}), None);
        assert!(drifted(|it| it.shards[0].elapsed_s = 6.0).is_some());
        // Its users come and go, too.
        assert_eq!(
            drifted(|it| {
                it.shards[0].elapsed_s = 6.0;
                it.shards[0].worker = Some("a".to_owned());
            }),
            None
        );
    }

    #[test]
    fn a_load_that_is_to_change_does_not_drift() {
        let changing = |change: fn(&mut Plan)| {
            codes(move |r| {
                r.series = seconds(&[100, 110, 120, 130]);
                change(&mut r.plan);
            })
        };
        assert_eq!(changing(|_| {}), one("rate_drifted", Severity::Note));
        assert_eq!(changing(|plan| plan.rate_to_per_second = Some(140.0)), []);
        assert_eq!(changing(|plan| plan.arrival = Some("poisson".into())), []);
    }

    #[test]
    fn a_worker_that_spins_is_busy_without_being_the_limit() {
        let spinning = codes(|r| {
            r.client.busiest_worker_cpu_share = 0.99;
            r.plan.spin = Some(true);
        });
        assert_eq!(spinning, []);
    }

    #[test]
    fn a_worker_that_spins_is_the_limit_if_it_is_busy_without_a_place_too() {
        let spinning = |share, waited| {
            codes(move |r| {
                r.plan.spin = Some(true);
                r.client.busiest_worker_runnable_share = Some(share);
                r.schedule = Some(Schedule {
                    waited,
                    ..kept_schedule()
                });
            })
        };
        let limited = one("client_saturated", Severity::LimitsRate);
        let wants_places = one("in_flight_limit", Severity::Note);
        assert_eq!(spinning(1.0, 1_000), []);
        assert_eq!(spinning(1.0, 1_001), limited);
        // All waited: what it was busy with was no spinning.
        assert_eq!(spinning(0.91, 100_000), limited);
        assert_eq!(spinning(0.89, 100_000), wants_places);
        // Half of them waited, and all the rest of the time it may have spun.
        assert_eq!(spinning(0.96, 50_000), limited);
        assert_eq!(spinning(0.94, 50_000), wants_places);
    }

    #[test]
    fn a_last_row_shorter_than_a_second_is_no_drift() {
        let mut series = seconds(&[100, 100, 100, 100, 7]);
        series[4].elapsed_s = 0.07;
        assert_eq!(drifted(&series), None);
    }

    #[test]
    fn the_worst_reason_comes_first() {
        let found = codes(|r| {
            r.network.as_mut().unwrap().syn_retransmits = Some(3);
            r.client.busiest_worker_cpu_share = 0.99;
            r.interrupted = true;
        });
        let severities: Vec<_> = found.iter().map(|(_, severity)| *severity).collect();
        assert_eq!(
            severities,
            [Severity::Invalid, Severity::LimitsRate, Severity::Note]
        );
    }
}
