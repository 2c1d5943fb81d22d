//! `loadgen bench` as a person calls it: with the real servers, and with
//! servers that are not what they should be.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::fake_servers::{FakeServers, real_servers};
use crate::loadgen::{Ended, Running, command, start};
use crate::schema::{COMPARISON, RUN};

/// A benchmark that takes longer hangs. Checking the contract alone takes ten
/// seconds, nearly all of which it waits.
const HANG_GUARD: Duration = Duration::from_secs(120);

/// Pause between two looks at what a benchmark has done.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Each scenario with its servers.
const SCENARIOS: [(&str, &[&str]); 3] = [
    ("new-connection", &["sync", "async"]),
    ("keep-alive", &["sync", "async"]),
    ("wait-10ms", &["sync", "async", "threads"]),
];

#[test]
fn a_benchmark_leaves_a_record_of_each_run_and_what_was_found() {
    let out = Out::new();
    let ended = bench(real_servers().to_str().unwrap(), &out, &[]);
    // A debug build measures itself.
    let is_debug = cfg!(debug_assertions);
    assert!(
        ended.code == Some(5) || !is_debug && ended.code == Some(0),
        "{ended:?}"
    );
    assert_eq!(out.files(), files_of_rounds(10));
    check_records(&out, is_debug);
    check_comparison(&out);

    let summary = out.read("summary.md");
    for text in [&ended.stdout, &summary] {
        for (scenario, _) in SCENARIOS {
            let heading = format!("{scenario}: async against sync");
            assert!(text.contains(&heading), "{heading}: {text}");
        }
        assert_eq!(text.contains("is a debug build"), is_debug, "{text}");
    }
    let out = out.path();
    let [out, page] = [&out, &out.join("report.html")].map(|path| path.display().to_string());
    let place = format!("results: {out}\nreport: {page}\n");
    assert!(ended.stdout.ends_with(&place), "{ended:?}");
}

fn check_records(out: &Out, is_debug: bool) {
    for name in out.files().iter().filter(|name| name.contains(".0")) {
        let record = out.read_json(name);
        RUN.assert_valid(&record);
        let bench = &record["bench"];
        let round = bench["round"].as_u64().unwrap();
        let names = [&bench["scenario"], &bench["server"]].map(|name| name.as_str().unwrap());
        assert_eq!(*name, format!("{}.{}.{round:02}.json", names[0], names[1]));
        assert_eq!(record["server"]["label"], bench["server"], "{record}");
        assert_eq!(record["requests"]["failed"], 0, "{record}");
        let reasons = record["validity"]["reasons"].as_array().unwrap();
        let is_doubted = reasons.iter().any(|it| it["code"] == "debug_build");
        assert_eq!(is_doubted, is_debug, "{record}");
    }
}

fn check_comparison(out: &Out) {
    let comparison = out.read_json("comparison.json");
    COMPARISON.assert_valid(&comparison);
    let cases = comparison["cases"].as_array().unwrap();
    let scenarios: BTreeSet<_> = cases
        .iter()
        .map(|case| case["scenario"].as_str().unwrap())
        .collect();
    assert_eq!(scenarios, SCENARIOS.map(|(name, _)| name).into());
    assert_eq!(cases.len(), 4, "async everywhere, threads once");
}

#[test]
fn a_signal_keeps_the_complete_rounds_and_leaves_no_server() {
    let out = Out::new();
    let servers = FakeServers::new(r#"echo $$ >> "$here/pids"; exec "$real" "$@""#);
    let running = start_bench(servers.path(), &out, &["--rounds", "50"]);
    wait_until(|| out.files().iter().any(|name| name.ends_with(".02.json")));
    running.signal(Signal::INT);

    let ended = running.end_within(HANG_GUARD);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let said = ended.stderr.lines().last().unwrap_or_default();
    let kept = said.strip_prefix("loadgen: interrupted; complete rounds kept: ");
    let rounds = kept.unwrap_or_else(|| panic!("{ended:?}")).parse().unwrap();
    assert!(rounds >= 1, "{ended:?}");
    assert_eq!(out.files(), files_of_rounds(rounds));
    assert!(out.read("summary.md").contains("**Interrupted**"));
    assert_none_runs(&servers);
}

#[test]
fn a_signal_that_the_servers_get_too_is_no_defect_of_theirs() {
    let out = Out::new();
    let servers = FakeServers::new(r#"echo $$ >> "$here/pids"; exec "$real" "$@""#);
    let mut command = bench_command(servers.path(), &out, &[]);
    // As a terminal does, which signals the whole group.
    command.process_group(0);
    let running = start(command);
    wait_until(|| !servers.lines_of("pids").is_empty());
    running.signal_group(Signal::INT);

    let ended = running.end_within(HANG_GUARD);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    assert!(ended.stderr.contains("nothing was kept"), "{ended:?}");
    assert!(!out.path().exists(), "nothing is left of it");
    assert_none_runs(&servers);
}

#[test]
fn a_server_that_ends_at_once_is_quoted() {
    let script = "echo 'no such model' >&2; echo 'try another' >&2; exit 2";
    let words = ["sync", "exit status: 2", "no such model | try another"];
    refuses(script, &words);
}

#[test]
fn a_server_that_fails_later_leaves_what_was_measured_by_then() {
    let out = Out::new();
    // Good while the contract is checked, and for eight runs.
    let script = r#"
        case "$*" in *--read-timeout*) exec "$real" "$@" ;; esac
        echo $$ >> "$here/pids"
        [ "$(wc -l < "$here/pids")" -le 8 ] || { echo 'out of luck' >&2; exit 7; }
        exec "$real" "$@""#;
    let servers = FakeServers::new(script);
    let ended = bench(servers.path(), &out, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let place = format!("what was measured is in {}", out.path().display());
    for words in ["exit status: 7", "last words: out of luck", &place] {
        assert!(ended.stderr.contains(words), "no {words:?} in {ended:?}");
    }
    assert_eq!(
        out.files().len(),
        8,
        "a record of each run and nothing else"
    );
    assert_none_runs(&servers);
}

#[test]
fn a_server_that_does_not_say_where_it_listens_is_quoted() {
    let words = ["sync", "did not say where it listens", "thinking"];
    refuses("echo thinking >&2; exec sleep 60", &words);
}

#[test]
fn a_server_that_does_not_listen_is_named() {
    let script =
        "echo 'server listening on http://127.0.0.1:1 (model none)'; echo busy >&2; exec sleep 60";
    refuses(script, &["sync", "127.0.0.1:1", "nobody accepts", "busy"]);
}

#[test]
fn a_server_that_breaks_the_contract_is_not_measured() {
    // An accept loop that keeps connections would be owned by one client.
    let script = r#"exec "$real" "$@" --keep-alive"#;
    let ended = refuses(
        script,
        &["sync", "contract", "checks failed", "Connection: close"],
    );
    let lines = ended.stderr.lines().count();
    assert!(lines < 40, "short enough to be read: {ended:?}");
}

#[test]
fn a_server_that_is_missing_is_named_before_anything_starts() {
    let (out, empty) = (Out::new(), tempfile::tempdir().unwrap());
    let ended = bench(empty.path().to_str().unwrap(), &out, &[]);
    ended.assert_one_line_error(1, &["server-sync is missing", "cargo build", "--servers"]);
    assert!(!out.path().exists());
}

#[test]
fn a_directory_that_exists_is_refused_before_anything_starts() {
    let out = Out::new();
    fs::create_dir(out.path()).unwrap();
    let servers = FakeServers::new(r#"echo $$ >> "$here/pids""#);
    let ended = bench(servers.path(), &out, &[]);
    ended.assert_one_line_error(1, &[out.path().to_str().unwrap(), "exists", "--out"]);
    assert!(out.path().exists(), "it is not ours");
    assert!(servers.lines_of("pids").is_empty(), "nothing was started");
}

#[test]
fn too_few_rounds_are_a_usage_error() {
    let out = Out::new();
    bench("/", &out, &["--rounds", "5"]).assert_one_line_error(2, &["--rounds", "6"]);
}

/// Where a benchmark writes: a directory that is not there yet.
struct Out(TempDir);

impl Out {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("results")
    }

    /// The names in it, without files that are being written.
    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path()).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }
}

/// What so many rounds leave.
fn files_of_rounds(rounds: u64) -> BTreeSet<String> {
    let mut names =
        BTreeSet::from(["comparison.json", "report.html", "summary.md"].map(str::to_owned));
    for round in 1..=rounds {
        for (scenario, servers) in SCENARIOS {
            names.extend(
                servers
                    .iter()
                    .map(|server| format!("{scenario}.{server}.{round:02}.json")),
            );
        }
    }
    names
}

fn bench_command(servers: &str, out: &Out, args: &[&str]) -> std::process::Command {
    let out = out.path();
    let out = out.to_str().unwrap();
    let short = ["--quick", "--duration", "50ms", "--warmup", "10ms"];
    let places = ["--servers", servers, "--out", out];
    command(&[&["bench"], &short[..], &places, args].concat())
}

fn start_bench(servers: &str, out: &Out, args: &[&str]) -> Running {
    start(bench_command(servers, out, args))
}

fn bench(servers: &str, out: &Out, args: &[&str]) -> Ended {
    start_bench(servers, out, args).end_within(HANG_GUARD)
}

/// Asserts that servers which are this script are not measured, that what is
/// said has all of `words`, and that nothing is left behind.
fn refuses(script: &str, words: &[&str]) -> Ended {
    let out = Out::new();
    let servers = FakeServers::new(&format!("echo $$ >> \"$here/pids\"\n{script}"));
    let ended = bench(servers.path(), &out, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    let complaints = ended.stderr.matches("loadgen: ").count();
    assert_eq!(complaints, 1, "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} in {ended:?}");
    }
    assert!(!out.path().exists(), "nothing was measured");
    assert_none_runs(&servers);
    ended
}

/// Asserts that none of the servers that scripts have noted in `pids` runs.
fn assert_none_runs(servers: &FakeServers) {
    let pids = servers.lines_of("pids");
    assert!(!pids.is_empty(), "servers were started");
    for pid in pids {
        let is_there = Path::new("/proc").join(&pid).exists();
        assert!(!is_there, "process {pid} was left behind");
    }
}

pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    let until = Instant::now() + HANG_GUARD;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain");
        thread::sleep(LOOK_AGAIN);
    }
}
