//! Every request as a row of a file: `--samples` and ab's `-g`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use ::loadgen::engine::samples::WAITING_MAX;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::behaviour::Behaviour::{Good, NotFound, ResetsAfterRequest};
use crate::canned_server::CannedServer;
use crate::check::interrupted;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::files::{file_with, text};
use crate::loadgen::{command, run, start};
use crate::record::{Counts, codes};
use crate::script::Script;
use crate::server::{Kind, Server};

/// Longest wait for a run to stall: beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// What `--samples` wrote, by the names of its columns.
struct Rows(Vec<BTreeMap<String, String>>);

impl Rows {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a file of samples");
        let mut lines = text.lines();
        let names: Vec<_> = lines.next().expect("a heading").split(',').collect();
        let row = |line: &str| {
            let fields: Vec<_> = line.split(',').map(str::to_owned).collect();
            assert_eq!(fields.len(), names.len(), "{line}");
            names
                .iter()
                .map(|name| (*name).to_owned())
                .zip(fields)
                .collect()
        };
        Self(lines.map(row).collect())
    }

    fn column(&self, name: &str) -> Vec<&str> {
        self.0.iter().map(|row| &*row[name]).collect()
    }

    fn numbers(&self, name: &str) -> Vec<i64> {
        let column = self.column(name).into_iter();
        column.map(|field| field.parse().expect(name)).collect()
    }

    /// The requests by outcome, as a record has them.
    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for outcome in self.column("outcome") {
            match outcome {
                "succeeded" => counts.succeeded += 1,
                "cancelled" => counts.cancelled += 1,
                cause => *counts.failures.entry(cause.to_owned()).or_default() += 1,
            }
        }
        counts
    }
}

/// A file that is not there yet, in a directory that goes with it.
fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples");
    (directory, path)
}

/// `args` with `flag FILE` in front.
fn with_file<'a>(flag: &'a str, path: &'a Path, args: &[&'a str]) -> Vec<&'a str> {
    [&[flag, text(path)], args].concat()
}

#[test]
fn every_request_is_a_row_with_its_outcome() {
    let behaviours = vec![Good, NotFound, Good, ResetsAfterRequest, Good];
    let server = FaultServer::start(Script::sequence(behaviours));
    let (_directory, path) = new_file();
    let ended = run(&with_file(
        "--samples",
        &path,
        &["-n", "6", "-k", &server.url()],
    ));
    let rows = Rows::read(&path);
    assert_eq!(rows.counts(), Counts::of_record(&ended.record()));
    assert_eq!(
        rows.column("status"),
        ["200", "404", "200", "", "200", "200"]
    );
    assert_eq!(rows.column("path"), ["/"; 6]);
    assert_eq!(rows.column("intended_ns"), [""; 6]);
    assert!(rows.numbers("start_ns").is_sorted());
    for row in rows.0.iter().filter(|row| !row["status"].is_empty()) {
        let ns = |name: &str| row[name].parse::<i64>().expect(name);
        assert!(ns("connect_ns") <= ns("first_byte_ns"), "{row:?}");
        assert!(ns("first_byte_ns") <= ns("total_ns"), "{row:?}");
    }
    assert_eq!(rows.column("body_bytes"), ["5", "5", "5", "", "5", "5"]);
}

#[test]
fn a_request_that_had_no_connection_has_a_row_too() {
    let closed = ClosedPort::new();
    let url = closed.url();
    for flag in ["--samples", "-g"] {
        let (_directory, path) = new_file();
        assert_eq!(
            run(&with_file(flag, &path, &["-n", "3", &url])).code,
            Some(1)
        );
        let rows = fs::read_to_string(&path).unwrap();
        assert_eq!(rows.lines().count(), 1 + 3, "{rows}");
    }
}

#[test]
fn a_warm_up_has_no_rows_and_an_open_loop_intended_starts() {
    let server = Server::start(Kind::Async);
    let (_directory, path) = new_file();
    let load = ["--rate", "500", "-n", "100", "--warmup", "200ms", "-k"];
    let url = server.url("/");
    let args = [&load[..], &[&url]].concat();
    let record = run(&with_file("--samples", &path, &args)).record();
    let rows = Rows::read(&path);
    assert_eq!(rows.0.len() as u64, record["requests"]["issued"]);
    let starts = rows.numbers("start_ns").into_iter();
    for (start_ns, intended_ns) in starts.zip(rows.numbers("intended_ns")) {
        assert!(intended_ns <= start_ns, "{intended_ns} {start_ns}");
        // Only what the warm-up left under way began before.
        assert!(start_ns > -200_000_000, "{start_ns}");
    }
}

#[test]
fn each_row_names_its_path() {
    let server = Server::start(Kind::Async);
    let urls = file_with("/bytes/10\n/bytes/20\n");
    let (_directory, path) = new_file();
    let url = server.url("/");
    let args = ["-n", "10", "--urls-from", text(&urls), &url];
    assert_eq!(run(&with_file("--samples", &path, &args)).code, Some(0));
    let rows = Rows::read(&path);
    for (path, bytes) in rows
        .column("path")
        .into_iter()
        .zip(rows.column("body_bytes"))
    {
        assert_eq!(path, format!("/bytes/{bytes}"));
    }
}

#[test]
fn an_interrupted_run_keeps_the_rows_it_has() {
    for (flag, heading, cut_off) in [("--samples", 1, 2), ("-g", 1, 0)] {
        let (_directory, path) = new_file();
        interrupted(&with_file(flag, &path, &[]), Signal::INT);
        let rows = fs::read_to_string(&path).unwrap();
        assert_eq!(rows.lines().count(), heading + 3 + cut_off, "{rows}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_report_is_printed_all_the_same() {
    let server = Server::start(Kind::Async);
    let (_directory, other) = new_file();
    for (full, whole) in [("--samples", "-g"), ("-g", "--samples")] {
        let load = ["-n", "2000", "-c", "4", "-k", &server.url("/")];
        let args = with_file(full, Path::new("/dev/full"), &load);
        let ended = run(&with_file(whole, &other, &args));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.record()["requests"]["succeeded"], 2000);
        ended.assert_one_line_on_stderr(&["/dev/full", "No space left"]);
        // The other file does not suffer for it.
        assert_eq!(fs::read_to_string(&other).unwrap().lines().count(), 2001);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_before_any_request() {
    let server = FaultServer::start(Script::always(Good));
    let path = Path::new("/no/such/place/samples");
    for flag in ["--samples", "-g"] {
        let ended = run(&with_file(flag, path, &["-n", "1", &server.url()]));
        ended.assert_one_line_error(1, &["/no/such/place/samples", flag]);
    }
    assert_eq!(server.stop().connections_accepted, 0);
}

#[test]
pub(crate) fn a_file_that_nobody_reads_holds_the_run_up_and_is_told() {
    let server = CannedServer::hello();
    let (_directory, pipe) = new_file();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    // With both of its ends open nobody waits for the other one.
    let both_ends = File::options().read(true).write(true).open(&pipe).unwrap();
    let mut rows = File::open(&pipe).unwrap();
    // More than are kept until they are written.
    let requests = WAITING_MAX + 12_000;
    let (requests_text, url) = (requests.to_string(), server.url());
    let load = ["-k", "--threads", "1", "--pipeline", "16"];
    let args = [&["-n", &requests_text], &load[..], &[&url]].concat();
    let running = start(command(&with_file("--samples", &pipe, &args)));
    wait_until_it_stalls(&server);
    // Now the rows end with the run, however that ends.
    drop(both_ends);
    let mut text = String::new();
    rows.read_to_string(&mut text).unwrap();

    let record = running.end().record();
    assert_eq!(text.lines().count(), 1 + requests, "none is lost");
    assert!(
        record["client"]["samples_wait_s"].as_f64() > Some(0.0),
        "{record}"
    );
    assert!(codes(&record).contains(&"samples_held_up"), "{record}");
}

/// Until more requests have come than can wait for the file, and then none for so long that it is a
/// good part of the run.
fn wait_until_it_stalls(server: &CannedServer) {
    let begun = Instant::now();
    let mut before = 0;
    loop {
        thread::sleep(Duration::from_millis(300));
        let answered = server.answered();
        if answered > WAITING_MAX as u64 && answered == before {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "stopped at {answered}");
        before = answered;
    }
}
