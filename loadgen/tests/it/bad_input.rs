//! What a person can type wrong: one line on stderr that names the thing and
//! the next step, nothing on stdout, and no request sent.

use crate::behaviour::Behaviour::Good;
use crate::fault_server::{ClosedPort, FaultServer};
use crate::loadgen::run;
use crate::script::Script;

/// A usage error.
const USAGE: i32 = 2;

/// The run could not be made.
const COULD_NOT_RUN: i32 = 1;

#[test]
fn an_unknown_flag_is_named() {
    check(USAGE, &["--frobnicate"], &["--frobnicate", "--help"]);
}

#[test]
fn a_number_that_is_none_is_named() {
    check(USAGE, &["-n", "many"], &["many", "-n"]);
}

#[test]
fn no_requests_at_all_is_named() {
    check(USAGE, &["-n", "0"], &["0", "-n"]);
}

#[test]
fn no_connections_at_all_is_named() {
    check(USAGE, &["-c", "0"], &["0", "-c"]);
}

#[test]
fn more_connections_than_requests_is_a_usage_error() {
    check(USAGE, &["-n", "5", "-c", "6"], &["-c", "-n"]);
}

#[test]
fn a_timeout_that_is_none_is_named() {
    check(USAGE, &["--timeout", "soon"], &["soon", "--timeout"]);
}

#[test]
fn a_format_that_does_not_exist_is_named_with_those_that_do() {
    check(
        USAGE,
        &["--format", "xml"],
        &["xml", "--format", "json", "ab", "text"],
    );
}

#[test]
fn a_header_without_a_colon_is_named() {
    check(USAGE, &["-H", "no colon here"], &["no colon here", "-H"]);
}

#[test]
fn a_status_that_is_none_is_named() {
    check(
        USAGE,
        &["--expect-status", "9xx"],
        &["9xx", "--expect-status"],
    );
}

#[test]
fn a_body_file_that_is_not_there_is_named() {
    let words = ["/does/not/exist", "No such file"];
    check(COULD_NOT_RUN, &["-p", "/does/not/exist"], &words);
    check(COULD_NOT_RUN, &["-u", "/does/not/exist"], &words);
}

#[test]
fn a_missing_url_is_named() {
    run(&["-n", "1"]).assert_one_line_error(USAGE, &["URL"]);
}

#[test]
fn a_bad_url_is_named() {
    for url in [
        "nonsense",
        "ftp://127.0.0.1/",
        "http://",
        "http://127.0.0.1:99999/",
    ] {
        run(&["-n", "1", url]).assert_one_line_error(USAGE, &[url]);
    }
}

#[test]
fn a_closed_port_is_named_beside_the_record() {
    let closed = ClosedPort::new();
    let address = closed.address().to_string();
    let ended = run(&["-n", "1", &format!("http://{address}/")]);
    assert_eq!(ended.code, Some(COULD_NOT_RUN), "{ended:?}");
    ended.assert_one_line_on_stderr(&[&address, "refused"]);
}

/// Runs with `args` and a good URL; asserts a one-line error that names all of
/// `words`, and that the server was left alone.
fn check(code: i32, args: &[&str], words: &[&str]) {
    let server = FaultServer::start(Script::always(Good));
    run(&[args, &[&server.url()]].concat()).assert_one_line_error(code, words);
    assert_eq!(server.stop().connections_accepted, 0, "{args:?}");
}
