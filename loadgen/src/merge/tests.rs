use std::fs;
use std::path::PathBuf;
use std::slice;
use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{MergeError, Outcome, Sources, merge};
use crate::outcome::{Cause, Outcome as Ended};
use crate::record::sample::sample;
use crate::record::{
    ClockQuality, Part, Record, Requests, Schedule, Shard, build, encode_histogram, epoch_ms,
    timestamp,
};
use crate::recorder::{OpenLoop, PathTally, Recorder, Timing};

const S: u64 = 1_000_000_000;
/// 2026-03-01T12:00:00Z
const NOON_MS: u64 = 1_772_366_400_000;
const PATHS: [&str; 2] = ["/a", "/b"];

/// What is done to the records of four shards.
type Change = fn(&mut Vec<Record>);

/// One request: how it ended, when, having taken how long, and for which path.
type Sample = (Ended, u64, u64, usize);

fn at_ms(ms: u64) -> String {
    timestamp(UNIX_EPOCH + Duration::from_millis(ms))
}

/// What counted these requests, of an open loop for two paths.
fn recorder(samples: &[Sample]) -> Recorder {
    // The run's clock began 20 s before its measured part.
    let mut recorder = Recorder::new(20 * S, false);
    recorder.open_loop = Some(OpenLoop::default());
    recorder.paths = vec![PathTally::default(); PATHS.len()];
    for &(outcome, at_ns, took_ns, path) in samples {
        let started_ns = 20 * S + at_ns - took_ns;
        recorder.issued();
        recorder.started(started_ns - took_ns / 3, started_ns, took_ns % 2 == 0);
        recorder.connected(took_ns / 2);
        recorder.ended(
            outcome,
            &Timing {
                intended_ns: started_ns - took_ns / 3,
                first_byte_ns: Some(started_ns + took_ns / 2),
                ended_ns: 20 * S + at_ns,
                ..Timing::starting(started_ns, path)
            },
        );
    }
    recorder
}

/// The record of these requests, without a place among others.
fn record(samples: &[Sample], started_ms: u64, elapsed_s: f64) -> Record {
    frozen(&recorder(samples), started_ms, elapsed_s)
}

fn frozen(recorder: &Recorder, started_ms: u64, elapsed_s: f64) -> Record {
    let started_at = at_ms(started_ms);
    let latency_ns = build::latency(recorder);
    let rate_per_second = recorder.requests.succeeded as f64 / elapsed_s;
    let schedule = build::schedule(recorder);
    let mut record = sample();
    record.client.late_share = schedule.as_ref().map(Schedule::late_share);
    Record {
        id: format!("{started_at}-1"),
        started_at,
        elapsed_s,
        requests: recorder.requests,
        failures: recorder.failures,
        statuses: recorder.statuses.to_map(),
        connections: recorder.connections,
        bytes: recorder.bytes,
        rate_per_second,
        metrics: build::metrics(
            &recorder.requests,
            rate_per_second,
            latency_ns.total.as_ref(),
        ),
        latency_ns,
        histograms: build::histograms(recorder, true),
        series: build::series(&recorder.seconds.tallies(), elapsed_s),
        paths: build::paths(PATHS.into_iter(), recorder),
        schedule,
        server: None,
        network: None,
        ..record
    }
}

/// A shard of a run that is called `run`.
fn shard(index: u64, of: u64, record: Record) -> Record {
    let mut plan = record.plan.clone();
    plan.connections *= of;
    Record {
        id: format!("{}-{index}", record.id),
        shard: Some(Shard {
            index,
            of: Some(of),
            run_id: "run".to_owned(),
            plan_hash: "abc".to_owned(),
            plan: Box::new(plan),
            scheduler: None,
            start_at: None,
            late_s: None,
            clock: ClockQuality {
                synchronised: Some(true),
                error_s_max: Some(0.001),
            },
            machine: format!("machine {}", index / 2),
            network_namespace: Some(format!("namespace {}", index / 2)),
            part: None,
        }),
        ..record
    }
}

/// A report of a worker of Locust.
fn report(worker: &str, sequence: u64, is_last: bool, record: Record) -> Record {
    let mut record = shard(worker.len() as u64, 100, record);
    record.id = format!("{worker}-{sequence}");
    record.series.retain(|row| row.succeeded + row.failed > 0);
    let shard = record.shard.as_mut().unwrap();
    shard.of = None;
    shard.machine = worker.to_owned();
    shard.network_namespace = None;
    shard.part = Some(Part {
        worker: worker.to_owned(),
        sequence,
        is_last,
    });
    record
}

/// So many successes of 10 ms, spread over the whole seconds from one to the other.
fn steady(per_second: u64, seconds: std::ops::Range<u64>) -> Vec<Sample> {
    let at = |index: u64| seconds.start * S + index * S / per_second + 5_000_000;
    let count = per_second * (seconds.end - seconds.start);
    (0..count)
        .map(|index| (Ended::Succeeded, at(index), 10_000_000, 0))
        .collect()
}

/// Each record in a file of its own.
fn files(records: &[Record]) -> (TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().unwrap();
    let write = |(index, record): (usize, &Record)| {
        let path = directory.path().join(format!("{index}.json"));
        fs::write(&path, record.to_json()).unwrap();
        path
    };
    let paths = records.iter().enumerate().map(write).collect();
    (directory, paths)
}

/// Merges what is in files of their own.
fn outcome(records: &[Record], allow_missing: bool) -> Result<Outcome, MergeError> {
    let (_directory, paths) = files(records);
    merge(Sources::open(&paths)?, allow_missing)
}

/// What they become, with nothing to say of it.
fn merged(records: &[Record], allow_missing: bool) -> Result<Record, MergeError> {
    let outcome = outcome(records, allow_missing)?;
    assert_eq!(outcome.warnings, [""; 0]);
    Ok(outcome.record)
}

/// What is said of them, without the directory.
fn refused(records: &[Record]) -> String {
    let (directory, paths) = files(records);
    let error = merge(Sources::open(&paths).unwrap(), false).unwrap_err();
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    let directory = format!("{}/", directory.path().display());
    text.replace(&directory, "")
}

/// Merges one file of this text.
fn merged_text(text: &str) -> Result<Outcome, MergeError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("reports.jsonl");
    fs::write(&path, text).unwrap();
    merge(Sources::open(&[path]).unwrap(), false)
}

fn lines(records: &[Record]) -> String {
    let line = |record: &Record| serde_json::to_string(record).unwrap() + "\n";
    records.iter().map(line).collect()
}

fn four() -> Vec<Record> {
    let one = |index| shard(index, 4, record(&steady(100, 0..10), NOON_MS, 10.0));
    (0..4).map(one).collect()
}

fn codes(record: &Record) -> Vec<&str> {
    let reasons = &record.validity.reasons;
    reasons.iter().map(|it| it.code.as_str()).collect()
}

/// All that is the same whoever counted the requests.
fn numbers(record: &Record) -> serde_json::Value {
    let mut numbers = serde_json::to_value(record).unwrap();
    let fields = numbers.as_object_mut().unwrap();
    for own in [
        "id",
        "plan",
        "client",
        "merged",
        "shard",
        "tool",
        "validity",
        "target",
        "environment",
    ] {
        fields.remove(own);
    }
    let histograms = fields["histograms"].as_object_mut().unwrap();
    for of_parts in ["seconds", "paths", "cancelled", "lag"] {
        histograms.remove(of_parts);
    }
    for rate in ["/rate_per_second", "/metrics/requests_per_sec"] {
        let rate = numbers.pointer_mut(rate).unwrap();
        *rate = serde_json::json!((rate.as_f64().unwrap() * 1e6).round() / 1e6);
    }
    numbers
}

fn arbitrary_sample() -> impl Strategy<Value = Sample> {
    let outcome = prop_oneof![
        5 => Just(Ended::Succeeded),
        1 => Just(Ended::Cancelled),
        1 => (0..Cause::ALL.len()).prop_map(|index| Ended::Failed(Cause::ALL[index])),
    ];
    let took_ns = prop_oneof![0_u64..10_000, 0_u64..5 * S];
    (outcome, 0_u64..4 * S, took_ns, 0..PATHS.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn shards_add_up_to_what_one_recorder_of_all_samples_says_in_whatever_order_they_are_given(
        samples in vec((arbitrary_sample(), 0_usize..3), 1..150),
        (first, second) in (0_usize..3, 0_usize..2),
    ) {
        let all: Vec<Sample> = samples.iter().map(|(sample, _)| *sample).collect();
        let of = |index| {
            let own = samples.iter().filter(|(_, shard)| *shard == index);
            let own: Vec<Sample> = own.map(|(sample, _)| *sample).collect();
            shard(index as u64, 3, record(&own, NOON_MS, 4.0))
        };
        let in_order: Vec<Record> = (0..3).map(of).collect();
        let sum = merged(&in_order, false).unwrap();
        let whole = record(&all, NOON_MS, 4.0);
        let mut expected = numbers(&whole);
        // Backlogs are of workers.
        expected["schedule"]["backlog_max"] = numbers(&sum)["schedule"]["backlog_max"].clone();
        prop_assert_eq!(numbers(&sum), expected);

        let mut shuffled = in_order.clone();
        let other = vec![
            shuffled.remove(first),
            shuffled.remove(second),
            shuffled.remove(0),
        ];
        prop_assert_eq!(merged(&other, false).unwrap(), sum);
    }

    #[test]
    fn whenever_shards_begin_and_whatever_is_their_machines_own_the_counts_are_those_of_all(
        samples in vec((arbitrary_sample(), 0_usize..3), 1..50),
        later_ms in vec(0_u64..=2500, 3),
        longer_s in vec(0.0..1.5, 3),
        cores in vec(0_usize..2, 3),
    ) {
        let of = |index| {
            let own = samples.iter().filter(|(_, shard)| *shard == index);
            let own: Vec<Sample> = own.map(|(sample, _)| *sample).collect();
            let elapsed_s = 4.0 + longer_s[index];
            let record = record(&own, NOON_MS + later_ms[index], elapsed_s);
            let mut record = shard(index as u64, 3, record);
            record.shard.as_mut().unwrap().plan.cpu_list = vec![cores[index]];
            record
        };
        let mut shards: Vec<Record> = (0..3).map(of).collect();
        let sum = merged(&shards, false).unwrap();
        let all: Vec<Sample> = samples.iter().map(|(sample, _)| *sample).collect();
        let whole = record(&all, NOON_MS, 4.0);
        for field in ["requests", "failures", "statuses", "bytes", "latency_ns", "paths"] {
            prop_assert_eq!(&numbers(&sum)[field], &numbers(&whole)[field]);
        }
        let rows = || sum.series.iter().map(|row| row.succeeded + row.failed);
        prop_assert_eq!(rows().sum::<u64>(), sum.requests.ended());
        for row in &sum.series {
            prop_assert!(row.elapsed_s > 0.0 || row.succeeded + row.failed == 0, "{row:?}");
        }
        shards.rotate_left(1);
        prop_assert_eq!(merged(&shards, false).unwrap(), sum);
    }

    #[test]
    fn adding_two_and_then_a_third_is_adding_the_last_two_first(
        samples in vec((arbitrary_sample(), 0_usize..3), 1..100),
    ) {
        let of = |index| {
            let own = samples.iter().filter(|(_, shard)| *shard == index);
            let own: Vec<Sample> = own.map(|(sample, _)| *sample).collect();
            recorder(&own)
        };
        let [mut left, mut middle, right] = [of(0), of(1), of(2)];
        left += &middle;
        left += &right;
        middle += &right;
        let mut other = of(0);
        other += &middle;
        prop_assert_eq!(frozen(&left, 0, 30.0), frozen(&other, 0, 30.0));
    }
}

#[test]
fn the_rate_is_that_of_the_time_in_which_all_ran() {
    // The second begins 2.5 s later, and has 50 a second.
    let one = shard(0, 2, record(&steady(100, 0..10), NOON_MS, 10.0));
    let other = shard(1, 2, record(&steady(50, 0..10), NOON_MS + 2_500, 10.0));
    let sum = merged(&[one, other], false).unwrap();
    let merged = sum.merged.as_ref().unwrap();
    assert!(
        (sum.rate_per_second - 150.0).abs() < 1e-9,
        "{}",
        sum.rate_per_second
    );
    assert_eq!(sum.metrics.requests_per_sec, sum.rate_per_second);
    assert_eq!(
        (sum.elapsed_s, merged.overlap_s, merged.overlap_share),
        (12.5, 7.5, 0.6)
    );
    assert_eq!((merged.start_skew_s, merged.machines), (2.5, 1));
    assert_eq!(sum.requests.succeeded, 1500);
    // Rounded to whole seconds it is 3 s later.
    let rows: Vec<u64> = sum.series.iter().map(|row| row.succeeded).collect();
    assert_eq!(
        rows,
        [100, 100, 100, 150, 150, 150, 150, 150, 150, 150, 50, 50, 50]
    );
    assert!(codes(&sum).contains(&"shards_apart"));
    assert!(sum.validity.valid);
}

#[test]
fn a_whole_run_as_its_only_shard_is_what_it_was() {
    let whole = record(&steady(100, 0..10), NOON_MS, 9.87);
    let sum = merged(&[shard(0, 1, whole.clone())], false).unwrap();
    assert!((sum.rate_per_second - whole.rate_per_second).abs() < 1e-9);
    assert_eq!(numbers(&sum), numbers(&whole));
    assert_eq!(sum.started_at, whole.started_at);
}

#[test]
fn what_is_not_added_up_is_the_first_shards_or_agreed_on() {
    let mut shards = four();
    for (index, record) in shards.iter_mut().enumerate() {
        record.client.cpu_s = 1.0;
        record.client.threads = 2;
        record.plan.threads = 2;
        record.client.workers_cpu_share = vec![0.1 * index as f64, 0.2];
        record.client.busiest_worker_cpu_share = 0.1 * index as f64;
        record.target.server_software = (index > 1).then(|| format!("server {index}"));
        record.environment.cpu_count = Some(if index == 3 { 8 } else { 2 });
    }
    shards.swap(0, 3);
    let sum = merged(&shards, false).unwrap();
    assert_eq!((sum.plan.threads, sum.plan.connections), (8, 600));
    assert_eq!((sum.client.threads, sum.client.cpu_s), (8, 4.0));
    assert_eq!(sum.client.cpu_us_per_request, Some(1000.0));
    assert_eq!(sum.client.workers_cpu_share.len(), 8);
    assert!((sum.client.busiest_worker_cpu_share - 0.3).abs() < 1e-9);
    assert_eq!(sum.target.server_software.as_deref(), Some("server 2"));
    assert_eq!(sum.environment.cpu_count, None);
    let merged = sum.merged.unwrap();
    assert_eq!((merged.machines, merged.shards.len()), (2, 4));
    assert_eq!(merged.clock_error_s_max, Some(0.001));
    assert_eq!(
        merged.shards[3].latency_ns_p99,
        sum.latency_ns.total.map(|it| it.p99)
    );
}

#[test]
fn settings_of_the_whole_are_the_same_in_whatever_order_and_a_machines_own_only_if_all_have_them() {
    let mut shards = four();
    for (index, record) in shards.iter_mut().enumerate() {
        let plan = &mut record.shard.as_mut().unwrap().plan;
        plan.cpu_list = vec![index];
        plan.source_addresses = vec!["10.0.0.1".to_owned()];
    }
    let sum = merged(&shards, false).unwrap();
    assert_eq!(sum.plan.cpu_list, [0; 0]);
    assert_eq!(sum.plan.source_addresses, ["10.0.0.1"]);
    shards.reverse();
    assert_eq!(merged(&shards, false).unwrap(), sum);
    shards.truncate(1);
    let plan = merged(&shards, true).unwrap().plan;
    assert_eq!(plan.cpu_list, [3]);
}

#[test]
fn a_worker_that_came_late_may_know_of_more_users() {
    let mut records = reports();
    for record in &mut records[5..] {
        record.shard.as_mut().unwrap().plan.connections += 7;
    }
    let connections = |records: &[Record]| {
        let sum = merged_text(&lines(records)).unwrap().record;
        sum.plan.connections
    };
    let most = records[5].shard.as_ref().unwrap().plan.connections;
    assert_eq!(connections(&records), most);
    records.reverse();
    assert_eq!(connections(&records), most);
}

#[test]
fn a_backlog_is_the_most_of_a_workers_reports_and_the_sum_over_workers() {
    let mut records = reports();
    for (record, backlog) in records.iter_mut().zip([5, 4, 5, 1, 0, 3, 3, 3, 3, 3]) {
        record.schedule.as_mut().unwrap().backlog_max = backlog;
    }
    let sum = merged_text(&lines(&records)).unwrap().record;
    assert_eq!(sum.schedule.unwrap().backlog_max, 8);
}

#[test]
fn rows_of_shards_are_as_long_as_what_they_are_shifted_by_makes_them() {
    // The second begins 0.5 s later: by that its rows are a whole one.
    let one = shard(0, 2, record(&steady(100, 0..6), NOON_MS, 6.0));
    let other = shard(1, 2, record(&steady(100, 0..7)[..630], NOON_MS + 500, 6.3));
    let sum = merged(&[one, other], false).unwrap();
    let row = |index: usize| (sum.series[index].succeeded, sum.series[index].elapsed_s);
    assert_eq!((row(5), row(6)), ((200, 1.0), (100, 1.0)));
    assert_eq!(row(7).0, 30);
    assert!((row(7).1 - 0.3).abs() < 1e-9, "{:?}", row(7));
    assert_eq!((sum.elapsed_s, sum.series.len()), (6.8, 8));
}

#[test]
fn shards_of_one_network_namespace_saw_the_same_counters() {
    let mut shards = four();
    for (index, record) in (0_u64..).zip(&mut shards) {
        let network = record.network.insert(sample().network.unwrap());
        network.listen_overflows = Some(10 + index);
        network.timeouts = None;
    }
    let network = merged(&shards, false).unwrap().network.unwrap();
    assert_eq!(network.listen_overflows, Some(11 + 13));
    assert_eq!(network.timeouts, None);
}

#[test]
fn what_the_server_paid_was_for_the_requests_of_all() {
    let mut shards = four();
    let server = shards[2].server.insert(sample().server.unwrap());
    server.cpu_s = 2.0;
    shards[3].server = Some(sample().server.unwrap());
    let server = merged(&shards, false).unwrap().server.unwrap();
    let cost_us = server.cpu_us_per_request.unwrap();
    assert!((cost_us - 500.0).abs() < 1e-6, "{cost_us}");
    assert_eq!(server.connections, Some(600));
}

#[test]
fn limits_that_all_shards_had_are_judged_anew() {
    use crate::plan::Gate;
    use crate::record::GateResult;
    let mut shards = four();
    let gates = [Gate::MinRate(350.0), Gate::MaxErrorRate(0.0)];
    for record in &mut shards {
        record.gates = gates
            .iter()
            .map(|gate| GateResult::of(gate, record))
            .collect();
        assert!(!record.gates[0].passed);
    }
    let sum = merged(&shards, false).unwrap();
    assert!(
        sum.gates.len() == 2 && sum.gates[0].passed,
        "{:?}",
        sum.gates
    );
    // One that was interrupted tells of no limits.
    shards[0].interrupted = true;
    let limits = std::mem::take(&mut shards[0].gates);
    let whole = outcome(&shards, false).unwrap();
    assert_eq!((&whole.gates[..], whole.warnings.len()), (&gates[..], 0));
    assert!(whole.record.interrupted && whole.record.gates.is_empty());
    shards[0].interrupted = false;
    shards[0].gates = limits;
    shards[1].gates.pop();
    let whole = outcome(&shards, false).unwrap();
    assert!(whole.gates.is_empty() && whole.record.gates.is_empty());
    let warnings = whole.warnings;
    assert!(
        warnings[0].starts_with("the shards had different gates, "),
        "{warnings:?}"
    );
}

#[test]
fn what_does_not_belong_together_is_refused_with_the_next_step() {
    let texts: Vec<(&str, Change)> = vec![
        (
            "2.json: a whole run, not a shard of one; merge records of loadgen --shard, and give \
             whole runs to loadgen compare",
            |records| records[2].shard = None,
        ),
        (
            "1.json: merged already; leave it out, and give all shards of the run at once",
            |records| records[1] = merged(&four(), false).unwrap(),
        ),
        (
            "1.json: measured by wrk, whose percentiles cannot be added; leave it out, and give \
             it to loadgen compare",
            |records| records[1].imported = Some(crate::record::sample::imported()),
        ),
        (
            "0.json is of run run and 3.json of run other; give the shards of one run",
            |records| records[3].shard.as_mut().unwrap().run_id = "other".to_owned(),
        ),
        (
            "0.json is one of 4 shards and 3.json one of 8 shards; start every shard with the \
             same count, and run them all again",
            |records| records[3].shard.as_mut().unwrap().of = Some(8),
        ),
        (
            "0.json and 3.json are shards of different plans: plan.connections is 600 and 601; \
             start every shard with the same flags, and run them all again",
            |records| {
                let shard = records[3].shard.as_mut().unwrap();
                shard.plan_hash = "def".to_owned();
                shard.plan.connections += 1;
                shard.plan.threads += 1;
            },
        ),
        (
            "0.json and 3.json are shards of different plans: the URL is http://127.0.0.1:7080/ \
             and http://other/; start every shard with the same flags, and run them all again",
            |records| {
                records[3].shard.as_mut().unwrap().plan_hash = "def".to_owned();
                records[3].target.url = "http://other/".to_owned();
            },
        ),
        (
            "1.json and 3.json are both shard 1: one of them was started again, and the server \
             bore both; run all again, without retries",
            |records| records[3].shard.as_mut().unwrap().index = 1,
        ),
        (
            "1.json and 2.json are the same record; give it once",
            |records| records[2] = records[1].clone(),
        ),
        (
            "3.json: shard 4 of 4 there cannot be; run it again",
            |records| records[3].shard.as_mut().unwrap().index = 4,
        ),
        (
            "run run lacks 2 of its 4 shards: 1-2; give their records too, or merge what there is \
             with --allow-missing",
            |records| drop(records.drain(1..3)),
        ),
        (
            "shards 0 and 3 did not run at the same time: 0 had ended 5.000 s before 3 began; run \
             all again, for longer, or with one --start-at for all",
            |records| records[3].started_at = at_ms(NOON_MS + 15_000),
        ),
        (
            "shards 0 and 3 did not run at the same time: 0 had ended 5.000 s before 3 began; \
             check the clocks (chronyc tracking), and run all again, with a later --start-at, by \
             which all are there",
            |records| {
                records[3].started_at = at_ms(NOON_MS + 15_000);
                for record in records {
                    record.shard.as_mut().unwrap().start_at = Some(at_ms(NOON_MS));
                }
            },
        ),
        (
            "shards 0 and 3 did not run at the same time: 0 had ended 3590.000 s before 3 began; \
             nothing is known to keep the clocks of shards 2-3: check them there (chronyc \
             tracking), and run all again",
            |records| {
                records[3].started_at = at_ms(NOON_MS + 3_600_000);
                for record in &mut records[2..] {
                    record.shard.as_mut().unwrap().clock.synchronised = Some(false);
                }
            },
        ),
        (
            "0.json and 3.json began or ended 365 days apart: set the machines' clocks, and run \
             all again",
            |records| records[3].started_at = "2027-03-01T12:00:00.000Z".to_owned(),
        ),
        (
            "2.json: histograms.total is missing; run this shard's run again, with one version of \
             loadgen for all",
            |records| records[2].histograms.total = None,
        ),
        (
            "2.json: histograms.seconds.7 is missing; run this shard's run again, with one version \
             of loadgen for all",
            |records| drop(records[2].histograms.seconds.remove(&7)),
        ),
        (
            "2.json: histograms.total tells times apart in another way than this program; run \
             this shard's run again, with one version of loadgen for all",
            |records| {
                let mut coarse =
                    hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1000, 2).unwrap();
                coarse.record_n(10, 1000).unwrap();
                records[2].histograms.total = encode_histogram(&coarse);
            },
        ),
        (
            "2.json: series has 999 successes and 0 failures, requests has 1000 and 0; run this \
             shard's run again, with one version of loadgen for all",
            |records| records[2].series[3].succeeded -= 1,
        ),
    ];
    for (text, change) in texts {
        let mut records = four();
        change(&mut records);
        assert_eq!(refused(&records), text);
    }
}

#[test]
fn shards_that_are_missing_are_left_out_only_if_that_is_asked_for() {
    let mut records = four();
    records.remove(1);
    let sum = merged(&records, true).unwrap();
    assert_eq!(sum.merged.as_ref().unwrap().missing, [1]);
    assert_eq!(sum.requests.succeeded, 3000);
    assert!(!sum.validity.valid && codes(&sum).contains(&"shards_missing"));
}

#[test]
fn many_records_may_come_in_one_stream_and_other_lines_may_not() {
    let records = four();
    let pretty: String = records.iter().map(Record::to_json).collect();
    let sum = merged_text(&pretty).unwrap().record;
    assert_eq!(sum, merged(&records, false).unwrap());
    assert_eq!(merged_text(&lines(&records)).unwrap().record, sum);
    let error = |text: &str| merged_text(text).unwrap_err().to_string();
    let first = lines(&records[..1]);
    let stray = error(&format!("{first}srun: error: node down\n"));
    assert!(
        stray.ends_with(
            "reports.jsonl, line 2: not JSON (srun: error: node down); leave out what is no \
             record, or give the shards' files (-o)"
        ),
        "{stray}"
    );
    let short = error(&format!("{first}{}", &pretty[..2000]));
    assert!(
        short.contains("reports.jsonl, line 2: cut short; "),
        "{short}"
    );
    let empty = error("");
    assert!(
        empty.contains("reports.jsonl: no record in it; "),
        "{empty}"
    );
    let other = error(&format!("{first}{{\"schema\": \"loadgen/run/v9\"}}"));
    assert!(
        other.contains("line 2: of schema loadgen/run/v9, newer than "),
        "{other}"
    );
}

#[test]
fn bytes_that_are_no_text_are_told_to_be_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.json");
    let text = shard(0, 1, record(&steady(100, 0..2), NOON_MS, 2.0)).to_json();
    for known in ["loadgen/run/v1", "http://127.0.0.1:7080/"] {
        let (before, after) = text.split_once(known).unwrap();
        let bytes = [before.as_bytes(), b"\xff", after.as_bytes()].concat();
        fs::write(&path, bytes).unwrap();
        let sources = Sources::open(slice::from_ref(&path)).unwrap();
        let error = merge(sources, false).unwrap_err().to_string();
        assert!(error.contains("0.json: no text in UTF-8; "), "{error}");
    }
}

#[test]
fn a_directory_without_records_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = Sources::open(&[directory.path().to_owned()]).unwrap_err();
    assert!(
        error.to_string().contains("no file in it ends in .json"),
        "{error}"
    );
    let error = Sources::open(&[PathBuf::from("no/such.json")]).unwrap_err();
    assert!(error.to_string().starts_with("no/such.json: "), "{error}");
}

/// Two workers of 10 s with reports every 2 s, 100 a second each.
fn reports() -> Vec<Record> {
    let reports = ["a", "bb"].into_iter().flat_map(|worker| {
        (0..5).map(move |sequence| {
            let samples = steady(100, 2 * sequence..2 * sequence + 2);
            let elapsed_s = 2.0 * (sequence + 1) as f64;
            let part = record(&samples, NOON_MS, elapsed_s);
            report(worker, sequence, sequence == 4, part)
        })
    });
    reports.collect()
}

#[test]
fn reports_of_workers_add_up_in_any_order() {
    let mut records = reports();
    let sum = merged_text(&lines(&records)).unwrap().record;
    records.reverse();
    assert_eq!(merged_text(&lines(&records)).unwrap().record, sum);
    assert_eq!(
        sum.requests,
        Requests {
            issued: 2000,
            succeeded: 2000,
            ..Requests::default()
        }
    );
    assert!((sum.rate_per_second - 200.0).abs() < 1e-9);
    let rows: Vec<u64> = sum.series.iter().map(|row| row.succeeded).collect();
    assert_eq!(rows, [200; 10]);
    let merged = sum.merged.as_ref().unwrap();
    let shards = &merged.shards;
    assert_eq!(shards[1].worker.as_deref(), Some("bb"));
    assert_eq!((shards[1].succeeded, shards[1].elapsed_s), (1000, 10.0));
    assert_eq!(shards[1].latency_ns_p99.map(|ns| ns / 1_000_000), Some(10));
    assert!(shards.iter().all(|shard| !shard.lost));
    let whole = record(
        &[steady(100, 0..10), steady(100, 0..10)].concat(),
        NOON_MS,
        10.0,
    );
    assert_eq!(numbers(&sum)["latency_ns"], numbers(&whole)["latency_ns"]);
    assert_eq!(numbers(&sum)["series"], numbers(&whole)["series"]);
}

#[test]
fn a_worker_without_its_last_report_was_lost_and_one_that_lacks_others_is_not_to_be_believed() {
    let mut records = reports();
    records.remove(4);
    records.remove(3);
    let sum = merged_text(&lines(&records)).unwrap().record;
    let of = sum.merged.as_ref().unwrap();
    assert!(of.shards[0].lost && !of.shards[1].lost);
    // Who was lost is not waited for.
    assert_eq!((of.overlap_s, sum.requests.succeeded), (10.0, 1600));
    assert!((sum.rate_per_second - 160.0).abs() < 1e-9);
    assert!(
        sum.validity.valid && codes(&sum).contains(&"workers_lost"),
        "{:?}",
        codes(&sum)
    );

    let mut records = reports();
    records.remove(2);
    let sum = merged_text(&lines(&records)).unwrap().record;
    let of = &sum.merged.as_ref().unwrap().shards[0];
    assert!(of.lost && of.reports_missing == 1);
    assert!(!sum.validity.valid && codes(&sum).contains(&"workers_lost"));
}

#[test]
fn a_report_may_not_be_there_twice() {
    let mut records = reports();
    let mut again = records[3].clone();
    again.id.push('x');
    records.push(again);
    let error = merged_text(&lines(&records)).unwrap_err().to_string();
    let expected = "are both report 3 of worker a; give each once";
    assert!(
        error.ends_with(expected) && error.contains("line 11"),
        "{error}"
    );
}

#[test]
fn a_line_that_a_master_did_not_finish_is_left_out_and_told() {
    let text = lines(&reports());
    let Outcome {
        record, warnings, ..
    } = merged_text(&text[..text.len() - 100]).unwrap();
    assert!(
        warnings[0].contains("reports.jsonl, line 10: cut short; "),
        "{warnings:?}"
    );
    assert!(record.merged.as_ref().unwrap().cut_short);
    assert!(codes(&record).contains(&"reports_cut_short"));
    assert_eq!(record.requests.succeeded, 1800);
}

#[test]
fn a_report_that_broke_off_among_others_does_not_take_them_with_it() {
    let records = reports();
    let whole = lines(&records);
    let (first, rest) = whole.split_at(whole.find('\n').unwrap() + 1);
    // A brace is missing, and what follows is within it.
    let broken = format!("{first}{{\"schema\": 1, \n{rest}");
    let error = merged_text(&broken).unwrap_err().to_string();
    assert!(
        error.contains("reports.jsonl, line 2: cut short; "),
        "{error}"
    );
}

#[test]
fn workers_that_never_all_ran_have_the_rate_of_the_whole_time() {
    let one = report("a", 0, true, record(&steady(100, 0..2), NOON_MS, 2.0));
    let later = report(
        "bb",
        0,
        true,
        record(&steady(100, 0..2), NOON_MS + 3_000, 2.0),
    );
    let sum = merged_text(&lines(&[one, later])).unwrap().record;
    assert_eq!((sum.elapsed_s, sum.rate_per_second), (5.0, 80.0));
    assert_eq!(sum.merged.as_ref().unwrap().overlap_s, 0.0);
    assert!(sum.validity.valid && codes(&sum).contains(&"shards_apart"));
}

#[test]
fn a_start_is_told_to_the_millisecond() {
    assert_eq!(epoch_ms("2026-03-01T12:00:00.000Z"), Some(NOON_MS));
}
