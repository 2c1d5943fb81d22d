//! The whole text, from a record and counts made up.

use std::time::SystemTime;

use super::*;
use crate::engine::Firsts;
use crate::http1::Answer;
use crate::outcome::Cause;
use crate::outcome::Outcome;
use crate::record::sample::sample;
use crate::recorder::{Recorder, Timing};

const MS: u64 = 1_000_000;

/// No flag but those that make the run.
fn plain() -> AbOptions {
    AbOptions {
        html: None,
        percentiles: true,
        deviation: true,
        progress: true,
        verbosity: 0,
        request: b"POST / HTTP/1.0\r\nHost: 127.0.0.1:7080\r\n\r\nthe body".to_vec(),
        keep_alive: false,
        any_length: false,
        sends_body: false,
    }
}

/// A second in which 990 of 1000 requests were answered, 7 of them with 500.
fn record() -> Record {
    let mut record = sample();
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
        workers_busy: Vec::new(),
        began_at: SystemTime::UNIX_EPOCH,
        samples_wait: None,
        interrupted: false,
        firsts: Firsts::default(),
        first_length: Some(50),
    }
}

fn text(options: &AbOptions) -> String {
    render(&record(), &summary(), options)
}

fn assert_text(text: &str, golden: &str) {
    assert_eq!(text, golden.replace("VERSION", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_line_is_where_ab_has_it() {
    let options = AbOptions {
        keep_alive: true,
        sends_body: true,
        ..plain()
    };
    assert_text(&text(&options), include_str!("../golden/ab.txt"));
}

#[test]
fn flags_leave_out_tables_and_the_length() {
    let options = AbOptions {
        percentiles: false,
        deviation: false,
        any_length: true,
        ..plain()
    };
    assert_text(&text(&options), include_str!("../golden/ab_short.txt"));
}

#[test]
fn the_end_is_said_where_progress_is_not() {
    let banner = |requests, progress| {
        let mut record = record();
        record.plan.requests = requests;
        let text = render(
            &record,
            &summary(),
            &AbOptions {
                progress,
                ..plain()
            },
        );
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
    let text = render(&record(), &summary, &plain());
    assert!(!text.contains("Connection Times"), "{text}");
    assert_eq!(percentiles_csv(&summary), "Percentage served,Time in ms\n");
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
        let text = render(&record(), &summary, &plain());
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

#[test]
fn every_row_of_the_html_table_is_where_ab_has_it() {
    let options = AbOptions {
        html: Some(TableAttributes {
            table: "border=1".to_owned(),
            row: "class=row".to_owned(),
            cell: "class=cell".to_owned(),
        }),
        keep_alive: true,
        sends_body: true,
        ..plain()
    };
    assert_text(&text(&options), include_str!("../golden/ab.html"));
}

#[test]
fn what_the_server_says_is_no_markup() {
    let mut record = record();
    record.target.server_software = Some("<script>&".to_owned());
    let options = AbOptions {
        html: Some(TableAttributes::default()),
        ..plain()
    };
    let html = render(&record, &summary(), &options);
    assert!(
        html.contains("<td colspan=2 >&lt;script&gt;&amp;</td>"),
        "{html}"
    );
}

#[test]
fn traffic_is_shown_by_level_without_the_bodies() {
    let shown = |verbosity, first_head: &str| {
        let summary = Summary {
            firsts: Firsts {
                head: Some(first_head.as_bytes().to_vec()),
                ..Firsts::default()
            },
            ..summary()
        };
        let text = render(
            &record(),
            &summary,
            &AbOptions {
                verbosity,
                ..plain()
            },
        );
        let (_, traffic) = text.split_once("(be patient)\n").unwrap();
        let (traffic, _) = traffic.split_once("\n\nServer Software:").unwrap();
        traffic.to_owned()
    };
    let request = "INFO: POST header == \n---\nPOST / HTTP/1.0\nHost: 127.0.0.1:7080\n\n\n---\n";
    let good = "HTTP/1.0 200 OK\r\nX: \x1b\r\n\r\n";
    let answer = "LOG: header received:\nHTTP/1.0 200 OK\nX: \\x1b\n\n\n";
    assert_eq!(shown(1, good), "");
    assert_eq!(shown(2, good), format!("{request}{answer}"));
    let code = "LOG: Response code = 200\n";
    assert_eq!(shown(3, good), format!("{request}{answer}{code}"));
    let bad = shown(2, "HTTP/1.0 500 Oops\r\n\r\n");
    assert!(
        bad.ends_with("\n\nWARNING: Response code not 2xx (500)\n"),
        "{bad}"
    );
}

#[test]
fn percentiles_are_the_nearest_ranks_from_the_shortest_to_the_longest() {
    let mut recorder = Recorder::new(0, true);
    for time_ms in 1..=50 {
        let timing = Timing {
            ended_ns: time_ms * MS,
            ..Timing::default()
        };
        recorder.ended(Outcome::Succeeded, &timing);
    }
    let csv = percentiles_csv(&Summary {
        recorder,
        ..summary()
    });
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows[0], "Percentage served,Time in ms");
    assert_eq!(rows.len(), 102);
    for (percent, rank) in [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 2),
        (50, 25),
        (51, 26),
        (99, 50),
        (100, 50),
    ] {
        let (name, time) = rows[percent + 1].split_once(',').unwrap();
        assert_eq!(name, percent.to_string());
        // To the three digits that times are kept with.
        let time: f64 = time.parse().unwrap();
        assert!(
            (time / f64::from(rank) - 1.0).abs() < 1e-3,
            "{percent}: {time}"
        );
    }
}
