//! What can go wrong on the client's own side: it is interrupted, it cannot
//! write its result, it has too few descriptors, or there is little to do.

use std::fs::OpenOptions;
use std::io::{self, Write};

use rustix::pipe::fcntl_getpipe_size;
use rustix::process::Signal;

use crate::behaviour::Behaviour::{Good, Silent};
use crate::check::{at_once, interrupted};
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::{command, command_with_descriptor_limit, run, start};
use crate::record::{Counts, codes};
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::way::Way;

/// A request timeout that no test waits for.
const NEVER: [&str; 2] = ["--timeout", "60s"];

/// A part of the warning.
const PORTS_WILL_RUN_OUT: &str = "the local ports will run out";

#[test]
fn a_first_sigint_ends_the_run_with_a_partial_record() {
    assert_partial_record_after(Signal::INT);
}

#[test]
fn a_first_sigterm_ends_the_run_with_a_partial_record() {
    assert_partial_record_after(Signal::TERM);
}

fn assert_partial_record_after(signal: Signal) {
    for way in Way::in_the_clear() {
        let ended = interrupted(way.args, signal);
        let record = ended.record();
        assert_eq!(record["interrupted"], true, "{ended:?}");
        assert_eq!(Counts::of_record(&record), three_and_two_cancelled());
    }
}

/// What becomes of a run of two connections to a server that answers three requests.
fn three_and_two_cancelled() -> Counts {
    Counts {
        cancelled: 2,
        ..Counts::new(3, &[])
    }
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    for first in [Signal::INT, Signal::TERM] {
        for second in [Signal::INT, Signal::TERM] {
            assert_ended_at_once_by(first, second);
        }
    }
}

fn assert_ended_at_once_by(first: Signal, second: Signal) {
    // The result goes to a pipe that is full and that nobody reads, so that
    // the first signal alone cannot end the run.
    let (reader, mut writer) = io::pipe().unwrap();
    writer
        .write_all(&vec![0; fcntl_getpipe_size(&writer).unwrap()])
        .unwrap();
    let server = FaultServer::start(Script::always(Silent));
    let args = ["-n", "1000", "-c", "2", &server.url()];
    let mut command = command(&[&args[..], &NEVER].concat());
    command.stdout(writer);
    let running = start(command);

    server.wait_until(|log| log.played.len() == 2);
    running.signal(first);
    server.wait_until(|log| log.connections_ended == 2);
    running.signal(second);

    let ended = running.end();
    assert!(
        matches!(ended.code, Some(130) | None),
        "130, or ended by the signal: {ended:?}"
    );
    drop(reader);
}

#[test]
fn a_run_that_ends_by_time_cancels_what_is_under_way() {
    at_once(&Way::in_the_clear(), |way| {
        let server = FaultServer::start(Script::good_then(3, Silent));
        let args = ["--duration", "1s", "-c", "2", &server.url()];
        let ended = way.run(&[&args[..], &NEVER].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let record = ended.record();
        assert_eq!(Counts::of_record(&record), three_and_two_cancelled());
        assert_eq!(record["interrupted"], false, "{ended:?}");
        assert_eq!(server.stop().played.len(), 5, "{}", way.label);
    });
}

#[test]
fn a_full_disk_under_stdout_is_an_error_in_every_format() {
    let server = FaultServer::start(Script::always(Good));
    for format in ["json", "ab", "text"] {
        let mut command = command(&["-n", "5", "-q", "--format", format, &server.url()]);
        command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
        start(command)
            .end()
            .assert_one_line_error(1, &["stdout", "No space left"]);
    }
}

#[test]
fn a_closed_pipe_under_stdout_is_an_error() {
    let server = FaultServer::start(Script::always(Good));
    let mut command = command(&["-n", "5", &server.url()]);
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    start(command)
        .end()
        .assert_one_line_error(1, &["stdout", "Broken pipe"]);
}

#[test]
fn the_record_is_also_written_to_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("record.json");
    let server = FaultServer::start(Script::always(Good));
    let ended = run(&["-n", "5", "-o", text(&path), &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written, ended.record());
    let files = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files, 1, "nothing is left beside the record");
}

#[test]
fn an_output_path_that_cannot_be_written_fails_before_any_request() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing").join("record.json");
    let path = text(&path);
    let server = FaultServer::start(Script::always(Good));
    run(&["-n", "5", "-o", path, &server.url()]).assert_one_line_error(1, &[path]);
    assert_eq!(server.stop().connections_accepted, 0);
}

#[test]
pub(crate) fn requests_that_find_no_descriptor_fail_under_that_cause() {
    // The server keeps every connection, so that descriptors run out.
    let server = FaultServer::start(Script::always(Silent));
    let args = ["-n", "100", "-c", "50", "--timeout", "500ms", &server.url()];
    let ended = start(command_with_descriptor_limit(24, &args)).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let record = ended.record();
    assert!(
        codes(&record).contains(&"descriptors_exhausted"),
        "{record}"
    );
    let counts = Counts::of_record(&record);
    let without_descriptor = counts.failed_for("no_file_descriptor");
    let timed_out = counts.failed_for("read_timeout");
    assert!(without_descriptor > 0, "{counts:?}");
    assert_eq!(without_descriptor + timed_out, 100, "{counts:?}");
    server.wait_until(|log| log.played.len() as u64 == timed_out);
}

#[test]
pub(crate) fn requests_that_find_no_local_port_fail_under_that_cause() {
    Sandbox::run(|sandbox| {
        // The server keeps every connection, so that ports run out.
        let server = FaultServer::start(Script::always(Silent));
        sandbox.set("net.ipv4.ip_local_port_range", "40000 40019");
        sandbox.set("net.ipv4.tcp_tw_reuse", "0");
        let args = ["-n", "50", "-c", "25", "--timeout", "500ms", &server.url()];
        let ended = run(&args);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(PORTS_WILL_RUN_OUT), "{ended:?}");
        let record = ended.record();
        let expected = [("no_local_port", 30), ("read_timeout", 20)];
        assert_eq!(Counts::of_record(&record), Counts::new(0, &expected));
        assert!(codes(&record).contains(&"ports_exhausted"), "{record}");
        server.wait_until(|log| log.played.len() == 20);
    });
}

#[test]
fn that_local_ports_will_not_last_is_said_before_the_run() {
    Sandbox::run(|sandbox| {
        let server = FaultServer::start(Script::always(Good));
        let url = server.url();
        sandbox.set("net.ipv4.ip_local_port_range", "40000 40019");
        let warns = |args: &[&str]| {
            let ended = run(&[args, &[&url]].concat());
            ended.stderr.contains(PORTS_WILL_RUN_OUT)
        };
        sandbox.set("net.ipv4.tcp_tw_reuse", "2");
        assert!(!warns(&["-n", "21"]), "on loopback ports are taken again");
        sandbox.set("net.ipv4.tcp_tw_reuse", "0");
        assert!(!warns(&["-n", "2"]));
        assert!(warns(&["-n", "21"]));
        assert!(!warns(&["-n", "21", "-k"]), "one port is enough");
    });
}

#[test]
fn each_local_address_has_all_local_ports() {
    Sandbox::run(|sandbox| {
        let server = FaultServer::start(Script::always(Good));
        sandbox.set("net.ipv4.ip_local_port_range", "40000 40019");
        sandbox.set("net.ipv4.tcp_tw_reuse", "0");
        let two = ["--source-addr", "127.0.0.1,127.0.0.2"];
        let warns = |requests: &str| {
            let ended = run(&[&["-n", requests, &server.url()][..], &two].concat());
            ended.stderr.contains(PORTS_WILL_RUN_OUT)
        };
        assert!(!warns("21"));
        assert!(warns("41"));
    });
}

#[test]
fn a_full_disk_under_the_records_file_is_an_error() {
    Sandbox::run(|sandbox| {
        let directory = tempfile::tempdir().unwrap();
        // A page: a record is longer.
        sandbox.mount_disk(directory.path(), 4096);
        let path = directory.path().join("record.json");
        let path = text(&path);
        let server = FaultServer::start(Script::always(Good));
        let ended = run(&["-n", "5", "-o", path, &server.url()]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.assert_one_line_on_stderr(&[path, "No space left", "make room"]);
        // What was measured is not lost.
        assert_eq!(Counts::of_record(&ended.record()), Counts::new(5, &[]));
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 0, "no half of a record is left");
    });
}

#[test]
fn one_request_is_a_run() {
    let server = FaultServer::start(Script::always(Good));
    let ended = run(&["-n", "1", &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(Counts::of_record(&ended.record()), Counts::new(1, &[]));
    assert_eq!(server.stop().played.len(), 1);
}

#[test]
fn without_n_one_request_is_made() {
    let server = FaultServer::start(Script::always(Good));
    let ended = run(&[&server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.stop().played.len(), 1);
}

#[test]
fn more_threads_than_connections_make_each_request_once() {
    let server = FaultServer::start(Script::always(Good));
    let ended = run(&["-n", "7", "-c", "1", "--threads", "4", "-k", &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(Counts::of_record(&ended.record()), Counts::new(7, &[]));
    assert_eq!(server.stop().connections_accepted, 1);
}
