//! Every reason to doubt a run, brought about in a run: what has to be seen to
//! be believed is the doubt.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use loadgen::record::Reason;
use rustix::process::Signal;
use serde_json::Value;

use crate::away::a_full_accept_queue_is_connect_timeout;
use crate::background::connections_that_a_server_ends_are_counted;
use crate::behaviour::Behaviour::{self, DripsWithinTimeout, Good, NotFound, Silent};
use crate::canned_server::CannedServer;
use crate::check::interrupted;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::import::each_file_becomes_the_record_of_what_it_tells;
use crate::loadgen::{command, command_of, program, run, start};
use crate::merge_command::{
    a_report_that_was_not_written_whole_is_left_out_and_noted, a_worker_that_was_lost_is_noted,
    clocks_that_nobody_keeps_are_noted, shards_of_several_versions_are_noted,
    shards_that_are_missing_make_the_whole_invalid, shards_that_ran_apart_are_noted,
};
use crate::our_side::{
    requests_that_find_no_descriptor_fail_under_that_cause,
    requests_that_find_no_local_port_fail_under_that_cause,
};
use crate::record::codes;
use crate::samples::a_file_that_nobody_reads_holds_the_run_up_and_is_told;
use crate::sandbox::Sandbox;
use crate::script::Script;

/// The test that brings each reason about. A reason without one does not compile.
const _: fn(&Reason) -> fn() = |reason| match reason {
    Reason::NoSuccess => a_run_without_a_success_is_invalid,
    Reason::NothingBegun => a_run_that_is_over_before_it_begins_is_invalid_and_takes_its_time,
    Reason::Interrupted => a_run_that_a_signal_ended_is_invalid,
    Reason::DebugBuild => a_debug_build_is_invalid_and_no_other,
    Reason::PortsExhausted { .. } => requests_that_find_no_local_port_fail_under_that_cause,
    Reason::DescriptorsExhausted { .. } => requests_that_find_no_descriptor_fail_under_that_cause,
    Reason::FailuresPresent { .. } => failures_are_noted_and_many_are_invalid,
    Reason::BackgroundMissing { .. } => connections_that_a_server_ends_are_counted,
    Reason::ClientSaturated { .. } => a_client_that_has_no_time_left_limits_the_rate,
    Reason::ScheduleSlipped { .. } => starts_that_the_client_is_too_slow_for_limit_the_rate,
    Reason::InFlightLimit { .. } => arrivals_without_a_free_connection_are_noted,
    Reason::SamplesHeldUp { .. } => a_file_that_nobody_reads_holds_the_run_up_and_is_told,
    Reason::CutShort { .. } => a_run_shorter_than_its_answers_is_noted,
    Reason::Starved { .. } => connections_that_are_never_served_are_noted,
    Reason::TooFewSamples { .. } => percentiles_of_few_samples_are_noted,
    Reason::SynRetransmits { .. } | Reason::AcceptQueueOverflow { .. } => {
        a_full_accept_queue_is_connect_timeout
    }
    Reason::CpuSteal { .. } => stolen_cpu_time_is_noted,
    Reason::RateDrifted { .. } => a_server_that_slows_down_is_noted,
    Reason::ShardsApart { .. } => shards_that_ran_apart_are_noted,
    Reason::ClocksUnsure { .. } => clocks_that_nobody_keeps_are_noted,
    Reason::ShardsMissing { .. } => shards_that_are_missing_make_the_whole_invalid,
    Reason::WorkersLost { .. } => a_worker_that_was_lost_is_noted,
    Reason::ReportsCutShort => a_report_that_was_not_written_whole_is_left_out_and_noted,
    Reason::VersionsDiffer { .. } => shards_of_several_versions_are_noted,
    Reason::GeneratorUnobserved
    | Reason::ArrivalsLeftOut { .. }
    | Reason::CausesUnknown
    | Reason::LatencyFromSend
    | Reason::ConnectLeftOut
    | Reason::FailuresInLatency => each_file_becomes_the_record_of_what_it_tells,
};

#[test]
fn a_run_without_a_success_is_invalid() {
    let closed = ClosedPort::new();
    let url = closed.url();
    let record = run(&["-n", "5", &url]).record();
    assert_severity(&record, "no_success", "invalid");
    assert_eq!(record["validity"]["valid"], false);
}

#[test]
fn a_run_that_is_over_before_it_begins_is_invalid_and_takes_its_time() {
    let server = FaultServer::start(Script::always(Good));
    for engine in ["fast", "hyper", "reqwest", "reqwest-blocking"] {
        let arguments = ["--engine", engine, "-c", "8", "-t", "1us", &server.url()];
        let ended = run(&arguments);
        let record = ended.record();
        assert_severity(&record, "nothing_begun", "invalid");
        assert!(record["elapsed_s"].as_f64().unwrap() > 0.0, "{record}");
        assert!(ended.stderr.contains("kept from its cores"), "{engine}");
    }
}

#[test]
fn a_run_that_a_signal_ended_is_invalid() {
    let record = interrupted(&[], Signal::INT).record();
    assert_severity(&record, "interrupted", "invalid");
    assert_eq!(record["validity"]["valid"], false);
}

#[test]
fn a_debug_build_is_invalid_and_no_other() {
    let server = FaultServer::start(Script::always(Good));
    let record = run(&["-n", "5", &server.url()]).record();
    // The tests and the program are built alike.
    let is_debug = cfg!(debug_assertions);
    assert_eq!(
        codes(&record).contains(&"debug_build"),
        is_debug,
        "{record}"
    );
    assert_eq!(record["validity"]["valid"], !is_debug, "{record}");
}

#[test]
fn failures_are_noted_and_many_are_invalid() {
    let with_failures = |failures: usize| {
        let mut behaviours = vec![Good; 400];
        behaviours[..failures].fill(NotFound);
        record_of(behaviours, &["-n", "400", "-k"])
    };
    assert!(!codes(&with_failures(0)).contains(&"failures_present"));
    // One in a hundred is the limit.
    assert_severity(&with_failures(4), "failures_present", "note");
    assert_severity(&with_failures(5), "failures_present", "invalid");
}

#[test]
fn a_client_that_has_no_time_left_limits_the_rate() {
    // To send them costs next to nothing, to read them as much as chunks can.
    let chunks = "1\r\na\r\n".repeat(1 << 20);
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let server = CannedServer::start(format!("{head}{chunks}0\r\n\r\n").into_bytes());
    let url = server.url();
    let args = ["--duration", "2s", "-c", "8", "-k", "--threads", "1", &url];
    let ended = start(command_before_others(&args)).end();
    assert_severity(&ended.record(), "client_saturated", "limits_rate");
}

#[test]
fn starts_that_the_client_is_too_slow_for_limit_the_rate() {
    let server = FaultServer::start(Script::always(Good));
    let args = ["--rate", "500", "--duration", "1s", "-k", &server.url()];
    let running = start(command(&args));
    server.wait_until(|log| log.played.len() > 20);
    // As if others had its core for as long.
    running.signal(Signal::STOP);
    thread::sleep(Duration::from_millis(200));
    running.signal(Signal::CONT);
    assert_severity(&running.end().record(), "schedule_slipped", "limits_rate");
}

#[test]
fn arrivals_without_a_free_connection_are_noted() {
    let args = [
        "--rate",
        "200",
        "--max-in-flight",
        "2",
        "--duration",
        "500ms",
    ];
    let record = record_of(vec![Good, Good, Silent], &args);
    assert_severity(&record, "in_flight_limit", "note");
}

#[test]
fn a_run_shorter_than_its_answers_is_noted() {
    let behaviours = vec![Good, Good, Good, Silent];
    let record = record_of(behaviours, &["--duration", "300ms", "-c", "4"]);
    assert_severity(&record, "cut_short", "note");
}

#[test]
fn connections_that_are_never_served_are_noted() {
    // As an accept loop that keeps its first connection.
    let behaviours = vec![Silent, Silent, Silent, Good];
    let record = record_of(behaviours, &["--duration", "1s", "-c", "4", "-k"]);
    assert_severity(&record, "starved", "note");
    assert!(!codes(&record).contains(&"cut_short"), "{record}");
}

#[test]
fn percentiles_of_few_samples_are_noted() {
    let record = record_of(vec![Good], &["-n", "20"]);
    assert_severity(&record, "too_few_samples", "note");
}

#[test]
fn stolen_cpu_time_is_noted() {
    // What a hypervisor does cannot be done to it; what the kernel says of it can.
    Sandbox::run(|sandbox| {
        sandbox.replace("/proc/stat", "cpu  1000 0 0 9000 0 0 0 0 0 0\n");
        let server = FaultServer::start(Script::good_then(1, DripsWithinTimeout));
        let running = start(command(&["-n", "2", &server.url()]));
        server.wait_until(|log| log.played.len() == 2);
        fs::write("/proc/stat", "cpu  1060 0 0 9030 0 0 0 10 0 0\n").unwrap();
        let record = running.end().record();
        assert_eq!(record["environment"]["cpu_steal_share"], 0.1, "{record}");
        assert_severity(&record, "cpu_steal", "note");
    });
}

#[test]
fn a_server_that_slows_down_is_noted() {
    // So many that the first second is full of them; then two a second.
    let mut behaviours = vec![Good; 1000];
    behaviours.push(DripsWithinTimeout);
    let record = record_of(behaviours, &["--duration", "4500ms", "-k"]);
    assert_severity(&record, "rate_drifted", "note");
}

#[test]
fn runs_that_cannot_be_believed_are_not_compared_unless_that_is_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let server = FaultServer::start(Script::sequence(vec![NotFound, Good]));
    let paths = ["a.json", "b.json"].map(|name| directory.path().join(name));
    let paths = paths.each_ref().map(|path| path.to_str().unwrap());
    for path in paths {
        // One failure in ten, in the first of them.
        let ended = run(&["-n", "10", "-q", "-o", path, &server.url()]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let ended = run(&["compare", paths[0], paths[1]]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended.stdout.contains("10 % of the requests failed"),
        "{ended:?}"
    );
    let ended = run(&["compare", "--allow-invalid", paths[0], paths[1]]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// A run that gets the core it wants whoever else wants it, if that is allowed: how busy a worker
/// was is told by the time that it had.
fn command_before_others(args: &[&str]) -> Command {
    let (chrt, first) = ("chrt", ["--fifo", "1"]);
    let tried = Command::new(chrt).args(first).arg("true").status();
    if !tried.is_ok_and(|status| status.success()) {
        return command(args);
    }
    let program = [program().to_str().unwrap()];
    command_of(Path::new(chrt), &[&first[..], &program, args].concat())
}

/// The record of a run against a server that plays `behaviours`.
fn record_of(behaviours: Vec<Behaviour>, args: &[&str]) -> Value {
    let server = FaultServer::start(Script::sequence(behaviours));
    let ended = start(command(&[args, &[&server.url()]].concat()));
    ended.end_within(Duration::from_secs(30)).record()
}

fn assert_severity(record: &Value, code: &str, severity: &str) {
    let reasons = record["validity"]["reasons"].as_array().unwrap();
    let found = reasons.iter().find(|reason| reason["code"] == code);
    let found = found.unwrap_or_else(|| panic!("{code} is not among the reasons: {record}"));
    assert_eq!(found["severity"], severity, "{record}");
}
