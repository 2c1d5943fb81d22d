//! Requests that start by a schedule. Counts are exact, for they follow from
//! the schedule; times have the one bound that a busy machine cannot break.

use rustix::process::Signal;
use serde_json::Value;

use crate::behaviour::Behaviour::{
    self, ClosesWithoutAByte, DripsWithinTimeout, Good, NotFound, ResetsAfterRequest,
};
use crate::check::{Manner, at_once, check_conservation};
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::loadgen::{command, run, start};
use crate::record::{Counts, Outcome, codes};
use crate::script::Script;
use crate::server::{Kind, Server};
use crate::way::Way;

const MS: u64 = 1_000_000;

/// How starts are spread, and who makes them.
const SCHEDULES: &[Manner] = &[
    &["--rate", "200"],
    &["--rate", "200", "-k"],
    &["--rate", "200", "-k", "--spin"],
    &["--rate", "200", "-k", "--threads", "2"],
    &["--rate", "200", "-k", "--arrival", "poisson"],
    &[
        "--rate",
        "200",
        "-k",
        "--arrival",
        "poisson",
        "--threads",
        "2",
    ],
];

/// Those that the way has: only the fast engine spins.
fn schedules(way: Way) -> Vec<Manner> {
    let has = |schedule: &Manner| way.is_fast() || !schedule.contains(&"--spin");
    SCHEDULES.iter().copied().filter(has).collect()
}

/// Enough connections at a time for what is to start, and few enough for a thread each.
const CONNECTIONS: Manner = &["-c", "20"];

/// A number of the record, by its path.
fn number(record: &Value, path: &str) -> u64 {
    let value = record.pointer(path);
    let value = value.unwrap_or_else(|| panic!("no {path}: {record}"));
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{path} is {value}"))
}

/// Asserts that all that was to start is in the counts, sent or not, and that
/// there were so many.
fn assert_all_is_counted(record: &Value, arrivals: u64) {
    assert_eq!(number(record, "/schedule/intended"), arrivals, "{record}");
    assert_eq!(Counts::of_record(record).issued(), arrivals, "{record}");
    let unsent = number(record, "/schedule/unsent");
    assert!(number(record, "/requests/cancelled") >= unsent, "{record}");
}

#[test]
fn a_count_of_requests_is_exact() {
    for way in Way::in_the_clear() {
        at_once(&schedules(way), |schedule| {
            let server = FaultServer::start(Script::always(Good));
            let args = [schedule, CONNECTIONS, &["-n", "50", &server.url()]];
            let ended = way.run(&args.concat());
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let record = ended.record();
            assert_all_is_counted(&record, 50);
            assert_eq!(Counts::of_record(&record), Counts::new(50, &[]));
            assert_eq!(number(&record, "/latency_ns/corrected/count"), 50);
            let played = server.stop().played.len();
            assert_eq!(played, 50, "{} {schedule:?}", way.label);
        });
    }
}

#[test]
fn a_count_of_requests_is_exact_after_a_warm_up() {
    for way in Way::in_the_clear() {
        at_once(&schedules(way), |schedule| {
            let server = FaultServer::start(Script::always(Good));
            // More than the warm-up could leave behind.
            let count = ["-n", "110", "--warmup", "500ms", &server.url()];
            let record = way.run(&[schedule, CONNECTIONS, &count].concat()).record();
            assert_eq!(Counts::of_record(&record), Counts::new(110, &[]));
            // What was under way or waited when the measured part began counts, but was not due in
            // it.
            assert!(number(&record, "/schedule/intended") <= 110, "{record}");
            assert!(server.stop().played.len() > 110, "there was a warm-up");
        });
    }
}

#[test]
fn a_run_by_time_counts_all_that_came_due_in_it() {
    for threads in ["1", "2"] {
        at_once(&Way::in_the_clear(), |way| {
            let server = FaultServer::start(Script::always(Good));
            let args = ["--rate", "100", "--duration", "1s", "-k", &server.url()];
            let args = [&["--threads", threads], CONNECTIONS, &args].concat();
            assert_all_is_counted(&way.run(&args).record(), 100);
        });
    }
}

#[test]
fn the_same_seed_gives_as_many_arrivals_with_any_number_of_threads() {
    let server = FaultServer::start(Script::always(Good));
    let arrivals = |seed, threads| {
        let args = [
            "--rate=300",
            "--duration=1s",
            "-k",
            "--arrival=poisson",
            "--seed",
            seed,
            "--threads",
            threads,
        ];
        let record = run(&[&args[..], &[&server.url()]].concat()).record();
        let intended = number(&record, "/schedule/intended");
        assert_all_is_counted(&record, intended);
        intended
    };
    let counts = [("1", "1"), ("1", "2"), ("2", "1"), ("3", "1")];
    let counts = counts.map(|(seed, threads)| arrivals(seed, threads));
    assert_eq!(counts[0], counts[1]);
    assert!(
        counts.iter().any(|count| *count != counts[0]),
        "chance is chance: {counts:?}"
    );
}

#[test]
fn a_ramp_starts_slowly() {
    let server = FaultServer::start(Script::always(Good));
    let args = ["--rate", "0..100", "--duration", "2s", "-k", &server.url()];
    let record = run(&args).record();
    // N(t) = 25 t².
    assert_all_is_counted(&record, 100);
    assert!(number(&record, "/series/0/succeeded") <= 26, "{record}");
    assert_eq!(record["plan"]["rate_per_second"], 0.0);
    assert_eq!(record["plan"]["rate_to_per_second"], 100.0);
}

#[test]
fn a_pause_of_the_server_counts_for_all_that_were_due_in_it() {
    // Half a second, in which half of the requests come due.
    let mut behaviours = vec![Good; 20];
    behaviours.extend([DripsWithinTimeout, Good]);
    let server = FaultServer::start(Script::sequence(behaviours));
    let args = ["--rate", "100", "-n", "100", "-k", "--max-in-flight", "1"];
    let record = run(&[&args[..], &[&server.url()]].concat()).record();
    assert_eq!(Counts::of_record(&record), Counts::new(100, &[]));
    assert!(
        number(&record, "/latency_ns/corrected/p99") >= 450 * MS,
        "{record}"
    );
    assert!(
        number(&record, "/latency_ns/corrected/p75") >= 200 * MS,
        "{record}"
    );
    // What a closed loop would have shown.
    assert!(
        number(&record, "/latency_ns/total/p50") < 100 * MS,
        "{record}"
    );
    assert!(number(&record, "/schedule/waited") >= 30, "{record}");
}

#[test]
fn a_server_that_is_too_slow_for_the_rate_leaves_requests_unsent() {
    let server = Server::start(Kind::Threads);
    at_once(&Way::in_the_clear(), |way| {
        let args = ["--rate", "1000", "--duration", "1s", "-k"];
        let limit = ["--max-in-flight", "2", &server.url("/delay/10")];
        let record = way.run(&[&args[..], &limit].concat()).record();
        assert_all_is_counted(&record, 1000);
        // At most 2 at a time, for 10 ms each.
        assert!(number(&record, "/requests/succeeded") <= 200, "{record}");
        let opened = number(&record, "/connections/opened");
        // A thread of reqwest's may ask again before its connection is back in the pool.
        assert!(opened <= 2 || way.is_of_reqwest(), "{record}");
        let [waited, unsent, backlog] = ["waited", "unsent", "backlog_max"]
            .map(|key| number(&record, &format!("/schedule/{key}")));
        assert!(waited > 0 && unsent >= 798, "{record}");
        assert!(backlog >= unsent, "{record}");
        assert!(codes(&record).contains(&"in_flight_limit"), "{record}");
        assert_eq!(record["plan"]["max_in_flight"], 2);
    });
}

#[test]
fn each_request_is_counted_under_its_cause() {
    let behaviours = [
        Good,
        ResetsAfterRequest,
        Good,
        NotFound,
        ClosesWithoutAByte,
        Good,
    ];
    let outcome_of = |behaviour: Behaviour| match behaviour {
        ResetsAfterRequest => Outcome::Failure("read_reset"),
        NotFound => Outcome::Failure("unexpected_status"),
        ClosesWithoutAByte => Outcome::Failure("closed_before_response"),
        _ => Outcome::Success,
    };
    for way in Way::in_the_clear() {
        at_once(&schedules(way), |schedule| {
            let script = Script::sequence(behaviours.repeat(6));
            let args = [schedule, CONNECTIONS].concat();
            let circumstances = format!("{schedule:?}");
            check_conservation(way, script, 36, &args, outcome_of, &circumstances);
        });
    }
}

#[test]
fn a_server_that_is_not_there_is_asked_as_often_as_planned() {
    let closed = ClosedPort::new();
    let url = closed.url();
    for stop in [["-n", "30"], ["--duration", "300ms"]] {
        at_once(&Way::in_the_clear(), |way| {
            let ended = way.run(&[&stop, CONNECTIONS, &["--rate", "100", &url]].concat());
            assert_eq!(ended.code, Some(1), "{ended:?}");
            let record = ended.record();
            assert_all_is_counted(&record, 30);
            let counts = Counts::of_record(&record);
            let refused = counts.failed_for("connect_refused");
            assert!(refused > 0, "{counts:?}");
            assert_eq!(refused, counts.failed(), "{counts:?}");
        });
    }
}

#[test]
fn a_signal_ends_the_schedule() {
    for way in Way::in_the_clear() {
        let server = FaultServer::start(Script::always(Good));
        let args = ["--rate", "50", "-n", "100000", "-k", &server.url()];
        let running = start(command(&[way.args, CONNECTIONS, &args].concat()));
        server.wait_until(|log| log.played.len() >= 5);
        running.signal(Signal::INT);
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let record = ended.record();
        assert_eq!(record["interrupted"], true);
        let intended = number(&record, "/schedule/intended");
        assert!((5..100_000).contains(&intended), "{record}");
        assert_all_is_counted(&record, intended);
    }
}

#[test]
fn requests_that_are_due_share_a_connection_with_those_before_them() {
    let server = Server::start(Kind::Threads);
    let args = ["--rate", "200", "-n", "24", "-k", "--pipeline", "8"];
    let limit = ["-c", "1", &server.url("/delay/50")];
    at_once(&Way::in_the_clear(), |way| {
        if way.is_fast() {
            let record = way.run(&[&args[..], &limit].concat()).record();
            assert_eq!(Counts::of_record(&record), Counts::new(24, &[]));
            assert_eq!(number(&record, "/connections/opened"), 1);
            // Eight at a time are answered one after another.
            let median_ns = number(&record, "/latency_ns/total/p50");
            assert!(median_ns >= 150 * MS, "{record}");
        }
    });
}
