//! How a run is going, once a second, on a terminal and in a log.

use crate::behaviour::Behaviour::ResetsAfterRequest;
use crate::check::at_once;
use crate::fault_server::FaultServer;
use crate::loadgen::{command, run, start_as_it_is};
use crate::script::Script;
use crate::server::{Kind, Server};
use crate::terminal::Terminal;

/// Long enough for a line, with time to spare on a busy machine.
const A_SECOND_AND_MORE: [&str; 2] = ["--duration", "1600ms"];

/// An answer that leaves the machine time for other tests.
const PATH: &str = "/delay/5";

/// Carriage return, and erase to the end of the line.
const ERASE: &str = "\r\x1b[K";

/// What a run with these arguments writes to a terminal of so many columns as stderr.
fn on_terminal(columns: u16, args: &[&str]) -> String {
    on_terminal_with(("NO_COLOR", ""), columns, args)
}

/// The same with a variable in its environment.
fn on_terminal_with((name, value): (&str, &str), columns: u16, args: &[&str]) -> String {
    let (terminal, stderr) = Terminal::open(columns);
    let mut command = command(&[&A_SECOND_AND_MORE[..], args].concat());
    command.env("TERM", "xterm").env(name, value);
    command.stderr(stderr);
    let ended = start_as_it_is(command).end();
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    terminal.text()
}

#[test]
fn on_a_terminal_one_line_is_written_over_and_gone_at_the_end() {
    let server = Server::start(Kind::Threads);
    let text = on_terminal(100, &["-k", &server.url(PATH)]);
    let parts: Vec<&str> = text.split(ERASE).collect();
    let [before, line, summary] = parts[..] else {
        panic!("not one line and a summary: {text:?}");
    };
    assert_eq!(before, "", "{text:?}");
    assert!(line.starts_with("  1/1.6 s  ████"), "{text:?}");
    assert!(line.contains("req/s  0 failed  p50"), "{text:?}");
    assert!(line.ends_with("s"), "the p99 is a time: {text:?}");
    assert!(
        !line.contains('\n') && line.chars().count() < 100,
        "{text:?}"
    );
    assert!(summary.starts_with("http://127.0.0.1"), "{text:?}");
}

#[test]
fn failures_are_red_and_a_narrow_terminal_has_fewer_parts() {
    let server = FaultServer::start(Script::always(ResetsAfterRequest));
    let text = on_terminal(40, &["--format", "text", &server.url()]);
    let line = text.split(ERASE).nth(1).expect("a line");
    assert!(line.ends_with(" failed\x1b[0m"), "{text:?}");
    assert!(line.contains("0 req/s  \x1b[31m"), "{text:?}");
}

#[test]
fn who_wants_no_colour_gets_the_same_line_without() {
    let server = FaultServer::start(Script::always(ResetsAfterRequest));
    at_once(&[("NO_COLOR", "1"), ("CLICOLOR", "0")], |variable| {
        let text = on_terminal_with(variable, 100, &[&server.url()]);
        let line = text.split(ERASE).nth(1).expect("a line");
        assert!(
            line.contains("0 req/s  ") && line.contains(" failed"),
            "{text:?}"
        );
        assert!(!line.contains('\x1b'), "{text:?}");
    });
}

#[test]
fn a_dumb_terminal_is_a_log() {
    let server = Server::start(Kind::Threads);
    let ask = ["--progress", "always", "-k", &server.url(PATH)];
    let text = on_terminal_with(("TERM", "dumb"), 100, &ask);
    assert!(
        text.starts_with("  1/1.6 s") && !text.contains('\x1b'),
        "{text:?}"
    );
}

#[test]
fn a_warm_up_is_announced() {
    let server = Server::start(Kind::Threads);
    let text = on_terminal(100, &["-k", "--warmup", "100ms", &server.url(PATH)]);
    assert!(
        text.starts_with(&format!("{ERASE}warming up for 100ms{ERASE}")),
        "{text:?}"
    );
}

#[test]
fn who_wants_quiet_or_no_progress_gets_none_on_a_terminal() {
    let server = Server::start(Kind::Threads);
    at_once(
        &[&["-q"][..], &["--progress", "never"], &["--format", "ab"]],
        |args| {
            let text = on_terminal(100, &[args, &["-k", &server.url(PATH)]].concat());
            assert!(!text.contains(ERASE), "{args:?}: {text:?}");
        },
    );
}

#[test]
fn in_a_log_it_is_a_line_a_second_for_those_who_ask() {
    let server = Server::start(Kind::Threads);
    let ask = ["--progress", "always", "-q", "-k", &server.url(PATH)];
    let ended = run(&[&A_SECOND_AND_MORE[..], &ask].concat());
    ended.assert_one_line_on_stderr(&["  1/1.6 s", " req/s  0 failed  p50 "]);
    assert!(!ended.stderr.contains('\x1b'), "{ended:?}");
}

#[test]
fn in_a_log_nobody_is_told_who_did_not_ask() {
    let server = Server::start(Kind::Threads);
    let ended = run(&[&A_SECOND_AND_MORE[..], &["-k", &server.url(PATH)]].concat());
    assert_eq!(ended.stderr, "", "{ended:?}");
}
