//! `loadgen bench` on servers of anybody: commands, URLs, both, and those that are not what they
//! should be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::bench_command::wait_until;
use crate::closed_port::ClosedPort;
use crate::fake_servers::real_servers;
use crate::loadgen::{Ended, Running, command, run, start};
use crate::schema::{COMPARISON, RUN};
use crate::server::{Kind, Server};

/// A benchmark that takes longer hangs.
const HANG_GUARD: Duration = Duration::from_secs(120);

/// Rounds and times as short as can be.
const SHORT: [&str; 6] = ["--rounds", "6", "--duration", "40ms", "--warmup", "0s"];

/// A place for results, and for what servers write.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn start(&self, args: &[&str]) -> Running {
        let out = self.path("out");
        let place = ["--out", &out];
        start(command(&[&["bench"], &SHORT[..], &place, args].concat()))
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.start(args).end_within(HANG_GUARD)
    }

    /// That it is refused with one complaint that has all of `words`, and nothing is left of it.
    fn refuses(&self, args: &[&str], words: &[&str]) {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stdout, "", "{ended:?}");
        let complaints: Vec<&str> = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("loadgen: "))
            .collect();
        assert_eq!(complaints.len(), 1, "{ended:?}");
        assert!(
            ended.stderr.trim_end().ends_with(complaints[0]),
            "{ended:?}"
        );
        for word in words {
            assert!(complaints[0].contains(word), "no {word:?} in {ended:?}");
        }
        assert!(
            !Path::new(&self.path("out")).exists(),
            "nothing was measured"
        );
        self.assert_none_runs();
    }

    /// A server of this project, which notes its process, by way of a shell.
    fn server(&self, label: &str, script: &str) -> String {
        let (pids, program) = (self.path("pids"), real_servers().join("server-async"));
        let program = program.display();
        let script = script.replace("SERVER", &format!("{program} --listen 127.0.0.1:{{port}}"));
        format!("{label}=sh -c 'echo $$ >> {pids}; {script}'")
    }

    fn records(&self) -> Vec<Value> {
        let entries = fs::read_dir(self.path("out")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let is_record = |path: &PathBuf| path.to_str().unwrap().contains(".0");
        let records = paths.filter(is_record).map(|path| read(&path));
        records.inspect(|record| RUN.assert_valid(record)).collect()
    }

    fn comparison(&self) -> Value {
        let comparison = read(&PathBuf::from(self.path("out")).join("comparison.json"));
        COMPARISON.assert_valid(&comparison);
        comparison
    }

    fn summary(&self) -> String {
        fs::read_to_string(PathBuf::from(self.path("out")).join("summary.md")).unwrap()
    }

    fn pids(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.path("pids")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn assert_none_runs(&self) {
        for pid in self.pids() {
            assert!(!is_running(&pid), "process {pid} was left behind");
        }
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether the process is there and has not ended.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != Some('Z'))
}

fn server_of<'a>(records: &'a [Value], label: &str) -> Vec<&'a Value> {
    let is_it = |record: &&Value| record["bench"]["server"] == label;
    records.iter().filter(is_it).collect()
}

#[test]
fn two_commands_are_started_for_each_run_and_what_they_started_counts_with_them() {
    let bench = Bench::new();
    let alone = bench.server("alone", "exec SERVER");
    // The shell stays, and the server is its child.
    let pair = bench.server("pair", "SERVER & echo $! >> PIDS; wait");
    let pair = pair.replace("PIDS", &bench.path("pids"));
    let ended = bench.run(&["--server", &alone, "--server", &pair, "-k", "-c", "4"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");

    let records = bench.records();
    assert_eq!(records.len(), 12);
    for record in &records {
        assert_eq!(record["requests"]["failed"], 0, "{record}");
        let server = &record["server"];
        let is_pair = record["bench"]["server"] == "pair";
        let processes = server["processes"].as_u64();
        assert_eq!(processes, is_pair.then_some(2), "{record}");
        let cores = record["environment"]["server_cores"].as_array().unwrap();
        assert!(!cores.is_empty(), "it is pinned as ours are");
    }
    let cpu_s = |label| -> f64 {
        let records = server_of(&records, label);
        let shares = records
            .iter()
            .map(|it| it["server"]["cpu_s"].as_f64().unwrap());
        shares.sum()
    };
    // A shell that waits uses nothing: what is counted is its child's.
    assert!(cpu_s("alone") > 0.0 && cpu_s("pair") > 0.0);
    // Seven times each: once to look at the answers.
    assert_eq!(bench.pids().len(), 7 + 2 * 7);
    bench.assert_none_runs();
    let participants = &bench.comparison()["benchmark"]["servers"];
    let started_as = participants[0]["started_as"].as_str().unwrap();
    assert!(started_as.starts_with("sh -c 'echo $$"), "{started_as}");
    assert!(
        bench.summary().contains("- `pair` is `sh -c "),
        "as it was typed"
    );
    assert!(
        !ended.stdout.contains("note: kept"),
        "they answer alike: {ended:?}"
    );
}

#[test]
fn servers_that_run_already_are_found_measured_and_left_alone() {
    let (threads, asynchronous) = (Server::start(Kind::Threads), Server::start(Kind::Async));
    let bench = Bench::new();
    let urls = [threads.url("/"), asynchronous.url("/")];
    let ended = bench.run(&[&urls[0], &urls[1], "--name", "threads", "-k"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    let records = bench.records();
    assert_eq!(records.len(), 12);
    let own = u64::from(std::process::id());
    for record in &records {
        assert_eq!(
            record["server"]["pid"], own,
            "the servers are in this process"
        );
        assert!(
            record["environment"]["server_cores"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert_eq!(record["requests"]["failed"], 0, "{record}");
    }
    assert_eq!(server_of(&records, "threads").len(), 6);
    let second = urls[1].trim_start_matches("http://").trim_end_matches('/');
    let label = second.replace(['.', ':'], "-");
    assert_eq!(server_of(&records, &label).len(), 6, "{label}");
    let note = format!(
        "threads was running already, on whichever cores; what it costs is that of process {own}"
    );
    assert!(ended.stdout.contains(&note), "{ended:?}");
    assert!(bench.summary().contains(&note));
    let again = run(&["compare", &bench.path("out")]);
    assert!(
        ended.stdout.starts_with(&again.stdout),
        "from the files alone: {again:?}"
    );
}

#[test]
fn commands_and_urls_are_mixed_and_answers_that_differ_are_said() {
    let running = Server::start(Kind::Sync);
    let bench = Bench::new();
    let files = format!(
        "files=sh -c 'echo hi > {{directory}}/index.html; exec {} --listen 127.0.0.1:{{port}} --model epoll'",
        real_servers().join("server-async").display()
    );
    let url = running.url("/bytes/100");
    let ended = bench.run(&["--server", &files, &url, "-k", "--path", "/bytes/50"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    let label = url
        .trim_start_matches("http://")
        .trim_end_matches("/bytes/100");
    let label = label.replace(['.', ':'], "-");
    for words in [
        format!("files 50 bytes, {label} 100 bytes"),
        format!("connections are to be kept, and {label} closes each"),
        format!("{label} against files"),
    ] {
        assert!(ended.stdout.contains(&words), "no {words:?} in {ended:?}");
        assert!(
            bench.summary().contains(&words),
            "no {words:?} in the summary"
        );
    }
    let notes = &bench.comparison()["benchmark"]["notes"];
    assert_eq!(notes.as_array().unwrap().len(), 3, "{notes}");
    for record in bench.records() {
        let target = record["target"]["url"].as_str().unwrap();
        let path = if record["bench"]["server"] == "files" {
            "/bytes/50"
        } else {
            "/bytes/100"
        };
        assert!(target.ends_with(path), "{target}");
    }
}

#[test]
fn a_plan_has_all_three_kinds_of_servers() {
    let running = Server::start(Kind::Threads);
    let bench = Bench::new();
    let plan = format!(
        r#"rounds = 6
duration = "40ms"
warmup = "0s"

[[server]]
label = "ours"
program = "server-async"
model = "epoll"

[[server]]
label = "theirs"
command = "{} --listen 127.0.0.1:{{port}}"
ready = "listening on"
ready_timeout = "20s"

[[server]]
label = "running"
url = "{}"

[[scenario]]
name = "kept"
keep_alive = true
"#,
        real_servers().join("server-async").display(),
        running.url("/")
    );
    fs::write(bench.path("mine.toml"), plan).unwrap();
    let servers = real_servers();
    let plan = bench.path("mine.toml");
    let ended = bench.run(&["--plan", &plan, "--servers", servers.to_str().unwrap()]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    assert!(
        ended.stderr.contains("contract: ours\n"),
        "ours alone: {ended:?}"
    );
    let records = bench.records();
    assert_eq!(records.len(), 18);
    for label in ["ours", "theirs", "running"] {
        assert_eq!(server_of(&records, label).len(), 6);
    }
}

#[test]
fn a_server_is_ready_when_its_line_has_come() {
    let bench = Bench::new();
    let server = bench.server("slow", "SERVER & sleep 0.1; echo it is warm; wait");
    let ended = bench.run(&["--server", &server, "--a-a", "--ready", "is warm"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    assert!(
        ended.stdout.contains("slow-again against slow"),
        "{ended:?}"
    );
    bench.assert_none_runs();
}

#[test]
fn a_signal_leaves_no_server_behind() {
    let bench = Bench::new();
    let server = bench.server("pair", "SERVER & echo $! >> PIDS; wait");
    let server = server.replace("PIDS", &bench.path("pids"));
    let running = bench.start(&["--server", &server, "--a-a", "--rounds", "500"]);
    let out = PathBuf::from(bench.path("out"));
    wait_until(|| {
        let files = fs::read_dir(&out).into_iter().flatten().flatten();
        files
            .into_iter()
            .any(|it| it.file_name().to_string_lossy().ends_with(".02.json"))
    });
    running.signal(Signal::INT);
    let ended = running.end_within(HANG_GUARD);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.contains("complete rounds kept: "), "{ended:?}");
    bench.assert_none_runs();
}

#[test]
fn a_signal_while_a_server_is_waited_for_ends_that_too() {
    let bench = Bench::new();
    let server = bench.server("never", "exec sleep 600 {port}");
    let running = bench.start(&["--server", &server, "--a-a", "--ready-timeout", "100s"]);
    wait_until(|| !bench.pids().is_empty());
    let began = Instant::now();
    running.signal(Signal::INT);
    let ended = running.end_within(HANG_GUARD);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(
        began.elapsed() < Duration::from_secs(50),
        "it was not waited for"
    );
    bench.assert_none_runs();
}

#[test]
fn a_second_signal_leaves_no_server_behind_that_does_not_end_when_asked() {
    let bench = Bench::new();
    let server = bench.server(
        "deaf",
        "trap \"\" TERM; sleep 600 & echo $! >> PIDS; wait {port}",
    );
    let server = server.replace("PIDS", &bench.path("pids"));
    let running = bench.start(&["--server", &server, "--a-a", "--ready-timeout", "100s"]);
    wait_until(|| bench.pids().len() == 2);
    // Two of a kind might become one.
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    assert_eq!(running.end_within(HANG_GUARD).code, Some(130));
    wait_until(|| !bench.pids().iter().any(|pid| is_running(pid)));
}

#[test]
fn a_loadgen_that_is_killed_takes_its_server_with_it() {
    let bench = Bench::new();
    let server = bench.server("alone", "exec SERVER");
    let running = bench.start(&["--server", &server, "--a-a", "--rounds", "500"]);
    wait_until(|| bench.pids().len() > 2);
    running.signal(Signal::KILL);
    running.end_within(HANG_GUARD);
    wait_until(|| !bench.pids().iter().any(|pid| is_running(pid)));
}

#[test]
fn a_server_that_ends_in_the_middle_is_given_up_and_quoted() {
    let bench = Bench::new();
    let good = bench.server("good", "exec SERVER");
    // Good once, while the answers are looked at.
    let script = "[ -e SEEN ] && { echo no luck >&2; exit 7; }; touch SEEN; exec SERVER";
    let bad = bench
        .server("bad", script)
        .replace("SEEN", &bench.path("seen"));
    let ended = bench.run(&["--server", &good, "--server", &bad]);
    for words in ["bad ended before it was ready (exit status: 7)", "no luck"] {
        assert!(
            format!("{}{}", ended.stdout, ended.stderr).contains(words),
            "{ended:?}"
        );
    }
    assert_eq!(ended.code, Some(5), "{ended:?}");
    bench.assert_none_runs();
}

#[test]
fn a_command_that_cannot_be_started_is_told_before_anything_is() {
    let bench = Bench::new();
    let good = bench.server("good", "exec SERVER");
    let refuses = |command: &str, words: &[&str]| {
        Bench::refuses(&bench, &["--server", &good, "--server", command], words);
        assert!(bench.pids().is_empty(), "nothing was started");
    };
    refuses(
        "b=/no/such/x {port}",
        &["b: there is no program '/no/such/x'", "give its path"],
    );
    refuses(
        "b=no-such-x {port}",
        &["b: there is no program 'no-such-x'", "sh -c"],
    );
    refuses(
        "b=/etc/passwd {port}",
        &["b: '/etc/passwd' may not be run", "chmod +x"],
    );
}

#[test]
fn a_command_that_fails_is_quoted() {
    let bench = Bench::new();
    let server = bench.server("b", "echo told {port} >&2; exit 3");
    let words = [
        "b ended before it was ready (exit status: 3)",
        "its last words: told ",
        "try its command in a shell",
    ];
    bench.refuses(&["--server", &server, "--a-a"], &words);
}

#[test]
fn a_port_that_somebody_else_took_meanwhile_is_another_the_next_time() {
    let bench = Bench::new();
    let script = "[ -e SEEN ] || { touch SEEN; echo {port}: Address already in use >&2; exit 1; }; \
                  exec SERVER";
    let server = bench.server("b", script);
    let server = server.replace("SEEN", &bench.path("seen"));
    let ended = bench.run(&["--server", &server, "--a-a"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");

    let bench = Bench::new();
    let always = bench.server("b", "echo {port}: address already in use >&2; exit 1");
    let words = ["b ended before it was ready", "address already in use"];
    bench.refuses(&["--server", &always, "--a-a"], &words);
    assert_eq!(
        bench.pids().len(),
        3,
        "it was tried again, and not for ever"
    );
}

#[test]
fn a_server_that_never_answers_is_told_after_its_time() {
    let bench = Bench::new();
    let silent = bench.server("b", "echo thinking; exec sleep 600 {port}");
    let args = ["--server", &silent, "--a-a", "--ready-timeout", "300ms"];
    let words = [
        "b does not answer on 127.0.0.1:",
        "within 300ms",
        "its last words: thinking",
        "--ready-timeout",
    ];
    bench.refuses(&args, &words);
    let args = [&args[..], &["--ready", "done"]].concat();
    let words = [
        "b wrote no line with 'done' within 300ms",
        "thinking",
        "correct --ready",
    ];
    bench.refuses(&args, &words);
}

#[test]
fn a_server_on_another_port_is_told_where_it_listens() {
    let bench = Bench::new();
    let free = ClosedPort::new();
    let address = free.address();
    drop(free);
    let program = real_servers().join("server-async");
    let script = format!(
        "echo {{port}}; exec {} --listen {address}",
        program.display()
    );
    let other = bench.server("b", &script);
    let port = address.port();
    let words = [
        &format!("b listens on {port}, not on the port "),
        "that it was given; put {port} into its command",
    ];
    bench.refuses(
        &["--server", &other, "--a-a", "--ready-timeout", "1s"],
        &words,
    );
}

#[test]
fn a_server_that_goes_into_the_background_is_refused_and_ended() {
    let bench = Bench::new();
    let daemon = bench.server(
        "b",
        // It listens when the foreground has ended, so that nobody takes it for a server before.
        "setsid sh -c \"echo \\$\\$ >> PIDS; until grep -q ^State:.Z /proc/\\$PPID/status; do sleep 0.01; \
         done; exec SERVER\" & until [ $(wc -l < PIDS) -ge 2 ]; do sleep 0.01; done",
    );
    let daemon = daemon.replace("PIDS", &bench.path("pids"));
    let words = [
        "b went into the background, as process ",
        "run it in the foreground (nginx: daemon off)",
    ];
    bench.refuses(&["--server", &daemon, "--a-a"], &words);
    assert_eq!(bench.pids().len(), 2, "it was there");
}

#[test]
fn a_bad_answer_ends_it_before_anything_is_measured() {
    let running = Server::start(Kind::Async);
    let (good, bad) = (running.url("/"), running.url("/bytes/none"));
    let bench = Bench::new();
    let args = [good.as_str(), &bad, "--name", "good", "--name", "bad"];
    bench.refuses(
        &args,
        &[
            "bad answers 4",
            "to GET /bytes/none",
            "something that it serves",
        ],
    );

    let closed = ClosedPort::new();
    let nobody = format!("http://{}/", closed.address());
    let args = [good.as_str(), &nobody, "--name", "good", "--name", "none"];
    bench.refuses(
        &args,
        &[
            "none: nobody answers at ",
            "connect refused",
            "start it first",
        ],
    );
}

#[test]
fn what_makes_no_sense_on_the_command_line_is_a_usage_error() {
    let usage = |args: &[&str], words: &[&str]| {
        run(&[&["bench"], args].concat()).assert_one_line_error(2, words);
    };
    let (a, b) = ("http://127.0.0.1:1/", "https://127.0.0.1:2/");
    usage(&[a, b], &[a, b, "differ in their scheme", "both as http"]);
    usage(&[a], &["127-0-0-1-1 is the only server", "--a-a"]);
    usage(
        &[a, "nonsense"],
        &["'nonsense' is not a URL", "http://HOST"],
    );
    usage(
        &[a, a, "--name", "x", "--name", "x"],
        &["two servers are called x"],
    );
    usage(&[a, a, "--name", "a/b"], &["--name: 'a/b'", "file names"]);
    usage(
        &[a, a, "--name", "a", "--name", "b", "--name", "c"],
        &["3 times for 2 URLs"],
    );
    usage(
        &[a, a, "--plan", "models"],
        &["--plan says which servers", "docs/PLANS.md"],
    );
    usage(
        &[a, a, "--server", "sync"],
        &["--server 'sync'", "NAME=COMMAND"],
    );
    usage(
        &["--server", "http://me:secret@127.0.0.1:1/?a=b", a],
        &["--server http://me:***@127.0.0.1:1/?a=b is a URL", "--name"],
    );
    usage(&[a, a, "--ready", "x"], &["--ready goes with --server"]);
    usage(&["--name", "x"], &["--name goes with a URL"]);
    usage(
        &[a, "--server", "b=x {port}", "--tls"],
        &["--tls is for all", "is http"],
    );
    let server = |command: &str, words: &[&str]| usage(&[a, "--server", command], words);
    server(
        "b=./x",
        &["--server b: {port} is not in it", "give its URL"],
    );
    server("b=x '{port}", &["--server b: a quote", "close it"]);
    server("b=", &["--server b: it is empty"]);
    server("=x {port}", &["--server : ''", "file names"]);
    server("b=x {port} > /dev/null", &["'>'", "sh -c"]);
    usage(
        &[a, "--server", "b=x {port}", "--ready", ""],
        &["--ready is empty"],
    );
    usage(
        &[a, "--server", "b=x {port}", "--ready-timeout", "0"],
        &["--ready-timeout"],
    );
}

#[test]
fn a_password_in_a_url_is_nowhere_in_the_results() {
    let running = Server::start(Kind::Async);
    let bench = Bench::new();
    let url = running.url("/").replace("http://", "http://me:secret@");
    let command = bench.server("b", "echo db://me:secret@db/ ; exec SERVER");
    let ended = bench.run(&[&url, "--server", &command]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    let entries = fs::read_dir(bench.path("out")).unwrap();
    for path in entries.map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("secret"), "{}", path.display());
        assert!(text.contains("me:***@"), "{}", path.display());
    }
    assert!(!format!("{ended:?}").contains("secret"));
}

#[test]
fn what_a_server_says_never_keeps_it_waiting() {
    let bench = Bench::new();
    // More than any pipe holds, before it serves, and bytes that are no text.
    let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exec SERVER";
    let loud = bench.server("loud", script);
    let ended = bench.run(&["--server", &loud, "--a-a"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    bench.assert_none_runs();
}
