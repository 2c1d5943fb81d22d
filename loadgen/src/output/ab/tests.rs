//! The whole text, from a record and counts made up.

use super::*;
use crate::http1::Answer;
use crate::outcome::Outcome;
use crate::record::sample::sample;
use crate::recorder::{Recorder, Timing};

const MS: u64 = 1_000_000;

const PLAIN: AbOptions = AbOptions {
    percentiles: true,
    deviation: true,
    progress: true,
    keep_alive: false,
    any_length: false,
    sends_body: false,
};

/// A second in which 990 of 1000 requests were answered, 7 of them with 500.
fn record() -> Record {
    let mut record = sample();
    record.tool.version = "0.1.0".to_owned();
    record.elapsed_s = 1.0;
    record.plan.requests = Some(1000);
    record.requests.succeeded = 983;
    record.requests.failed = 17;
    record.failures[Cause::ConnectRefused] = 1;
    record.failures[Cause::WriteReset] = 2;
    record.failures[Cause::ReadTimeout] = 3;
    record.failures[Cause::UnexpectedStatus] = 7;
    record.failures[Cause::Other] = 4;
    record.statuses = [(200, 983), (500, 7)].into();
    record.bytes.received = 168_300;
    record.bytes.received_body = 49_500;
    record.bytes.sent = 102_400;
    record
}

/// Answers after 10 to 19 ms of which 1 goes into the connection; one takes 1.2345 s.
fn summary() -> Summary {
    let mut recorder = Recorder::new(0, true);
    let mut answer = |total_us: u64, outcome| {
        recorder.answered(&Answer {
            status: 200,
            body_bytes: 50,
            body_matches: true,
            keep_alive: true,
        });
        recorder.issued();
        let timing = Timing {
            connected_ns: MS,
            sent_ns: Some(MS + MS / 2),
            first_byte_ns: Some(total_us * 1000 - MS),
            ended_ns: total_us * 1000,
            ..Timing::starting(0, 0)
        };
        recorder.ended(outcome, &timing);
    };
    for request in 0..989 {
        let outcome = match request < 7 {
            true => Outcome::Failed(Cause::UnexpectedStatus),
            false => Outcome::Succeeded,
        };
        answer(10_000 + request % 10 * 1000, outcome);
    }
    answer(1_234_500, Outcome::Succeeded);
    Summary {
        recorder,
        elapsed_ns: 1000 * MS,
        workers_cpu_share: Vec::new(),
        interrupted: false,
        first_head: None,
        first_length: Some(50),
    }
}

fn text(options: AbOptions) -> String {
    render(&record(), &summary(), options)
}

#[test]
fn every_line_is_where_ab_has_it() {
    let options = AbOptions {
        keep_alive: true,
        sends_body: true,
        ..PLAIN
    };
    assert_eq!(text(options), include_str!("../golden/ab.txt"));
}

#[test]
fn flags_leave_out_tables_and_the_length() {
    let options = AbOptions {
        percentiles: false,
        deviation: false,
        any_length: true,
        ..PLAIN
    };
    assert_eq!(text(options), include_str!("../golden/ab_short.txt"));
}

#[test]
fn the_end_is_said_where_progress_is_not() {
    let banner = |requests, progress| {
        let mut record = record();
        record.plan.requests = requests;
        let text = render(&record, &summary(), AbOptions { progress, ..PLAIN });
        text.lines().nth(4).unwrap_or_default().to_owned()
    };
    let (silent, tells) = (
        "Benchmarking 127.0.0.1 (be patient).....done",
        "Benchmarking 127.0.0.1 (be patient)",
    );
    assert_eq!(banner(Some(151), true), tells);
    assert_eq!(banner(Some(150), true), silent);
    assert_eq!(banner(Some(151), false), silent);
    assert_eq!(banner(None, true), silent);
}

#[test]
fn without_an_answer_there_are_no_times() {
    let summary = Summary {
        recorder: Recorder::new(0, true),
        ..summary()
    };
    let text = render(&record(), &summary, PLAIN);
    assert!(text.ends_with("[Kbytes/sec] received\n"), "{text}");
}

/// Half of all lies below half a millisecond, the mean above: rounded, they are a millisecond
/// apart, which is more than they can be.
#[test]
fn median_and_mean_on_either_side_of_half_a_millisecond_are_doubted() {
    let remark = |times_us: &[u64]| {
        let mut recorder = Recorder::new(0, true);
        for time_us in times_us {
            let timing = Timing {
                path: 0,
                ended_ns: time_us * 1000,
                ..Timing::default()
            };
            recorder.ended(Outcome::Succeeded, &timing);
        }
        let summary = Summary {
            recorder,
            ..summary()
        };
        let text = render(&record(), &summary, PLAIN);
        let remark = text.lines().find(|line| line.contains("the total time"));
        remark.map(str::to_owned)
    };
    assert_eq!(remark(&[400, 400, 400]), None);
    assert_eq!(
        remark(&[400, 400, 400, 1600, 1600]).as_deref(),
        Some("WARNING: The median and mean for the total time are not within a normal deviation")
    );
    assert_eq!(
        remark(&[450, 450, 450, 650, 650]).as_deref(),
        Some("ERROR: The median and mean for the total time are more than twice the standard")
    );
}
