//! HTTP/2: several requests at a time on a connection, and what becomes of
//! each when streams or connections end early.

use h2::Reason;

use crate::files::text;
use crate::http2_server::{Act, Http2Server};
use crate::loadgen::run;
use crate::record::Counts;
use crate::server::{Kind, Server};
use crate::way::OF_HTTP2;

/// Runs `args` against a server that acts by `script`, and holds the record's counts against
/// `expected`.
fn check(script: &[Act], args: &[&str], expected: &Counts) {
    for engine in OF_HTTP2 {
        let server = Http2Server::start(script);
        let asking = ["--http2", "--engine", engine];
        let record = run(&[&asking, args, &[&server.url()]].concat()).record();
        let counts = Counts::of_record(&record);
        assert_eq!(&counts, expected, "{engine}: {script:?}: {record}");
        assert_eq!(
            server.log().requests as u64,
            counts.issued(),
            "{engine}: {script:?}: nothing is sent twice"
        );
    }
}

#[test]
fn streams_share_their_connection() {
    for engine in OF_HTTP2 {
        let server = Http2Server::start(&[Act::Answer]);
        let args = ["-n", "200", "-c", "2", "--http2", "--streams", "8"];
        let record = run(&[&args[..], &["--engine", engine, &server.url()]].concat()).record();
        assert_eq!(
            Counts::of_record(&record),
            Counts::new(200, &[]),
            "{engine}"
        );
        assert_eq!(record["connections"]["opened"], 2, "{engine}");
        assert_eq!(record["connections"]["reused"], 198, "{engine}");
        assert_eq!(record["plan"]["http_version"], "2");
        assert_eq!(record["plan"]["concurrency"], 16);
        assert_eq!(record["bytes"]["received_body"], 1000);
        assert_eq!(record["target"]["server_software"], "test/2");
        let log = server.log();
        assert_eq!((log.connections, log.requests), (2, 200), "{engine}");
        assert_eq!(log.streams_max, 8, "{engine}");
    }
}

#[test]
fn http2_names_the_server_by_authority_and_says_nothing_of_connections() {
    let server = Http2Server::start(&[Act::Answer]);
    let record = run(&["-n", "1", "--http2", &server.url()]).record();
    assert_eq!(record["plan"]["engine"], "hyper");
    assert_eq!(record["plan"]["keep_alive"], true);
    let log = server.log();
    assert_eq!(log.authority, Some(server.address().to_string()));
    assert_eq!(log.fields, ["accept", "user-agent"]);
}

#[test]
fn a_body_goes_over_http2() {
    let body = tempfile::NamedTempFile::new().unwrap();
    body.as_file().set_len(100_000).unwrap();
    for engine in OF_HTTP2 {
        let server = Http2Server::start(&[Act::Answer]);
        let path = text(&body);
        let args = ["-n", "3", "--http2", "--engine", engine, "-p", path];
        let record = run(&[&args[..], &[&server.url()]].concat()).record();
        assert_eq!(Counts::of_record(&record), Counts::new(3, &[]), "{engine}");
        assert_eq!(server.log().body_bytes, 300_000, "{engine}");
    }
}

#[test]
fn a_stream_that_is_reset_is_read_reset_and_costs_no_other() {
    for reason in [Reason::REFUSED_STREAM, Reason::INTERNAL_ERROR] {
        let script = [Act::Answer, Act::Reset(reason), Act::Answer];
        let args = ["-n", "20", "-c", "1", "--streams", "4"];
        check(&script, &args, &Counts::new(19, &[("read_reset", 1)]));
    }
    let script = [Act::Answer, Act::ResetMidBody, Act::Answer];
    let args = ["-n", "20", "-c", "1", "--streams", "4"];
    check(&script, &args, &Counts::new(19, &[("read_reset", 1)]));
}

#[test]
fn a_connection_that_is_told_to_go_away_takes_its_requests_along() {
    let script = [Act::Answer, Act::GoAway, Act::Answer];
    let expected = Counts::new(19, &[("closed_before_response", 1)]);
    check(&script, &["-n", "20", "-c", "1"], &expected);
}

#[test]
fn a_connection_that_is_cut_in_mid_answer_is_closed_mid_response() {
    let script = [Act::Answer, Act::CutMidBody, Act::Answer];
    let expected = Counts::new(19, &[("closed_mid_response", 1)]);
    check(&script, &["-n", "20", "-c", "1"], &expected);
}

#[test]
fn a_connection_that_takes_no_more_requests_is_reopened() {
    for engine in OF_HTTP2 {
        let server = Http2Server::start(&[Act::AnswerAndLeave]);
        let args = ["-n", "5", "-c", "1", "--http2", "--engine", engine];
        let record = run(&[&args[..], &[&server.url()]].concat()).record();
        assert_eq!(Counts::of_record(&record), Counts::new(5, &[]), "{engine}");
        assert_eq!(server.log().requests, 5, "{engine}");
    }
}

#[test]
fn a_stream_without_an_answer_is_read_timeout_and_costs_no_other() {
    let script = [Act::Answer, Act::Silence, Act::Answer];
    let args = [
        "-n",
        "20",
        "-c",
        "1",
        "--streams",
        "2",
        "--timeout",
        "500ms",
    ];
    check(&script, &args, &Counts::new(19, &[("read_timeout", 1)]));
}

#[test]
fn a_server_of_http_1_only_answers_what_is_malformed_here() {
    let server = Server::start(Kind::Threads);
    let args = ["-n", "4", "-c", "2", "--http2", &server.url("/")];
    let ended = run(&args);
    ended.assert_all_failed(4, "malformed_response");
}
