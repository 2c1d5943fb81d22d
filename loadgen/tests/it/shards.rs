//! Several processes that make one load: each its part, together the whole.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::closed_port::ClosedPort;
use crate::files::{file_with, text};
use crate::loadgen::{Ended, Running, command, run, start};
use crate::server::{Kind, Server};

const SHARDS: usize = 4;

/// What a usage error exits with.
const USAGE: i32 = 2;

/// A command line that answers for itself whatever started the test.
fn clean(args: &[&str]) -> Command {
    let mut command = command(args);
    for variable in [
        "JOB_COMPLETION_INDEX",
        "OMPI_COMM_WORLD_RANK",
        "PARALLEL_SEQ",
        "PMIX_RANK",
        "PMI_RANK",
        "SLURM_PROCID",
    ] {
        command.env_remove(variable);
    }
    command
}

/// The records of all shards of a run with these flags, made at the same time.
fn all_shards(flags: impl Fn(usize) -> Vec<String>) -> Vec<Value> {
    let running: Vec<_> = (0..SHARDS)
        .map(|index| {
            let place = format!("{index}/{SHARDS}");
            let mut args = vec!["--shard", &place, "--run-id", "test"];
            let flags = flags(index);
            args.extend(flags.iter().map(String::as_str));
            start(clean(&args))
        })
        .collect();
    let ended: Vec<Ended> = running.into_iter().map(Running::end).collect();
    for ended in &ended {
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    ended.iter().map(Ended::record).collect()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A number of each record, by its path; 0 where it is absent.
fn numbers(records: &[Value], path: &str) -> Vec<u64> {
    let number = |record: &Value| record.pointer(path).and_then(Value::as_u64);
    let all = records.iter().map(|record| number(record).unwrap_or(0));
    all.collect()
}

fn sum(records: &[Value], path: &str) -> u64 {
    numbers(records, path).iter().sum()
}

/// Different texts at this path of the records.
fn texts(records: &[Value], path: &str) -> BTreeSet<String> {
    let all = records.iter().map(|record| record.pointer(path));
    all.map(|text| text.and_then(Value::as_str).expect(path).to_owned())
        .collect()
}

#[test]
fn shards_divide_connections_and_requests_and_make_exactly_the_whole() {
    let server = Server::start(Kind::Async);
    let line = format!(
        "-n 1001 -c 10 -k --idle-connections 6 --slow-readers 2 {}",
        server.url("/")
    );
    let records = all_shards(|_| words(&line));
    assert_eq!(numbers(&records, "/plan/connections"), [2, 3, 2, 3]);
    assert_eq!(numbers(&records, "/plan/requests"), [200, 300, 200, 301]);
    assert_eq!(numbers(&records, "/plan/idle_connections"), [1, 2, 1, 2]);
    assert_eq!(numbers(&records, "/plan/slow_readers"), [0, 1, 0, 1]);
    assert_eq!(
        numbers(&records, "/requests/succeeded"),
        [200, 300, 200, 301]
    );
    assert_eq!(numbers(&records, "/connections/opened"), [2, 3, 2, 3]);
    assert_eq!(numbers(&records, "/shard/index"), [0, 1, 2, 3]);
    assert_eq!(numbers(&records, "/shard/of"), [4; SHARDS]);
    assert_eq!(numbers(&records, "/shard/plan/requests"), [1001; SHARDS]);
    assert_eq!(numbers(&records, "/shard/plan/connections"), [10; SHARDS]);
    for name in ["run_id", "plan_hash", "machine", "network_namespace"] {
        assert_eq!(
            texts(&records, &format!("/shard/{name}")).len(),
            1,
            "{name}"
        );
    }
}

/// When requests were to start, in nanoseconds since the run began, by a file of samples.
fn intended_ns(file: &Path) -> Vec<u64> {
    let csv = fs::read_to_string(file).expect("samples");
    let mut lines = csv.lines().map(|line| line.split(','));
    let heading = lines.next().expect("a heading");
    let column = heading.into_iter().position(|name| name == "intended_ns");
    let column = column.expect("a column");
    let starts = lines.map(|mut line| line.nth(column).unwrap().parse().unwrap());
    let mut starts: Vec<u64> = starts.collect();
    starts.sort_unstable();
    starts
}

#[test]
fn arrivals_of_shards_alternate_and_are_together_the_schedule_of_one() {
    let server = Server::start(Kind::Async);
    for flags in [
        "--threads 1",
        "--threads 2",
        "--threads 2 --arrival poisson",
    ] {
        let directory = TempDir::new().expect("a directory");
        let flags_for = |name: String| {
            let samples = directory.path().join(name);
            words(&format!(
                "--rate 402 -n 202 -c 40 -k {flags} --samples {} {}",
                text(&samples),
                server.url("/")
            ))
        };
        let records = all_shards(|index| flags_for(index.to_string()));
        assert_eq!(records[1]["plan"]["rate_per_second"], 100.5);
        assert_eq!(records[1]["shard"]["plan"]["rate_per_second"], 402.0);
        let alone = flags_for("alone".to_owned());
        run(&alone.iter().map(String::as_str).collect::<Vec<_>>()).record();
        let all = intended_ns(&directory.path().join("alone"));
        assert_eq!(all.len(), 202, "{flags}");
        for index in 0..SHARDS {
            let own = intended_ns(&directory.path().join(index.to_string()));
            let dealt: Vec<u64> = all.iter().copied().skip(index).step_by(SHARDS).collect();
            assert_eq!(own, dealt, "{flags}: {index}");
        }
    }
}

#[test]
fn until_time_is_up_each_has_its_share_of_the_arrivals() {
    let server = Server::start(Kind::Async);
    let line = format!("--rate 402 --duration 1s -c 40 -k {}", server.url("/"));
    let records = all_shards(|_| words(&line));
    let intended = numbers(&records, "/schedule/intended");
    assert_eq!(intended, [101, 101, 100, 100]);
}

#[test]
fn a_count_of_requests_is_kept_in_open_loop_too() {
    let server = Server::start(Kind::Async);
    let url = server.url("/");
    for flags in ["", "--arrival poisson", "--warmup 200ms"] {
        let line = format!("--rate 500 -n 102 -c 40 -k {flags} {url}");
        let records = all_shards(|_| words(&line));
        assert_eq!(sum(&records, "/requests/succeeded"), 102, "{flags}");
        let planned = numbers(&records, "/plan/requests");
        assert_eq!(planned, numbers(&records, "/requests/succeeded"), "{flags}");
    }
}

#[test]
fn shards_begin_at_different_paths() {
    let server = Server::start(Kind::Async);
    let urls = file_with("/bytes/1\n/bytes/2\n/bytes/3\n/bytes/4\n");
    let line = format!("-n 4 -c 4 --urls-from {} {}", text(&urls), server.url("/"));
    let records = all_shards(|_| words(&line));
    for path in 0..4 {
        assert_eq!(
            sum(&records, &format!("/paths/{path}/succeeded")),
            1,
            "{path}"
        );
    }
}

#[test]
fn a_shard_has_all_distributions_that_others_are_added_to() {
    let server = Server::start(Kind::Async);
    let urls = file_with("/\n/bytes/9\n");
    let line = format!(
        "--rate 300 -n 30 -k --urls-from {} {}",
        text(&urls),
        server.url("/")
    );
    let records = all_shards(|_| words(&line));
    for record in &records {
        let histograms = &record["histograms"];
        assert!(histograms["lag"].is_string(), "{histograms}");
        assert!(histograms["seconds"]["0"].is_string(), "{histograms}");
        assert!(histograms["paths"]["0"].is_string(), "{histograms}");
    }
    let alone = run(&words(&line).iter().map(String::as_str).collect::<Vec<_>>()).record();
    assert!(alone.get("shard").is_none());
    for name in ["lag", "seconds", "paths", "cancelled"] {
        assert!(alone["histograms"].get(name).is_none(), "{name}");
    }
}

#[test]
fn a_scheduler_says_which_shard_it_is_and_what_the_run_is_called() {
    let server = Server::start(Kind::Async);
    let url = server.url("/");
    let ask = ["--shard", "auto", "-n", "4", "-c", "4", &url];
    let with = |variables: &str, more: &[&str]| {
        let mut command = clean(&[more, &ask].concat());
        for (name, value) in variables.split(' ').map(|it| it.split_once('=').unwrap()) {
            command.env(name, value);
        }
        start(command).end()
    };
    let step = "SLURM_PROCID=1 SLURM_NTASKS=4 SLURM_JOB_ID=17 SLURM_STEP_ID=0";
    let record = with(step, &[]).record();
    assert_eq!(record["shard"]["index"], 1);
    assert_eq!(record["shard"]["scheduler"], "slurm");
    assert_eq!(record["shard"]["run_id"], "17.0");
    let pod = "JOB_COMPLETION_INDEX=3 LOADGEN_SHARDS=4";
    let ended = with(pod, &["--run-id", "job"]);
    assert_eq!(ended.record()["shard"]["index"], 3);
    assert_eq!(ended.stderr, "");
    let words = ["no name for the run", "add --run-id NAME"];
    with(pod, &[]).assert_one_line_error(USAGE, &words);
    let alone = "JOB_COMPLETION_INDEX=3";
    with(alone, &[]).assert_one_line_error(USAGE, &["set LOADGEN_SHARDS"]);
    let batch = "SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=17";
    with(batch, &[]).assert_one_line_error(USAGE, &["start shards by srun"]);
}

#[test]
fn what_is_no_part_of_a_run_is_refused() {
    let url = ClosedPort::new().url();
    let shard = "--shard 0/4 --run-id a";
    for (flags, said) in [
        ("--shard 4/4 --run-id a", "index from 0"),
        ("--shard 0 --run-id a", "such as 0/4"),
        ("--shard 0/4", "add --run-id"),
        ("--shard auto", "give --shard INDEX/COUNT"),
        ("--run-id a", "add --shard or drop --run-id"),
        (&format!("{shard} -n 100 -c 3"), "raise -c to 4"),
        (&format!("{shard} -n 3 --rate 9"), "raise -n to 4"),
        (
            &format!("{shard} --rate 1 --duration 2s"),
            "raise --rate or --duration",
        ),
        (
            &format!("{shard} -c 80001 --duration 1s"),
            "over 20000 for each of 4 shards",
        ),
        (
            &format!("{shard} -c 4 -n 4 --idle-connections 4000001"),
            "for each of 4 shards",
        ),
        (&format!("{shard} -c 4 -n 4 --format ab"), "ab's text"),
        (&format!("{shard} -c 4 -n 4 -w"), "ab's text"),
        (&format!("{shard} --find-max --slo p99=5ms"), "drop --shard"),
        ("--start-at 1767225600000", "more than a day ahead"),
        (
            "--start-at 99999999999999999999999",
            "more than a day ahead",
        ),
        ("--start-at -5", "seconds since 1970"),
        ("--start-at noon", "seconds since 1970"),
    ] {
        let args: Vec<&str> = flags.split_whitespace().chain([&*url]).collect();
        start(clean(&args))
            .end()
            .assert_one_line_error(USAGE, &[said]);
    }
    for command in ["websocket", "bench"] {
        let ended = run(&[command, "--shard", "0/4"]);
        ended.assert_one_line_error(USAGE, &["unexpected argument '--shard'"]);
    }
}

#[test]
fn what_is_a_lot_for_one_process_is_divided_before_it_is_held_against_its_limits() {
    let server = Server::start(Kind::Async);
    let line = format!("--rate 100 -n 8 -c 80000 -k {}", server.url("/"));
    let records = all_shards(|_| words(&line));
    assert_eq!(numbers(&records, "/plan/connections"), [20_000; SHARDS]);
}

#[test]
fn a_start_that_is_over_begins_at_once_and_is_told() {
    let server = Server::start(Kind::Async);
    let url = server.url("/");
    let start_at = ["--start-at", "1767225600.5"];
    for flags in [&["-n", "2"][..], &["-q"], &["--format", "ab"]] {
        let ended = run(&[&start_at[..], flags, &[&url]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.stderr.starts_with("loadgen: --start-at was over by "),
            "{ended:?}"
        );
    }
    let shard = ["--shard", "0/1", "--run-id", "a", &url];
    let record = run(&[&start_at[..], &shard].concat()).record();
    assert_eq!(record["shard"]["start_at"], "2026-01-01T00:00:00.500Z");
    assert!(
        record["shard"]["late_s"].as_f64().unwrap() > 0.0,
        "{record}"
    );
}

#[test]
fn a_start_is_awaited_and_a_signal_meanwhile_leaves_nothing() {
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("record.json");
    let samples = directory.path().join("samples.csv");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let in_an_hour = (now.expect("a clock").as_secs() + 3600).to_string();
    let port = ClosedPort::new();
    let url = port.url();
    let files = ["-o", text(&file), "--samples", text(&samples)];
    let wait = ["--start-at", &in_an_hour, "--progress", "always", &url];
    let mut child = clean(&[&files[..], &wait].concat())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .expect("loadgen starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("its stderr"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("a line");
    assert!(line.starts_with("waiting for the start in 3"), "{line}");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    let output = child.wait_with_output().expect("its output");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("the rest");
    assert_eq!(output.status.code(), Some(130), "{rest}");
    assert_eq!(output.stdout, b"");
    assert!(rest.contains("interrupted before the start"), "{rest}");
    let left = fs::read_dir(directory.path()).expect("the directory");
    assert_eq!(left.count(), 0);
}
