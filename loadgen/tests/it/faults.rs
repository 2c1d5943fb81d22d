//! The fault table: what a server may do, and the one cause under which each
//! such request is counted. A row is a test; it runs in several manners
//! (one request at a time or several, new connections or keep-alive, one
//! worker or two), and the client's record is held against the server's log.
//! Rows that need more than one server's behaviour are tests of their own, here
//! or in `away`.

use loadgen::outcome::Cause;

use crate::against_ab::a_length_that_changes_fails_in_the_text_unless_l_allows_it;
use crate::away::*;
use crate::behaviour::Behaviour::{self, *};
use crate::check::{EVERY_MANNER, Manner, at_once, check_conservation};
use crate::files::text;
use crate::our_side::{
    requests_that_find_no_descriptor_fail_under_that_cause,
    requests_that_find_no_local_port_fail_under_that_cause,
};
use crate::record::Outcome::{self, Failure, Success};
use crate::script::Script;
use crate::secured::*;
use crate::way::Way;

/// What the table has a row for: what the server does. Row 1 is the first.
const SERVER_DOES: [&str; 24] = [
    "resets after reading the request",
    "closes without a byte",
    "sends less than Content-Length and closes",
    "breaks the rules of chunks: a size that is no number, or no CRLF after the data",
    "closes before the last chunk",
    "sends chunk extensions and trailers",
    "answers garbage",
    "sends 100 or 103 before its answer",
    "sends a head over the limit, or without end",
    "drips its answer past the timeout, or within it",
    "stops in mid-answer, or before it",
    "sends more bytes than its answer has",
    "sends 204 or 304, or answers HEAD, with a length and without one",
    "answers as HTTP/1.0 and ends by closing",
    "gives two lengths, or a length and chunks",
    "changes the length of its answers",
    "answers what was not expected: 4xx, 5xx, another body",
    "closes a connection that is idle",
    "closes a connection as it said it would",
    "is not there",
    "has a full accept queue, so that the kernel drops what comes",
    "restarts in mid-run",
    "breaks the rules of TLS, or closes without its word of farewell",
    "has a name that leads nowhere, or to a dead address first",
];

/// Tests of rows that need more than one behaviour of one server.
const ELSEWHERE: &[(usize, fn())] = &[
    (1, a_reset_while_the_request_is_written_is_write_reset),
    (
        11,
        a_request_that_cannot_be_written_in_time_is_write_timeout,
    ),
    (
        16,
        a_length_that_changes_fails_in_the_text_unless_l_allows_it,
    ),
    (
        20,
        a_closed_port_is_connect_refused_and_a_run_without_success_exits_1,
    ),
    (
        20,
        a_network_without_a_way_to_the_server_is_connect_unreachable,
    ),
    (21, a_full_accept_queue_is_connect_timeout),
    (
        21,
        an_accept_queue_that_was_full_for_a_while_costs_time_and_is_told,
    ),
    (22, a_restart_fails_what_it_meets_and_nothing_else),
    (23, a_server_that_does_not_encrypt_is_tls_handshake),
    (24, a_name_that_does_not_resolve_is_dns_for_each_request),
    (24, a_dead_address_before_a_live_one_is_no_failure),
    (23, a_certificate_that_is_not_trusted_is_tls_handshake),
];

/// Where a cause is brought about that has no row here.
pub(crate) enum Elsewhere {
    /// It is one of round trips over WebSocket, which have a table of their own:
    /// `websocket_faults`.
    OverWebSocket,
    Nowhere,
}

/// The test that brings each cause about. A cause without one does not compile.
pub(crate) fn test_of(cause: Cause) -> Result<fn(), Elsewhere> {
    Ok(match cause {
        Cause::Dns => a_name_that_does_not_resolve_is_dns_for_each_request,
        Cause::ConnectRefused => a_closed_port_is_connect_refused_and_a_run_without_success_exits_1,
        Cause::ConnectTimeout => a_full_accept_queue_is_connect_timeout,
        Cause::ConnectUnreachable => a_network_without_a_way_to_the_server_is_connect_unreachable,
        Cause::NoLocalPort => requests_that_find_no_local_port_fail_under_that_cause,
        Cause::NoFileDescriptor => requests_that_find_no_descriptor_fail_under_that_cause,
        Cause::TlsHandshake => a_certificate_that_is_not_trusted_is_tls_handshake,
        Cause::WriteReset => a_reset_while_the_request_is_written_is_write_reset,
        Cause::WriteTimeout => a_request_that_cannot_be_written_in_time_is_write_timeout,
        Cause::ReadReset => a_reset_after_the_request_is_read_reset,
        Cause::ReadTimeout => silence_after_the_request_is_read_timeout,
        Cause::ClosedBeforeResponse => a_close_without_a_byte_is_closed_before_response,
        Cause::ClosedMidResponse => a_body_shorter_than_promised_is_closed_mid_response,
        Cause::MalformedResponse => an_answer_that_is_not_http_is_malformed,
        Cause::ResponseTooLarge => a_head_over_the_limit_is_response_too_large,
        Cause::UnexpectedStatus => a_404_is_an_unexpected_status,
        Cause::UnexpectedLength => a_length_other_than_a_given_one_is_unexpected,
        Cause::UnexpectedBody => a_body_other_than_the_expected_one_is_an_unexpected_body,
        Cause::NotWebSocket
        | Cause::WrongAcceptKey
        | Cause::NotRelayed
        | Cause::WebSocketClosed
        | Cause::NotUtf8
        | Cause::WebSocketProtocol
        | Cause::MessageTooLarge
        | Cause::WrongMessage => return Err(Elsewhere::OverWebSocket),
        // Between a SYN's answer and the first byte: nothing can be made to happen just then.
        Cause::ConnectReset => return Err(Elsewhere::Nowhere),
        // What nobody thought of.
        Cause::Other => return Err(Elsewhere::Nowhere),
    })
}

/// The row that is about TLS.
const OF_TLS: usize = 23;

/// Where ways to ask differ from the table, for a reason.
struct Departure {
    /// The ways' labels.
    ways: &'static [&'static str],
    behaviour: Behaviour,
    /// None if it cannot be shown.
    outcome: Option<Outcome>,
}

const DEPARTURES: &[Departure] = &[
    // reqwest's errors do not say whether anything had come.
    Departure {
        ways: Way::OF_REQWEST,
        behaviour: HeadCutShort,
        outcome: Some(Failure("closed_before_response")),
    },
    // The answer is whole; the bytes behind it are dropped with the connection, unseen.
    Departure {
        ways: Way::OF_REQWEST,
        behaviour: ExtraBytesAfterBody,
        outcome: Some(Success),
    },
    // Taken for chunked and the connection for a good one, so that the server's silence is the next
    // request's.
    Departure {
        ways: Way::OF_REQWEST,
        behaviour: LengthWithChunked,
        outcome: None,
    },
    // reqwest reads on for seconds before it looks at its limits, longer in a debug build.
    Departure {
        ways: Way::OF_REQWEST,
        behaviour: InterimEndless,
        outcome: None,
    },
];

/// Where only keep-alive shows the fault.
const KEEP_ALIVE: &[Manner] = &[EVERY_MANNER[1], EVERY_MANNER[3], EVERY_MANNER[5]];

/// Where the order of the answers matters.
const ONE_BY_ONE: &[Manner] = &[EVERY_MANNER[0], EVERY_MANNER[1]];

/// Good answers before the fault.
const GOOD_ANSWERS: usize = 3;

/// One row of the table.
pub(crate) struct Row {
    /// What the server does, in [`SERVER_DOES`], counted from 1.
    pub(crate) number: usize,
    pub(crate) behaviour: Behaviour,
    pub(crate) manners: &'static [Manner],
    /// Options that this row needs besides its manner.
    pub(crate) args: &'static [&'static str],
    pub(crate) outcome: Outcome,
}

impl Row {
    /// Whether it can be shown in this way.
    pub(crate) fn is_for(&self, way: Way) -> bool {
        let departure = self.departure(way);
        let can_be_shown = departure.is_none_or(|departure| departure.outcome.is_some());
        can_be_shown && (way.is_encrypted || self.number != OF_TLS)
    }

    /// How its request ends in this way.
    pub(crate) fn outcome_in(&self, way: Way) -> Outcome {
        let departure = self.departure(way);
        departure
            .and_then(|departure| departure.outcome)
            .unwrap_or(self.outcome)
    }

    fn departure(&self, way: Way) -> Option<&'static Departure> {
        DEPARTURES.iter().find(|departure| {
            departure.ways.contains(&way.label) && departure.behaviour == self.behaviour
        })
    }
}

macro_rules! fault_table {
    ($($number:literal $name:ident: $behaviour:ident, $manners:ident, $args:expr => $outcome:expr;)*) => {
        /// The table's rows.
        pub(crate) const TABLE: &[Row] = &[$(Row {
            number: $number,
            behaviour: $behaviour,
            manners: $manners,
            args: &$args,
            outcome: $outcome,
        },)*];

        $(#[test]
        fn $name() {
            check(&Row {
                number: $number,
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
    1 a_reset_after_the_request_is_read_reset:
        ResetsAfterRequest, EVERY_MANNER, [] => Failure("read_reset");
    1 a_reset_within_the_body_is_read_reset:
        ResetsMidBody, EVERY_MANNER, [] => Failure("read_reset");
    1 a_reset_is_no_end_of_a_body_without_length:
        Http10ByResetting, EVERY_MANNER, [] => Failure("read_reset");

    2 a_close_without_a_byte_is_closed_before_response:
        ClosesWithoutAByte, EVERY_MANNER, [] => Failure("closed_before_response");

    3 a_head_cut_short_is_closed_mid_response:
        HeadCutShort, EVERY_MANNER, [] => Failure("closed_mid_response");
    3 a_body_shorter_than_promised_is_closed_mid_response:
        BodyCutShort, EVERY_MANNER, [] => Failure("closed_mid_response");

    4 a_chunk_size_that_is_not_hexadecimal_is_malformed:
        ChunkSizeNotHex, EVERY_MANNER, [] => Failure("malformed_response");
    4 a_chunk_size_that_overflows_is_malformed:
        ChunkSizeOverflows, EVERY_MANNER, [] => Failure("malformed_response");
    4 a_chunk_without_its_crlf_is_malformed:
        ChunkDataWithoutCrlf, EVERY_MANNER, [] => Failure("malformed_response");

    5 a_chunked_body_without_its_last_chunk_is_closed_mid_response:
        ChunkedNeverEnded, EVERY_MANNER, [] => Failure("closed_mid_response");

    6 a_chunked_answer_succeeds:
        Chunked, EVERY_MANNER, [] => Success;
    6 a_chunked_answer_in_segments_of_one_byte_succeeds:
        ChunkedByteByByte, EVERY_MANNER, [] => Success;
    6 chunk_extensions_and_trailers_succeed:
        ChunkedWithExtensionsAndTrailers, EVERY_MANNER, [] => Success;

    7 an_answer_that_is_not_http_is_malformed:
        Garbage, EVERY_MANNER, [] => Failure("malformed_response");

    7 a_status_that_is_no_number_is_malformed:
        StatusNotANumber, EVERY_MANNER, [] => Failure("malformed_response");
    7 bytes_without_end_that_are_not_http_are_malformed:
        GarbageEndless, EVERY_MANNER, [] => Failure("malformed_response");

    8 an_answer_after_100_continue_succeeds:
        ContinueFirst, EVERY_MANNER, [] => Success;
    8 an_answer_after_103_early_hints_succeeds:
        EarlyHintsFirst, EVERY_MANNER, [] => Success;

    9 a_head_over_the_limit_is_response_too_large:
        HeadTooLarge, EVERY_MANNER, [] => Failure("response_too_large");
    9 a_head_without_end_is_response_too_large:
        HeadEndless, EVERY_MANNER, [] => Failure("response_too_large");

    10 a_body_without_end_is_read_timeout_and_starves_nobody:
        BodyEndless, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    9 interim_answers_without_end_are_response_too_large:
        InterimEndless, EVERY_MANNER, [] => Failure("response_too_large");

    10 a_head_that_drips_past_the_timeout_is_read_timeout:
        DripsPastTimeout, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    10 a_body_that_drips_within_the_timeout_succeeds:
        DripsWithinTimeout, EVERY_MANNER, LONG_TIMEOUT => Success;

    11 silence_after_the_request_is_read_timeout:
        Silent, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    11 silence_within_the_head_is_read_timeout:
        StopsMidHead, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");
    11 silence_within_the_body_is_read_timeout:
        StopsMidBody, EVERY_MANNER, SHORT_TIMEOUT => Failure("read_timeout");

    12 bytes_after_the_body_are_malformed_and_never_the_next_answer:
        ExtraBytesAfterBody, KEEP_ALIVE, [] => Failure("malformed_response");

    13 a_204_without_content_length_succeeds:
        NoContent, EVERY_MANNER, [] => Success;
    13 a_204_with_content_length_has_no_body_and_succeeds:
        NoContentWithLength, EVERY_MANNER, [] => Success;
    13 a_304_without_content_length_succeeds:
        NotModified, EVERY_MANNER, [] => Success;
    13 a_304_with_content_length_has_no_body_and_succeeds:
        NotModifiedWithLength, EVERY_MANNER, [] => Success;
    13 an_answer_to_head_with_content_length_has_no_body_and_succeeds:
        Good, EVERY_MANNER, ["-i"] => Success;
    13 an_answer_to_head_without_content_length_succeeds:
        BareHead, EVERY_MANNER, ["-i"] => Success;

    14 an_http_1_0_answer_that_ends_by_closing_succeeds:
        Http10ByClosing, EVERY_MANNER, [] => Success;

    15 two_different_content_lengths_are_malformed:
        TwoLengths, EVERY_MANNER, [] => Failure("malformed_response");
    15 content_length_with_chunked_is_malformed:
        LengthWithChunked, EVERY_MANNER, [] => Failure("malformed_response");

    16 a_length_that_changes_succeeds:
        LongerBody, EVERY_MANNER, [] => Success;
    16 a_length_other_than_the_first_is_unexpected_if_the_first_is_expected:
        LongerBody, ONE_BY_ONE, ["--expect-length", "first"] => Failure("unexpected_length");
    16 a_length_other_than_a_given_one_is_unexpected:
        LongerBody, EVERY_MANNER, ["--expect-length", "5"] => Failure("unexpected_length");

    17 a_404_is_an_unexpected_status:
        NotFound, EVERY_MANNER, [] => Failure("unexpected_status");
    17 a_404_that_is_expected_succeeds:
        NotFound, EVERY_MANNER, ["--expect-status", "2xx,404"] => Success;
    17 a_500_is_an_unexpected_status:
        ServerError, EVERY_MANNER, [] => Failure("unexpected_status");
    17 a_body_other_than_the_expected_one_is_an_unexpected_body:
        LongerBody, EVERY_MANNER, ["--expect-body", "hello"] => Failure("unexpected_body");

    18 an_idle_connection_that_was_closed_is_reopened_before_the_next_request:
        ClosesWhenIdle, EVERY_MANNER, [] => Success;
    19 an_announced_close_is_obeyed_and_the_connection_reopened:
        CloseAnnounced, EVERY_MANNER, [] => Success;

    23 a_whole_body_cut_without_close_notify_succeeds:
        CutAfterBody, EVERY_MANNER, [] => Success;
    23 a_cut_before_the_answer_is_closed_before_response:
        CutBeforeResponse, EVERY_MANNER, [] => Failure("closed_before_response");
    23 a_cut_within_the_body_is_closed_mid_response:
        CutMidBody, EVERY_MANNER, [] => Failure("closed_mid_response");
    23 a_body_that_only_a_cut_ends_is_closed_mid_response:
        CutWithoutLength, EVERY_MANNER, [] => Failure("closed_mid_response");
}

/// Far below the time for which a fault here lasts, and above the time that an
/// honest answer takes on a loaded machine.
const SHORT_TIMEOUT: [&str; 2] = ["--timeout", "500ms"];

/// Far above the time that the slowest honest answer takes.
const LONG_TIMEOUT: [&str; 2] = ["--timeout", "15s"];

#[test]
fn a_request_that_cannot_be_written_in_time_is_write_timeout() {
    // What is done at accept would meet a handshake.
    for way in Way::in_the_clear() {
        // reqwest does not tell what it waited for.
        let cause = match way.is_of_reqwest() {
            true => "read_timeout",
            false => "write_timeout",
        };
        check_long_request(way, NeverReads, &SHORT_TIMEOUT, Failure(cause));
    }
}

#[test]
fn a_reset_while_the_request_is_written_is_write_reset() {
    // reqwest does not tell what it was about.
    let tells = |way: &Way| !way.is_of_reqwest();
    for way in Way::in_the_clear().into_iter().filter(tells) {
        check_long_request(way, ResetsAtFirstByte, &[], Failure("write_reset"));
    }
}

/// For what is done at accept no good answer can come before it.
fn check_long_request(way: Way, behaviour: Behaviour, args: &[&str], outcome: Outcome) {
    // More than the socket buffers of both sides take.
    let body = tempfile::NamedTempFile::new().unwrap();
    body.as_file().set_len(32 << 20).unwrap();
    let path = text(&body);
    at_once(&way.manners(EVERY_MANNER), |manner| {
        let args = [manner, &["-p", path], args].concat();
        let script = Script::always(behaviour);
        let sentence = behaviour.sentence();
        check_conservation(way, script, 4, &args, |_| outcome, sentence);
    });
}

#[test]
fn every_row_is_tested() {
    for (index, sentence) in SERVER_DOES.iter().enumerate() {
        let number = index + 1;
        let is_tested = TABLE.iter().any(|row| row.number == number)
            || ELSEWHERE.iter().any(|(row, _)| *row == number);
        assert!(is_tested, "row {number} has no test: the server {sentence}");
    }
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

/// Runs a row in all ways and manners.
fn check(row: &Row) {
    // A row that waits plays its fault less often.
    let faults = if row.args.contains(&"--timeout") {
        4
    } else {
        17
    };
    for &way in Way::ALL.iter().filter(|way| row.is_for(**way)) {
        let manners = way.manners(row.manners);
        at_once(&manners, |manner| check_manner(row, way, manner, faults));
    }
}

fn check_manner(row: &Row, way: Way, manner: Manner, faults: usize) {
    let script = Script::good_then(GOOD_ANSWERS, row.behaviour);
    let requests = GOOD_ANSWERS + faults;
    let outcome_of = |behaviour| {
        if behaviour == row.behaviour {
            row.outcome_in(way)
        } else {
            Success
        }
    };
    let args = [manner, row.args].concat();
    let sentence = row.behaviour.sentence();
    let circumstances = format!(
        "row {}: the server {sentence}; options {args:?}",
        row.number
    );
    check_conservation(way, script, requests, &args, outcome_of, &circumstances);
}
