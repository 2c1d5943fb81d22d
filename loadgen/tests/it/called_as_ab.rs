//! The program under the name of `ab`: what a script that runs ab types, and
//! the exit codes that it looks at.

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use crate::behaviour::Behaviour::{ClosesWithoutAByte, ServerError};
use crate::fault_server::FaultServer;
use crate::loadgen::{Ended, command_of, program, run, start};
use crate::script::Script;
use crate::server::{Kind, Server};

/// A link to the program.
struct CalledAb(TempDir);

impl CalledAb {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        symlink(program(), directory.path().join("ab")).unwrap();
        Self(directory)
    }

    fn run(&self, args: &[&str]) -> Ended {
        start(command_of(&self.0.path().join("ab"), args)).end()
    }
}

#[test]
fn flags_are_taken_in_every_way_that_getopt_takes_them() {
    let server = Server::start(Kind::Async);
    let url = server.url("/");
    for args in [
        &["-n", "20", "-c", "10", "-k", &url][..],
        &["-kc10", "-n20", &url],
        &["-kn20", "-c", "10", "-HX-Trace: 1", &url],
        &["-qdSlrkn20", "-c10", &url],
        &["-n", "5", "-n", "20", "-c10", "-k", &url],
        &["-n20", "-c10", "-k", "--", &url],
    ] {
        let ended = CalledAb::new().run(args);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{args:?}");
        for line in ["Concurrency Level:      10", "Keep-Alive requests:    20"] {
            assert!(ended.stdout.lines().any(|found| found == line), "{ended:?}");
        }
    }
}

#[test]
fn a_url_needs_no_scheme() {
    let server = Server::start(Kind::Async);
    let url = server.url("/some/path");
    let bare = url.strip_prefix("http://").unwrap();
    let ended = CalledAb::new().run(&[bare]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("Document Path:          /some/path\n")
    );
    // Who asks loadgen for a record says what is spoken.
    run(&[bare]).assert_one_line_error(2, &[bare, "http://HOST"]);
}

#[test]
fn the_version_stands_where_scripts_look_for_it() {
    let ended = CalledAb::new().run(&["-V"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let words: Vec<_> = ended.stdout.split_whitespace().take(5).collect();
    assert_eq!(words, ["This", "is", "ApacheBench,", "Version", "2.3"]);
    let (version, rest) = ended.stdout.split_once('>').unwrap();
    assert!(version.ends_with(concat!("<loadgen ", env!("CARGO_PKG_VERSION"))));
    assert_eq!(
        rest.lines().count(),
        4,
        "three lines and an empty one: {rest}"
    );
}

#[test]
fn help_has_every_letter_of_ab() {
    let help = CalledAb::new().run(&["-h"]);
    assert_eq!((help.code, &*help.stderr), (Some(0), ""), "{help:?}");
    for letter in "nctsbBpuTvwixyzCHAVkdSqlgermhIEfZ".chars() {
        let flag = format!("-{letter}");
        let is_listed = |line: &str| line.trim_start().starts_with(&flag);
        assert!(
            help.stdout.lines().any(is_listed),
            "{flag}: {}",
            help.stdout
        );
    }
}

/// ab exits with 22 or 1, and prints its usage.
#[test]
fn usage_errors_are_one_line_and_exit_2() {
    let url = "http://127.0.0.1:9/";
    for (args, words) in [
        (&["-n", "5", "-c", "10", url][..], &["-c 10", "-n 5"][..]),
        (&["-n", "0", url], &["-n", "above 0"]),
        (&["-n", "many", url], &["-n", "many"]),
        (&["-c", "0", url], &["-c", "above 0"]),
        (&["-n", "30000", "-c", "20001", url], &["-c 20001", "20000"]),
        (&["-p", "/does/not/exist", url], &["/does/not/exist"]),
        (&["-B", "nowhere", url], &["-B", "nowhere", "IP address"]),
        (&["-b", "much", url], &["-b", "much", "above 0"]),
        (&["-n"], &["-n"]),
        (&["nonsense"], &["nonsense"]),
        (&["127.0.0.1:99999/"], &["port"]),
        (&[], &["URL"]),
        (&[url, url], &["one URL"]),
    ] {
        CalledAb::new().run(args).assert_one_line_error(2, words);
    }
}

#[test]
fn a_run_without_an_answer_exits_1_and_one_with_bad_answers_0() {
    let run = |behaviour| {
        let server = FaultServer::start(Script::always(behaviour));
        CalledAb::new().run(&["-n", "3", &server.url()])
    };
    let answered = run(ServerError);
    assert_eq!(
        (answered.code, &*answered.stderr),
        (Some(0), ""),
        "{answered:?}"
    );
    let unanswered = run(ClosesWithoutAByte);
    assert_eq!(unanswered.code, Some(1), "{unanswered:?}");
    unanswered.assert_one_line_on_stderr(&["3 closed_before_response"]);
}
