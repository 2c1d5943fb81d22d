//! Limits that are set for a run: what the record, stderr and the exit code say of them.

use rustix::process::Signal;
use serde_json::Value;

use crate::behaviour::Behaviour::{Good, ResetsAfterRequest, Silent};
use crate::check::interrupted;
use crate::fault_server::FaultServer;
use crate::loadgen::run;
use crate::script::Script;
use crate::server::{Kind, Server};

/// The run's gates were missed.
const MISSED: i32 = 3;

/// Of the record's gates, by name, whether each was kept.
fn passed(record: &Value) -> Vec<(&str, bool)> {
    let gates = record["gates"].as_array().expect("gates is an array");
    gates
        .iter()
        .map(|gate| {
            let passed = gate["passed"].as_bool().expect("passed is true or false");
            (gate["name"].as_str().expect("name is text"), passed)
        })
        .collect()
}

#[test]
fn a_run_within_its_limits_is_done() {
    let server = Server::start(Kind::Threads);
    let limits = [
        "--max-error-rate",
        "0",
        "--max-p99",
        "10s",
        "--min-rate",
        "0.1/s",
    ];
    let args = ["-n", "50", "-c", "5", "-k", &server.url("/")];
    let ended = run(&[&limits[..], &args].concat());
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let gates = [
        ("max_error_rate", true),
        ("max_p99_ns", true),
        ("min_rate_per_second", true),
    ];
    assert_eq!(passed(&ended.record()), gates);
}

#[test]
fn a_run_without_limits_speaks_of_none() {
    let server = Server::start(Kind::Threads);
    let ended = run(&["-n", "5", &server.url("/")]);
    assert_eq!(ended.record().get("gates"), None, "{ended:?}");
}

#[test]
fn a_missed_limit_is_a_line_with_both_numbers() {
    let server = Server::start(Kind::Async);
    let limits = ["--max-p99", "15ms", "--min-rate", "0.1", "-q"];
    let args = ["-n", "4", "-c", "2", "-k", &server.url("/delay/20")];
    let ended = run(&[&limits[..], &args].concat());
    assert_eq!(ended.code, Some(MISSED), "{ended:?}");
    ended.assert_one_line_on_stderr(&["gate missed", "--max-p99 15ms", "the p99 was"]);
    let record = ended.record();
    let gates = [("max_p99_ns", false), ("min_rate_per_second", true)];
    assert_eq!(passed(&record), gates);
    let gate = &record["gates"][0];
    assert_eq!(gate["limit"], 15e6, "{gate}");
    assert_eq!(
        gate["measured"],
        record["latency_ns"]["total"]["p99"].as_f64().unwrap()
    );
}

#[test]
fn in_an_open_loop_the_wait_for_a_place_counts() {
    // One after another, 20 ms each, a start every 10 ms: the last waits for the others.
    let server = Server::start(Kind::Async);
    let limits = ["--max-p99", "60ms", "--rate", "100", "--max-in-flight", "1"];
    let args = ["-n", "10", "-k", &server.url("/delay/20")];
    let ended = run(&[&limits[..], &args].concat());
    assert_eq!(ended.code, Some(MISSED), "{ended:?}");
    let record = ended.record();
    let measured = &record["gates"][0]["measured"];
    let corrected_ns = &record["latency_ns"]["corrected"]["p99"];
    assert_eq!(measured.as_f64(), corrected_ns.as_f64(), "{ended:?}");
    assert!(
        ended.stderr.contains("from the intended starts"),
        "{ended:?}"
    );
}

#[test]
fn failures_are_a_share_of_what_ended() {
    let server = FaultServer::start(Script::good_then(3, ResetsAfterRequest));
    let tried = |limit| run(&["-n", "4", "--max-error-rate", limit, &server.url()]);
    let missed = tried("24%");
    assert_eq!(missed.code, Some(MISSED), "{missed:?}");
    assert_eq!(missed.record()["gates"][0]["measured"], 0.25, "{missed:?}");
    assert!(
        missed.stderr.contains("--max-error-rate 24 %: 25 %"),
        "{missed:?}"
    );
}

#[test]
fn as_many_failures_as_are_allowed_do_not_make_the_run_doubtful() {
    let server = FaultServer::start(Script::good_then(3, ResetsAfterRequest));
    let ended = run(&["-n", "4", "--max-error-rate", "25%", &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn limits_that_are_kept_by_a_run_that_cannot_be_believed_are_no_pass() {
    // A quarter failed, and nobody said that so many may.
    let server = FaultServer::start(Script::good_then(3, ResetsAfterRequest));
    let ended = run(&["-n", "4", "--max-p99", "60s", &server.url()]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert_eq!(passed(&ended.record()), [("max_p99_ns", true)]);
    assert!(ended.stderr.contains("cannot be believed"), "{ended:?}");
    assert!(
        ended.stderr.contains("25 % of the requests failed"),
        "{ended:?}"
    );
}

#[test]
fn a_run_in_which_nothing_succeeded_passes_no_gate() {
    let server = FaultServer::start(Script::always(ResetsAfterRequest));
    let ended = run(&[
        "-n",
        "4",
        "--max-p99",
        "60s",
        "--max-error-rate",
        "100%",
        &server.url(),
    ]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let gates = [("max_error_rate", true), ("max_p99_ns", false)];
    assert_eq!(passed(&ended.record()), gates);
}

#[test]
fn the_p99_of_the_few_that_an_overloaded_server_answers_passes_no_gate() {
    // Ten a second are answered of the hundred that come due.
    let server = Server::start(Kind::Async);
    let limits = ["--max-p99", "600ms", "--max-error-rate", "0"];
    let load = ["--rate", "100", "--max-in-flight", "5", "--duration", "1s"];
    let args = ["-k", &server.url("/delay/500")];
    let ended = run(&[&limits[..], &load, &args].concat());
    assert_eq!(ended.code, Some(MISSED), "{ended:?}");
    assert!(ended.stderr.contains("had no answer when"), "{ended:?}");
}

#[test]
fn a_connection_that_is_never_served_passes_no_gate() {
    // The other nine bring in many answers, and are cut off at the end themselves.
    let server = FaultServer::start(Script::sequence(vec![Silent, Good]));
    let limits = ["--max-p99", "60s", "--max-error-rate", "0"];
    let args = ["--duration", "1s", "-c", "10", "-k", &server.url()];
    let ended = run(&[&limits[..], &args].concat());
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.stderr.contains("had waited for"), "{ended:?}");
}

#[test]
fn part_of_a_run_is_not_judged() {
    let ended = interrupted(&["--min-rate", "1000000"], Signal::INT);
    ended.assert_one_line_on_stderr(&["interrupted", "gates were not judged"]);
    assert_eq!(ended.record().get("gates"), None, "{ended:?}");
}

#[test]
fn text_for_people_shows_the_gates() {
    let server = Server::start(Kind::Threads);
    let limits = [
        "--max-error-rate",
        "1%",
        "--min-rate",
        "1000000",
        "--format",
        "text",
    ];
    let ended = run(&[&limits[..], &["-n", "5", &server.url("/")]].concat());
    assert_eq!(ended.code, Some(MISSED), "{ended:?}");
    assert!(
        ended.stdout.contains("gate kept: --max-error-rate 1 %"),
        "{ended:?}"
    );
    assert!(
        ended.stdout.contains("GATE MISSED: --min-rate 1000000"),
        "{ended:?}"
    );
}
