//! The search for the highest rate that keeps an objective.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::behaviour::Behaviour::Good;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::{command, run, start};
use crate::schema::FIND_MAX;
use crate::script::Script;
use crate::server::{Kind, Server};

/// Steps that are long enough to see a server fall behind, and no longer.
const SHORT_STEPS: [&str; 4] = ["--duration", "300ms", "--warmup", "100ms"];

fn search<'a>(slo: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--find-max", "--slo", slo], &SHORT_STEPS[..], more].concat()
}

fn steps(report: &Value) -> &[Value] {
    report["steps"].as_array().expect("steps is an array")
}

/// The highest rate of a step that kept the objective.
fn best(report: &Value) -> Option<f64> {
    let kept = steps(report).iter().filter(|step| step["met"] == true);
    kept.map(|step| step["rate_per_second"].as_f64().expect("a rate"))
        .reduce(f64::max)
}

#[test]
fn a_server_that_answers_a_hundred_a_second_is_found_to_do_so() {
    // One after another, 10 ms each, so that more is impossible.
    let server = Server::start(Kind::Sync);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("found.json");
    let file = text(&path);
    let url = server.url("/delay/10");
    let ended = run(&search("p99=300ms", &["--rate", "20", "-o", file, &url]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.document(&FIND_MAX);
    let max = report["max_rate_per_second"].as_f64().expect("a rate");
    // A busy machine makes it less; two requests that may be unanswered, more.
    assert!((20.0..130.0).contains(&max), "{ended:?}");
    assert_eq!(best(&report), Some(max));
    let missed = report["missed_rate_per_second"].as_f64().expect("a rate");
    assert!(max < missed && missed <= max * 1.05, "{ended:?}");
    let limited_by = report["limited_by"].as_str();
    assert!(
        matches!(limited_by, Some("server" | "load_generator")),
        "{ended:?}"
    );
    assert_eq!(report["interrupted"], false);
    assert_eq!(fs::read_to_string(&path).unwrap(), ended.stdout);
    // A header, a line for each step, and what was found.
    let lines = ended.stderr.lines().count();
    assert_eq!(lines, steps(&report).len() + 2, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains(" keeps p99=300ms,error-rate=1% up to ")
    );
}

#[test]
fn an_objective_that_no_rate_keeps_is_like_a_missed_gate() {
    let server = Server::start(Kind::Async);
    let ended = run(&search("p99=10ms", &["-q", "-k", &server.url("/delay/20")]));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    ended.assert_one_line_on_stderr(&["p99=10ms,error-rate=1%", "/delay/20"]);
    let report = ended.document(&FIND_MAX);
    assert_eq!(report["max_rate_per_second"], Value::Null);
    let rates: Vec<_> = steps(&report)
        .iter()
        .map(|step| step["rate_per_second"].as_f64().unwrap().round())
        .collect();
    assert_eq!(rates, [100.0, 100.0, 33.0, 33.0]);
    for step in steps(&report) {
        assert_eq!(step["missed"][0], "p99", "{step}");
        assert!(step["p99_ns"].as_u64().unwrap() >= 20_000_000, "{step}");
    }
}

#[test]
fn text_for_people_is_the_table_and_a_sentence() {
    let server = Server::start(Kind::Async);
    let more = ["--format", "text", "-k", &server.url("/delay/20")];
    let ended = run(&search("p99=10ms", &more));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 6, "{ended:?}");
    assert!(lines[0].ends_with("objective"), "{ended:?}");
    assert!(lines[1].contains("missed: p99"), "{ended:?}");
    assert!(lines[5].contains("p99=10ms,error-rate=1%"), "{ended:?}");
    ended.assert_one_line_on_stderr(&[lines[5]]);
}

#[test]
fn an_interrupted_search_says_what_it_had_found() {
    let server = FaultServer::start(Script::always(Good));
    let url = server.url();
    let running = start(command(&search("p99=100ms", &["-q", &url])));
    // Of the first step there are about forty, with its warm-up.
    server.wait_until(|log| log.played.len() >= 60);
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    ended.assert_one_line_on_stderr(&["interrupted"]);
    let report = ended.document(&FIND_MAX);
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["limited_by"], Value::Null);
    assert!(!steps(&report).is_empty(), "{ended:?}");
    assert_eq!(report["max_rate_per_second"].as_f64(), best(&report));
}

#[test]
fn a_search_is_not_begun_where_there_is_no_server() {
    let port = ClosedPort::new();
    let ended = run(&search("p99=1s", &[&port.url()]));
    ended.assert_one_line_error(1, &["connect_refused", "check that the server runs"]);
}

#[test]
fn a_full_disk_is_an_error_whatever_the_form() {
    let server = Server::start(Kind::Async);
    for format in ["json", "text"] {
        let url = server.url("/delay/20");
        let mut command = command(&search("p99=10ms", &["-q", "--format", format, &url]));
        let full = fs::File::options().write(true).open("/dev/full");
        command.stdout(full.unwrap());
        let ended = start(command).end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.assert_one_line_on_stderr(&["cannot write to stdout", "-o FILE"]);
    }
}
