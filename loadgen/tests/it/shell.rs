//! What shells and manuals are given, and the variables that stand for flags.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::loadgen::{Ended, command, program, run, run_words, start};
use crate::needs::lacking;
use crate::server::{Kind, Server};

/// The whole command line of a run with these variables.
fn run_with(variables: &[(&str, &str)], args: &[&str]) -> Ended {
    let mut command = command(args);
    command.envs(variables.iter().copied());
    start(command).end()
}

/// Whether a program can be started here; where it cannot, what needs it is said not to be tested.
fn is_installed(program: &str, package: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if started.is_err() {
        lacking(&format!("{program} is missing: apt-get install {package}"));
    }
    started.is_ok()
}

/// What `program` says on stdout to a script on its stdin.
fn script(program: &str, args: &[&str], text: &str) -> String {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("the shell reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the shell ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    assert_eq!(said, "", "{program}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn bash_completes_commands_and_flags() {
    let completions = run_words("completions bash").stdout;
    let complete = |words: &str, current: &str, before: &str| {
        let ask = format!(
            "{completions}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            complete -p loadgen >/dev/null || exit 1
            _loadgen loadgen '{current}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let reply = script("bash", &["--norc", "-s"], &ask);
        reply.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let commands = complete("loadgen be", "be", "loadgen");
    assert_eq!(commands, ["bench", "bench-push"]);
    assert_eq!(complete("loadgen --rat", "--rat", "loadgen"), ["--rate"]);
    let flags = complete("loadgen bench --rou", "--rou", "bench");
    assert_eq!(flags, ["--rounds"]);
}

#[test]
fn other_shells_take_their_completions() {
    for (shell, args) in [("zsh", &["-n"][..]), ("fish", &["--no-execute"])] {
        let completions = run(&["completions", shell]).stdout;
        assert!(completions.contains("bench-push"), "{shell}");
        if is_installed(shell, shell) {
            script(shell, args, &completions);
        }
    }
}

#[test]
fn fish_completes_commands_flags_and_their_values() {
    if !is_installed("fish", "fish") {
        return;
    }
    let completions = run_words("completions fish").stdout;
    let complete = |line: &str| {
        let reply = script(
            "fish",
            &["--no-config"],
            &format!("{completions}\ncomplete -C '{line}'"),
        );
        let words = reply.lines().filter_map(|line| line.split('\t').next());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("loadgen bench-"), ["bench-push"]);
    assert_eq!(complete("loadgen -k --rat"), ["--rate"]);
    assert_eq!(complete("loadgen bench --roun"), ["--rounds"]);
    let engines = ["fast", "hyper", "reqwest", "reqwest-blocking"];
    assert_eq!(complete("loadgen -k --engine "), engines);
}

#[test]
fn zsh_looks_for_a_command_where_one_stands() {
    let completions = run_words("completions zsh").stdout;
    assert!(completions.contains("case $line[1] in"), "{completions}");
}

#[test]
fn a_shell_that_is_none_is_named() {
    run_words("completions csh").assert_one_line_error(2, &["'csh'", "completions --help"]);
}

#[test]
fn there_is_a_page_for_each_command_and_man_has_nothing_against_them() {
    let directory = TempDir::new().expect("a directory");
    let out = directory.path().join("man1");
    let ended = run(&["man", "--out", &out.display().to_string()]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let pages = fs::read_dir(&out).expect("the pages");
    let mut pages: Vec<_> = pages.map(|page| page.expect("a page").path()).collect();
    pages.sort();
    for name in ["loadgen.1", "loadgen-bench.1", "loadgen-websocket.1"] {
        assert!(pages.contains(&out.join(name)), "{pages:?}");
    }
    if is_installed("man", "man-db") {
        for page in &pages {
            check_page(page);
        }
    }
}

fn check_page(page: &Path) {
    let mut man = Command::new("man");
    let output = man
        .args(["--warnings", "-l"])
        .arg(page)
        .env("LC_ALL", "C.UTF-8")
        // In fewer columns, long words are warned of.
        .env("MANWIDTH", "80")
        .output()
        .expect("man starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn a_page_is_printed_and_lists_the_variables() {
    let page = run(&["man"]).stdout;
    assert!(page.contains("LOADGEN_CONCURRENCY") && page.contains("NO_COLOR"));
    let headings: Vec<&str> = page.lines().filter(|it| it.starts_with(".SH ")).collect();
    let different: HashSet<&str> = headings.iter().copied().collect();
    assert_eq!(headings.len(), different.len(), "{headings:?}");
    let page = run_words("man bench").stdout;
    assert!(page.contains("LOADGEN_BENCH_ROUNDS"), "{page}");
    run_words("man bunch").assert_one_line_error(2, &["'bunch'", "bench, compare"]);
}

#[test]
fn pages_that_cannot_be_written_are_told() {
    let out = program().join("man1");
    let ended = run(&["man", "--out", &out.display().to_string()]);
    ended.assert_one_line_error(1, &["cannot write", "man1", "--out"]);
}

#[test]
fn a_variable_stands_for_a_flag_and_a_flag_goes_before_it() {
    let server = Server::start(Kind::Threads);
    let set = [("LOADGEN_REQUESTS", "7"), ("LOADGEN_KEEP_ALIVE", "1")];
    let url = server.url("/");
    let record = run_with(&set, &[&url]).record();
    assert_eq!(record["requests"]["succeeded"], 7);
    assert_eq!(record["connections"]["opened"], 1);
    let record = run_with(&set, &["-n", "3", &url]).record();
    assert_eq!(record["requests"]["succeeded"], 3);
}

#[test]
fn values_of_variables_are_not_in_the_record() {
    let server = Server::start(Kind::Threads);
    let set = [("LOADGEN_HEADER", "Authorization: Bearer hunter2")];
    let ended = run_with(&set, &[&server.url("/")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stdout.contains("hunter2"), "{ended:?}");
}

#[test]
fn a_variable_that_makes_no_sense_is_named_and_one_that_is_unknown_is_told() {
    let url = "http://127.0.0.1:1/";
    let ended = run_with(&[("LOADGEN_RATE", "fast")], &[url]);
    ended.assert_one_line_error(2, &["'fast'", "LOADGEN_RATE"]);
    let ended = run_with(
        &[("LOADGEN_PUSH_QUEUE", "5")],
        &["push", "--client", "blocking", "127.0.0.1:1"],
    );
    ended.assert_one_line_error(
        2,
        &[
            "LOADGEN_PUSH_QUEUE: a blocking",
            "or drop LOADGEN_PUSH_QUEUE",
        ],
    );
    let ended = run_with(&[("LOADGEN_PUSH_OUTPUT", "/")], &["push", "127.0.0.1:1"]);
    ended.assert_one_line_error(1, &["LOADGEN_PUSH_OUTPUT"]);
    let ended = run_with(&[("LOADGEN_RAET", "5")], &["schema"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.assert_one_line_on_stderr(&["LOADGEN_RAET", "LOADGEN_RATE"]);
}
