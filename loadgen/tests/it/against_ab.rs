//! The faults that ApacheBench 2.3 miscounts, with 20 requests of which the
//! first three are answered well: what is true stands in the record, and in
//! ab's own lines of the text.

use std::fs::OpenOptions;

use crate::behaviour::Behaviour::{self, *};
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::loadgen::{Ended, command, run, start};
use crate::record::Counts;
use crate::script::Script;

const REQUESTS: &str = "20";

#[test]
fn seventeen_resets_are_seventeen_failures() {
    check(ResetsAfterRequest, &[("read_reset", 17)], &RECEIVE_17);
}

#[test]
fn seventeen_closes_without_a_byte_are_seventeen_failures() {
    check(
        ClosesWithoutAByte,
        &[("closed_before_response", 17)],
        &RECEIVE_17,
    );
}

#[test]
fn seventeen_short_bodies_are_seventeen_failures() {
    check(BodyCutShort, &[("closed_mid_response", 17)], &RECEIVE_17);
}

#[test]
fn seventeen_bad_chunks_are_seventeen_failures() {
    check(ChunkSizeNotHex, &[("malformed_response", 17)], &RECEIVE_17);
}

#[test]
fn seventeen_chunked_bodies_without_an_end_are_seventeen_failures() {
    check(
        ChunkedNeverEnded,
        &[("closed_mid_response", 17)],
        &RECEIVE_17,
    );
}

#[test]
fn seventeen_answers_that_are_not_http_are_seventeen_failures() {
    check(Garbage, &[("malformed_response", 17)], &RECEIVE_17);
}

#[test]
fn early_hints_are_no_failure_and_no_status_of_their_own() {
    let text = check(EarlyHintsFirst, &[], &["Failed requests:        0"]);
    assert!(!text.contains("Non-2xx"), "{text}");
}

#[test]
fn a_500_is_a_failure_in_the_record_and_a_non_2xx_response_in_the_text() {
    let lines = ["Failed requests:        0", "Non-2xx responses:      17"];
    check(ServerError, &[("unexpected_status", 17)], &lines);
}

#[test]
fn a_server_that_accepts_and_closes_always_has_failed_always() {
    let script = Script::always(ClosesOnAccept);
    let ended = run_against(&script, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let counts = Counts::of_record(&ended.record());
    // The race between the server's close and the client's write decides the cause.
    assert_eq!((counts.succeeded, counts.failed()), (0, 20), "{ended:?}");

    let text = text_against(&script, &[]);
    assert_has_lines(
        &text,
        &["Complete requests:      20", "Failed requests:        20"],
    );
}

#[test]
fn one_request_that_hangs_is_one_failure_and_the_run_goes_on() {
    let mut behaviours = vec![Good; 20];
    behaviours[3] = Silent;
    let script = Script::sequence(behaviours);
    let ended = run_against(&script, &["-s", "1"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let counts = Counts::of_record(&ended.record());
    assert_eq!(counts, Counts::new(19, &[("read_timeout", 1)]));

    let text = text_against(&script, &["-s", "1"]);
    assert_has_lines(
        &text,
        &[
            "Complete requests:      20",
            "Failed requests:        1",
            "   (Connect: 0, Receive: 1, Length: 0, Exceptions: 0)",
        ],
    );
}

#[test]
fn a_closed_port_is_twenty_connections_refused() {
    let closed = ClosedPort::new();
    let url = closed.url();
    run(&["-n", REQUESTS, "-r", &url]).assert_all_failed(20, "connect_refused");

    let ended = run(&["--format", "ab", "-n", REQUESTS, "-r", &url]);
    // Nothing was measured, which ab says with -r by nothing but its counts.
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines = [
        "Complete requests:      20",
        "Failed requests:        20",
        "   (Connect: 20, Receive: 0, Length: 0, Exceptions: 0)",
    ];
    assert_has_lines(&ended.stdout, &lines);
}

#[test]
fn a_full_disk_is_an_error_and_the_report_is_printed() {
    let server = FaultServer::start(Script::always(Good));
    let args = ["--format", "ab", "-n", REQUESTS, "-e", "/dev/full"];
    let ended = run(&[&args[..], &[&server.url()]].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    ended.assert_one_line_on_stderr(&["/dev/full", "No space left"]);
    assert_has_lines(&ended.stdout, &["Complete requests:      20"]);

    let mut command = command(&["--format", "ab", "-n", REQUESTS, &server.url()]);
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let ended = start(command).end();
    ended.assert_one_line_error(1, &["stdout", "No space left"]);
}

#[test]
fn ab_s_columns_are_followed_by_the_causes_with_one_colon_a_line() {
    let text = text_against(&Script::good_then(3, ResetsAfterRequest), &[]);
    let (_, causes) = text.split_once("\n\nFailures by cause\n").expect("causes");
    assert_eq!(causes, "read_reset:             17\n", "{text}");
}

#[test]
pub(crate) fn a_length_that_changes_fails_in_the_text_unless_l_allows_it() {
    let script = Script::good_then(3, LongerBody);
    let text = text_against(&script, &[]);
    assert_has_lines(
        &text,
        &[
            "Failed requests:        17",
            "   (Connect: 0, Receive: 0, Length: 17, Exceptions: 0)",
        ],
    );

    let text = text_against(&script, &["-l"]);
    assert_has_lines(&text, &["Failed requests:        0"]);
}

/// ab's lines for seventeen requests that failed on the way back.
const RECEIVE_17: [&str; 2] = [
    "Failed requests:        17",
    "   (Connect: 0, Receive: 17, Length: 0, Exceptions: 0)",
];

/// Three good answers, then seventeen times `behaviour`: asserts the record's
/// failures and the text's lines, and returns the text.
fn check(behaviour: Behaviour, failures: &[(&str, u64)], lines: &[&str]) -> String {
    let script = Script::good_then(3, behaviour);
    let record = run_against(&script, &[]).record();
    let failed: u64 = failures.iter().map(|(_, count)| count).sum();
    assert_eq!(
        Counts::of_record(&record),
        Counts::new(20 - failed, failures)
    );

    // ab's miscounts depend on these flags; ours must not.
    let with_flags = text_against(&script, &["-r", "-l"]);
    let text = text_against(&script, &[]);
    for text in [&with_flags, &text] {
        assert_has_lines(text, &["Complete requests:      20"]);
        assert_has_lines(text, lines);
    }
    text
}

/// What is printed in ab's format.
fn text_against(script: &Script, args: &[&str]) -> String {
    run_against(script, &[&["--format", "ab"], args].concat()).stdout
}

fn run_against(script: &Script, args: &[&str]) -> Ended {
    let server = FaultServer::start(script.clone());
    run(&[&["-n", REQUESTS], args, &[&server.url()]].concat())
}

fn assert_has_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|found| found == *line),
            "no line {line:?} in:\n{text}"
        );
    }
}
