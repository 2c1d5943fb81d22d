//! What ab writes beside its text, or in its place, of ab and of
//! `loadgen --format ab`: `-e`, `-w`, `-v`.

use std::fs;

use crate::ab::Ab;
use crate::beside_ab::{file_with, path, run_as_ab, servers, squeeze};
use crate::loadgen::{Ended, run};
use crate::server::{Kind, Server};

#[test]
fn percentiles_as_csv() {
    for server in servers() {
        let (theirs, ours) = both_files("-e", &["-n", "200", "-c", "10"], &server.url("/"));
        let theirs = theirs.unwrap_or_else(|| ours.clone());
        assert_eq!(theirs.lines().next(), Some("Percentage served,Time in ms"));
        let names = |csv: &str| {
            let rows = csv.lines().map(|row| row.split(',').next().unwrap());
            rows.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(&theirs), names(&ours));
        for csv in [&theirs, &ours] {
            let times: Vec<f64> = csv.lines().skip(1).map(milliseconds).collect();
            assert_eq!(times.len(), 101, "{csv}");
            assert!(times.is_sorted(), "{csv}");
        }
    }
}

/// The time in a row, which has three decimals.
fn milliseconds(row: &str) -> f64 {
    let (_, time) = row.split_once(',').unwrap();
    let (_, decimals) = time.split_once('.').unwrap();
    assert_eq!(decimals.len(), 3, "{row}");
    time.parse().unwrap()
}

#[test]
fn percentiles_are_written_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("percentiles.csv");
    let server = Server::start(Kind::Async);
    for format in ["json", "text", "ab"] {
        let args = ["--format", format, "-n", "10", "-e", file.to_str().unwrap()];
        let ended = run(&[&args[..], &[&server.url("/")]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 102);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_file_of_percentiles_that_cannot_be_written_is_an_error_before_any_request() {
    let ended = run(&["-n", "1", "-e", "/no/such/place/x", "http://127.0.0.1:9/"]);
    ended.assert_one_line_error(1, &["/no/such/place/x", "-e"]);
}

#[test]
fn an_html_table() {
    let file = file_with(b"x=1");
    let attributes = ["-x", "border=1", "-y", "class=row", "-z", "class=cell"];
    for args in [
        &["-w"][..],
        &["-w", "-k", "-l"],
        &["-w", "-n", "200"],
        &["-w", "-v", "3", "-n", "1", "-i"],
        &["-w", "-p", path(&file)],
        &attributes,
        &["-z", "class=cell"],
    ] {
        let server = Server::start(Kind::Async);
        let url = server.url(if args.contains(&"-p") { "/echo" } else { "/" });
        let args = [&["-n", "20", "-c", "1"], args, &[&url]].concat();
        let ours = run(&args);
        assert_eq!(ours.code, Some(0), "{ours:?}");
        let Some(ab) = Ab::installed() else { return };
        assert_eq!(skeleton(&ab.run(&args)), skeleton(&ours), "{args:?}");
    }
}

/// An HTML page from the end of its banner on, without numbers.
fn skeleton(ended: &Ended) -> Vec<String> {
    let (_, page) = ended.stdout.split_once("</p>\n").expect("a banner");
    page.lines().map(|line| squeeze(line.trim_end())).collect()
}

#[test]
fn traffic_is_shown_on_stdout_in_ab_s_words() {
    let Some(ab) = Ab::installed() else { return };
    let file = file_with(b"x=1");
    for server in servers() {
        for level in ["0", "1", "2", "3", "4"] {
            for args in [
                &[][..],
                &["-q"],
                &["-n", "151"],
                &["-p", path(&file)],
                &["-i"],
            ] {
                let url = server.url("/echo?no-numbers");
                let args = [&["-n", "2", "-v", level], args, &[&url]].concat();
                let (theirs, ours) = (ab.run(&args), run_as_ab(&args));
                assert_eq!(kinds(&theirs), kinds(&ours), "{args:?} {theirs:?} {ours:?}");
                assert_eq!(theirs.stderr, ours.stderr, "{args:?}");
            }
        }
    }
}

/// Each line that is not about the request or the answer, once: ab shows
/// every answer, we show the first.
fn kinds(ended: &Ended) -> Vec<String> {
    let lines = ended.stdout.lines().skip(3);
    let until_report = lines.take_while(|line| !line.starts_with("Server Software:"));
    let is_word_of_ab = |line: &&str| {
        let starts = ["Benchmarking", "INFO:", "LOG:", "WARNING:", "---", "..done"];
        starts.iter().any(|start| line.starts_with(start))
    };
    let mut kinds: Vec<String> = Vec::new();
    for line in until_report.filter(is_word_of_ab) {
        if line == "---" || !kinds.iter().any(|kind| kind == line) {
            kinds.push(line.to_owned());
        }
    }
    kinds
}

/// Runs both with `args` and `flag FILE`; what they wrote, ab if it is there.
fn both_files(flag: &str, args: &[&str], url: &str) -> (Option<String>, String) {
    let directory = tempfile::tempdir().unwrap();
    let written = |name: &str, run: &dyn Fn(&[&str]) -> Ended| {
        let file = directory.path().join(name);
        let ended = run(&[args, &["-q", flag, file.to_str().unwrap(), url]].concat());
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
        fs::read_to_string(&file).unwrap()
    };
    let theirs = Ab::installed().map(|ab| written("theirs", &|args| ab.run(args)));
    (theirs, written("ours", &run_as_ab))
}
