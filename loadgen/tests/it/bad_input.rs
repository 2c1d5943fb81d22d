//! What a person can type wrong: one line on stderr that names the thing and
//! the next step, nothing on stdout, and no request sent.

use crate::behaviour::Behaviour::Good;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::loadgen::{command, run, start};
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
    let words = ["-n <N>", "whole number above 0"];
    for number in ["many", "1.5", "-5", "99999999999999999999", ""] {
        check(USAGE, &["-n", number], &[&words[..], &[number]].concat());
    }
}

#[test]
fn nothing_at_all_of_what_must_be_some_is_named() {
    for flag in [
        "-n",
        "--requests",
        "-c",
        "--concurrency",
        "--threads",
        "--server-pid",
    ] {
        // By the name that was typed.
        let flag_in_text = format!("'{flag} <");
        let words = ["'0'", &flag_in_text, "whole number above 0", "--help"];
        check(USAGE, &[flag, "0"], &words);
    }
    for flag in ["-s", "--timeout", "-t", "--duration"] {
        let flag_in_text = format!("'{flag} <");
        check(USAGE, &[flag, "0"], &["'0'", &flag_in_text, "above 0"]);
    }
}

#[test]
fn a_value_that_is_missing_is_named_by_its_flag() {
    for flag in ["-n", "-c", "-t", "-s", "-p", "-H", "-o", "--format"] {
        let flag_in_text = format!("'{flag} <");
        run(&[flag]).assert_one_line_error(USAGE, &[&flag_in_text, "--help"]);
    }
}

#[test]
fn more_connections_than_requests_is_a_usage_error() {
    check(USAGE, &["-n", "5", "-c", "6"], &["-c", "-n"]);
}

#[test]
fn a_timeout_that_is_none_is_named() {
    check(
        USAGE,
        &["--timeout", "soon"],
        &["soon", "--timeout", "300ms"],
    );
    check(USAGE, &["-s", "-1"], &["-1", "-s", "300ms"]);
}

#[test]
fn a_limit_that_is_none_is_named() {
    for (flag, limit, form) in [
        ("--max-error-rate", "2", "1% or 0.01"),
        ("--max-error-rate", "-1", "1% or 0.01"),
        ("--max-p99", "0", "300ms"),
        ("--max-p99", "fast", "300ms"),
        ("--min-rate", "0", "500 or 30/m"),
        ("--min-rate", "-5", "500, 30/m"),
        ("--min-rate", "1..5", "one rate"),
    ] {
        check(USAGE, &[flag, limit], &[flag, limit, form]);
    }
}

#[test]
fn a_search_says_what_it_lacks_and_what_it_has_no_use_for() {
    check(USAGE, &["--find-max"], &["add --slo p99=TIME"]);
    check(USAGE, &["--slo", "p99=5ms"], &["add --find-max"]);
    check(
        USAGE,
        &["--find-max", "--slo", "fast"],
        &["fast", "--slo", "p99=50ms"],
    );
    let search = ["--find-max", "--slo", "p99=5ms"];
    check(USAGE, &[&search[..], &["-n", "9"]].concat(), &["drop -n"]);
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
    check(
        USAGE,
        &["-H", "no colon here"],
        &["no colon here", "-H", "Name: value"],
    );
}

#[test]
fn a_source_that_this_machine_does_not_have_is_named() {
    // For documentation (RFC 5737).
    check(
        USAGE,
        &["--source-addr", "127.0.0.1,192.0.2.1"],
        &["--source-addr 192.0.2.1", "addresses of this machine"],
    );
    check(
        USAGE,
        &["-B", "127.0.0.9-127.0.0.1"],
        &["-B", "comes after"],
    );
    let elsewhere = "no-such-host";
    check(USAGE, &["-B", elsewhere], &["-B", elsewhere, "127.0.0.2"]);
}

#[test]
fn a_proxy_that_is_none_is_named() {
    let form = "HOST:PORT";
    check(USAGE, &["-X", "http://a:80"], &["-X", "http://a:80", form]);
    check(USAGE, &["-P", "me:secret"], &["--proxy"]);
    let engine = ["-X", "a:80", "--engine", "hyper"];
    check(USAGE, &engine, &["--engine hyper", "-X"]);
    let both = ["-X", "a:80", "--connect-to", ":::"];
    check(USAGE, &both, &["-X", "--connect-to"]);
}

#[test]
fn a_rule_that_leads_nobody_anywhere_is_named() {
    let form = "HOST:PORT:ADDRESS:PORT";
    check(
        USAGE,
        &["--connect-to", "a:80"],
        &["--connect-to", "a:80", form],
    );
    let others = ["--connect-to", "a:80:127.0.0.1:81"];
    check(USAGE, &others, &["--connect-to", "is about 127.0.0.1:"]);
    let engine = ["--connect-to", ":::", "--engine", "reqwest"];
    check(USAGE, &engine, &["--engine reqwest", "--connect-to"]);
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
    check(USAGE, &["-p", "/does/not/exist"], &words);
    check(USAGE, &["-u", "/does/not/exist"], &words);
}

#[test]
fn a_missing_url_is_named() {
    for args in [&[][..], &["-n", "1"], &["-k", "--format", "ab"]] {
        run(args).assert_one_line_error(USAGE, &["URL", "http://HOST:PORT/"]);
    }
}

#[test]
fn a_second_url_is_named() {
    let other = "http://127.0.0.1:1/";
    run(&["http://127.0.0.1:2/", other]).assert_one_line_error(USAGE, &[other, "one URL"]);
}

#[test]
fn the_flags_of_a_command_are_in_its_own_help() {
    for command in ["bench", "compare", "schema"] {
        let help = format!("loadgen {command} --help");
        run(&[command, "--frobnicate"]).assert_one_line_error(USAGE, &["--frobnicate", &help]);
    }
}

#[test]
fn help_is_grouped_and_version_is_a_line() {
    let help = run(&["--help"]);
    assert_eq!((help.code, &*help.stderr), (Some(0), ""), "{help:?}");
    let headings = [
        "How much:",
        "What to send:",
        "How connections are made:",
        "What counts as success:",
        "Gates:",
        "Output:",
        "As ab:",
        "Measuring the server:",
    ];
    let found = help.stdout.lines().filter(|line| headings.contains(line));
    assert_eq!(found.collect::<Vec<_>>(), headings, "{help:?}");
    assert_eq!(run(&["-h"]).stdout, help.stdout);
    let version = run(&["--version"]);
    let expected = format!("loadgen {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.code, version.stdout), (Some(0), expected));
}

#[test]
fn each_group_of_the_help_fits_a_terminal() {
    let (columns, rows) = (80, 24);
    for words in [
        &["--help"][..],
        &["bench", "--help"],
        &["compare", "--help"],
        &["schema", "--help"],
    ] {
        let mut command = command(words);
        command.env("COLUMNS", columns.to_string());
        let help = start(command).end().stdout;
        for group in help.split("\n\n") {
            assert!(group.lines().count() <= rows, "{group}");
            for line in group.lines() {
                assert!(line.chars().count() <= columns, "{line}");
            }
        }
    }
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
fn a_password_in_a_url_that_is_none_is_not_repeated() {
    let ended = run(&["ftp://me:secret@127.0.0.1/"]);
    ended.assert_one_line_error(USAGE, &["ftp://me:***@127.0.0.1/"]);
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
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

#[test]
fn two_results_for_one_file_are_a_usage_error() {
    let url = "http://127.0.0.1:9/";
    let ended = run(&["-n", "1", "--samples", "rows", "-o", "rows", url]);
    ended.assert_one_line_error(2, &["-o", "--samples", "rows", "a file of its own"]);
}

#[test]
fn a_body_without_end_is_a_usage_error() {
    let ended = run(&["-p", "/dev/zero", "http://127.0.0.1:9/"]);
    ended.assert_one_line_error(2, &["/dev/zero", "smaller file"]);
}

#[test]
fn more_threads_than_a_process_can_have_are_a_usage_error() {
    let flags = ["--engine", "reqwest-blocking", "-c", "20000", "-n", "20000"];
    let ended = run(&[&flags[..], &["http://127.0.0.1:9/"]].concat());
    ended.assert_one_line_error(2, &["reqwest-blocking", "8000", "-c 20000"]);
}
