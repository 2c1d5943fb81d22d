//! The fault table: what a server may do, and the one cause under which each
//! such request is counted. A row is a test; it runs in several manners
//! (one request at a time or several, new connections or keep-alive, one
//! worker or two), and the client's record is held against the server's log.

use std::thread;

use rustix::process::Signal;

use crate::behaviour::Behaviour::{self, *};
use crate::fault_server::{ClosedPort, FaultServer};
use crate::loadgen::{command, run, start};
use crate::record::Outcome::{self, Failure, Success};
use crate::record::{Counts, assert_connections_agree};
use crate::script::Script;

/// Options of one run.
pub(crate) type Manner = &'static [&'static str];

/// New connections and keep-alive, one request at a time and several, one
/// worker and two.
pub(crate) const EVERY_MANNER: &[Manner] = &[
    &["-c", "1"],
    &["-c", "1", "-k"],
    &["-c", "4"],
    &["-c", "4", "-k"],
    &["-c", "4", "--threads", "2"],
    &["-c", "4", "--threads", "2", "-k"],
];

/// Where only keep-alive shows the fault.
const KEEP_ALIVE: &[Manner] = &[EVERY_MANNER[1], EVERY_MANNER[3], EVERY_MANNER[5]];

/// Where the order of the answers matters.
const ONE_BY_ONE: &[Manner] = &[EVERY_MANNER[0], EVERY_MANNER[1]];

/// Good answers before the fault.
const GOOD_ANSWERS: usize = 3;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) behaviour: Behaviour,
    pub(crate) manners: &'static [Manner],
    /// Options that this row needs besides its manner.
    pub(crate) args: &'static [&'static str],
    pub(crate) outcome: Outcome,
}

macro_rules! fault_table {
    ($($name:ident: $behaviour:ident, $manners:ident, $args:expr => $outcome:expr;)*) => {
        /// The table's rows.
        pub(crate) const TABLE: &[Row] = &[$(Row {
            behaviour: $behaviour,
            manners: $manners,
            args: &$args,
            outcome: $outcome,
        },)*];

        $(#[test]
        fn $name() {
            check(&Row {
                behaviour: $behaviour,
                manners: $manners,
                args: &$args,
                outcome: $outcome,
            });
        })*
    };
}

// The name: what the server does, in which manners, with which options => outcome.
fault_table! {
    a_reset_after_the_request_is_read_reset:
        ResetsAfterRequest, EVERY_MANNER, [] => Failure("read_reset");
    a_reset_within_the_body_is_read_reset:
        ResetsMidBody, EVERY_MANNER, [] => Failure("read_reset");

    a_close_without_a_byte_is_closed_before_response:
        ClosesWithoutAByte, EVERY_MANNER, [] => Failure("closed_before_response");

    a_head_cut_short_is_closed_mid_response:
        HeadCutShort, EVERY_MANNER, [] => Failure("closed_mid_response");
    a_body_shorter_than_promised_is_closed_mid_response:
        BodyCutShort, EVERY_MANNER, [] => Failure("closed_mid_response");

    a_chunk_size_that_is_not_hexadecimal_is_malformed:
        ChunkSizeNotHex, EVERY_MANNER, [] => Failure("malformed_response");
    a_chunk_size_that_overflows_is_malformed:
        ChunkSizeOverflows, EVERY_MANNER, [] => Failure("malformed_response");
    a_chunk_without_its_crlf_is_malformed:
        ChunkDataWithoutCrlf, EVERY_MANNER, [] => Failure("malformed_response");

    a_chunked_body_without_its_last_chunk_is_closed_mid_response:
        ChunkedNeverEnded, EVERY_MANNER, [] => Failure("closed_mid_response");

    a_chunked_answer_succeeds:
        Chunked, EVERY_MANNER, [] => Success;
    a_chunked_answer_in_segments_of_one_byte_succeeds:
        ChunkedByteByByte, EVERY_MANNER, [] => Success;
    chunk_extensions_and_trailers_succeed:
        ChunkedWithExtensionsAndTrailers, EVERY_MANNER, [] => Success;

    an_answer_that_is_not_http_is_malformed:
        Garbage, EVERY_MANNER, [] => Failure("malformed_response");

    an_answer_after_100_continue_succeeds:
        ContinueFirst, EVERY_MANNER, [] => Success;
    an_answer_after_103_early_hints_succeeds:
        EarlyHintsFirst, EVERY_MANNER, [] => Success;

    a_head_over_the_limit_is_response_too_large:
        HeadTooLarge, EVERY_MANNER, [] => Failure("response_too_large");
    a_head_without_end_is_response_too_large:
        HeadEndless, EVERY_MANNER, [] => Failure("response_too_large");

    a_body_without_end_is_read_timeout_and_starves_nobody:
        BodyEndless, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    interim_answers_without_end_are_response_too_large:
        InterimEndless, EVERY_MANNER, [] => Failure("response_too_large");

    a_head_that_drips_past_the_timeout_is_read_timeout:
        DripsPastTimeout, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    a_body_that_drips_within_the_timeout_succeeds:
        DripsWithinTimeout, EVERY_MANNER, LONG_TIMEOUT => Success;

    silence_after_the_request_is_read_timeout:
        Silent, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    silence_within_the_head_is_read_timeout:
        StopsMidHead, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    silence_within_the_body_is_read_timeout:
        StopsMidBody, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");

    bytes_after_the_body_are_malformed_and_never_the_next_answer:
        ExtraBytesAfterBody, KEEP_ALIVE, [] => Failure("malformed_response");

    a_204_without_content_length_succeeds:
        NoContent, EVERY_MANNER, [] => Success;
    a_204_with_content_length_has_no_body_and_succeeds:
        NoContentWithLength, EVERY_MANNER, [] => Success;
    a_304_without_content_length_succeeds:
        NotModified, EVERY_MANNER, [] => Success;
    a_304_with_content_length_has_no_body_and_succeeds:
        NotModifiedWithLength, EVERY_MANNER, [] => Success;
    an_answer_to_head_with_content_length_has_no_body_and_succeeds:
        Good, EVERY_MANNER, ["-i"] => Success;
    an_answer_to_head_without_content_length_succeeds:
        BareHead, EVERY_MANNER, ["-i"] => Success;

    an_http_1_0_answer_that_ends_by_closing_succeeds:
        Http10ByClosing, EVERY_MANNER, [] => Success;

    two_different_content_lengths_are_malformed:
        TwoLengths, EVERY_MANNER, [] => Failure("malformed_response");
    content_length_with_chunked_is_malformed:
        LengthWithChunked, EVERY_MANNER, [] => Failure("malformed_response");

    a_length_that_changes_succeeds:
        LongerBody, EVERY_MANNER, [] => Success;
    a_length_other_than_the_first_is_unexpected_if_the_first_is_expected:
        LongerBody, ONE_BY_ONE, ["--expect-length", "first"] => Failure("unexpected_length");
    a_length_other_than_a_given_one_is_unexpected:
        LongerBody, EVERY_MANNER, ["--expect-length", "5"] => Failure("unexpected_length");

    a_404_is_an_unexpected_status:
        NotFound, EVERY_MANNER, [] => Failure("unexpected_status");
    a_404_that_is_expected_succeeds:
        NotFound, EVERY_MANNER, ["--expect-status", "2xx,404"] => Success;
    a_500_is_an_unexpected_status:
        ServerError, EVERY_MANNER, [] => Failure("unexpected_status");

    an_idle_connection_that_was_closed_is_reopened_before_the_next_request:
        ClosesWhenIdle, EVERY_MANNER, [] => Success;
    an_announced_close_is_obeyed_and_the_connection_reopened:
        CloseAnnounced, EVERY_MANNER, [] => Success;
}

/// Far below the time for which a fault here lasts, and above the time that an
/// honest answer takes on a loaded machine.
const SHORT_TIMEOUT: [&str; 2] = ["--timeout", "500ms"];

/// Far above the time that the slowest honest answer takes.
const LONG_TIMEOUT: [&str; 2] = ["--timeout", "15s"];

#[test]
fn a_closed_port_is_connect_refused_and_a_run_without_success_exits_1() {
    let closed = ClosedPort::new();
    let url = format!("http://{}/", closed.address());
    for manner in EVERY_MANNER {
        let ended = run(&[&["-n", "20", &url], *manner].concat());
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let counts = Counts::of_record(&ended.record());
        assert_eq!(
            counts,
            Counts::new(0, &[("connect_refused", 20)]),
            "{manner:?}"
        );
    }
}

#[test]
fn a_request_that_cannot_be_written_in_time_is_write_timeout() {
    // More than the socket buffers of both sides take.
    let body = tempfile::NamedTempFile::new().unwrap();
    body.as_file().set_len(32 << 20).unwrap();
    let path = body.path().to_str().unwrap();
    at_once(EVERY_MANNER, |manner| {
        let args = [manner, &["-p", path], &SHORT_TIMEOUT].concat();
        let script = Script::always(NeverReads);
        let outcome_of = |_| Failure("write_timeout");
        check_conservation(script, 4, &args, outcome_of, "the server never reads");
    });
}

#[test]
fn a_server_that_restarts_costs_failures_only_while_it_is_away() {
    // It leaves while it owes an answer, and is back on the same port.
    let before = FaultServer::start(Script::good_then(10, Silent));
    let url = before.url();
    let running = start(command(&["-n", "100000000", &url]));
    before.wait_until(|log| log.played.len() == 11);
    let address = before.address();
    before.stop();
    let after = FaultServer::start_on(address, Script::always(Good));
    after.wait_until(|log| log.answers_sent >= 10);
    running.signal(Signal::INT);

    let record = running.end().record();
    let log = after.stop();
    let counts = Counts::of_record(&record);
    assert_eq!(
        counts.failures.get("closed_before_response"),
        Some(&1),
        "{counts:?}"
    );
    let away = [
        "closed_before_response",
        "connect_refused",
        "connect_reset",
        "read_reset",
    ];
    assert!(
        counts
            .failures
            .keys()
            .all(|cause| away.contains(&cause.as_str())),
        "{counts:?}"
    );
    let answered_after = counts.succeeded - 10;
    assert!(answered_after >= 9, "{counts:?}");
    assert!(
        answered_after + counts.cancelled >= log.played.len() as u64,
        "{counts:?}"
    );
}

#[test]
fn every_behaviour_has_a_row() {
    for behaviour in Behaviour::ALL {
        let in_table = TABLE.iter().any(|row| row.behaviour == *behaviour);
        // What is done at accept cannot follow good answers: tests of their own.
        assert!(
            in_table || behaviour.is_at_accept(),
            "{behaviour:?} has no row"
        );
    }
}

/// Runs a row in all its manners at once.
fn check(row: &Row) {
    // A row that waits plays its fault less often.
    let faults = if row.args.contains(&"--timeout") {
        4
    } else {
        17
    };
    at_once(row.manners, |manner| check_manner(row, manner, faults));
}

/// Several runs beside each other: most of what they do is wait.
fn at_once(manners: &[Manner], check: impl Fn(Manner) + Sync) {
    thread::scope(|scope| {
        for manner in manners {
            scope.spawn(|| check(manner));
        }
    });
}

fn check_manner(row: &Row, manner: Manner, faults: usize) {
    let script = Script::good_then(GOOD_ANSWERS, row.behaviour);
    let requests = GOOD_ANSWERS + faults;
    let outcome_of = |behaviour| {
        if behaviour == row.behaviour {
            row.outcome
        } else {
            Success
        }
    };
    let args = [manner, row.args].concat();
    let sentence = row.behaviour.sentence();
    let circumstances = format!("the server {sentence}; options {args:?}");
    check_conservation(script, requests, &args, outcome_of, &circumstances);
}

/// Runs `requests` requests against the script, and asserts that the client's
/// record says what the server's log says, under the causes of `outcome_of`.
pub(crate) fn check_conservation(
    script: Script,
    requests: usize,
    args: &[&str],
    outcome_of: impl Fn(Behaviour) -> Outcome,
    circumstances: &str,
) {
    let server = FaultServer::start(script);
    let ended = run(&[&["-n", &requests.to_string()], args, &[&server.url()]].concat());
    let log = server.stop();
    let record = ended.record();
    let counts = Counts::of_record(&record);

    assert_eq!(
        counts,
        Counts::of_log(&log, outcome_of),
        "{circumstances}: {log:?}"
    );
    assert_eq!(counts.issued(), requests as u64, "{circumstances}: {log:?}");
    assert_connections_agree(&record, &log);
    let code = if counts.succeeded > 0 { 0 } else { 1 };
    assert_eq!(ended.code, Some(code), "{circumstances}: {ended:?}");
    assert_eq!(record["interrupted"], false, "{circumstances}: {ended:?}");
}
