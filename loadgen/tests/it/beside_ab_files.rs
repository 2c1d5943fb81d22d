//! What ab writes beside its text, or in its place, of ab and of
//! `loadgen --format ab`: `-e`, `-g`, `-w`, `-v`.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ab::Ab;
use crate::beside_ab::{run_as_ab, servers, squeeze};
use crate::files::{file_with, text};
use crate::loadgen::{Ended, command, run, start};
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
fn rows_for_gnuplot() {
    for server in servers() {
        for flags in [&["-n", "200", "-c", "10"][..], &["-n", "50", "-k"]] {
            let (theirs, ours) = both_files("-g", flags, &server.url("/delay/3"));
            let theirs = theirs.unwrap_or_else(|| ours.clone());
            assert_eq!(theirs.lines().next(), ours.lines().next());
            assert_eq!(theirs.lines().count(), ours.lines().count());
            assert_rows(&theirs);
            assert_rows(&ours);
        }
    }
}

/// Six columns, of which the first is five words; sorted by total time, which is the sum of the
/// parts but for rounding, and at least what the server waits.
fn assert_rows(rows: &str) {
    let column = |row: &str, index: usize| -> i64 {
        let words: Vec<_> = row.split_whitespace().collect();
        assert_eq!((row.split('\t').count(), words.len()), (6, 10), "{row}");
        words[index].parse().unwrap()
    };
    let totals: Vec<_> = rows.lines().skip(1).map(|row| column(row, 8)).collect();
    assert!(totals.is_sorted() && totals[0] >= 3, "{rows}");
    let longest_wait = rows.lines().skip(1).map(|row| column(row, 9)).max();
    assert!(longest_wait >= Some(3), "{rows}");
    for row in rows.lines().skip(1) {
        let [connect, processing, total, wait] = [6, 7, 8, 9].map(|index| column(row, index));
        assert!((connect + processing - total).abs() <= 1, "{row}");
        // Whoever is kept from a CPU between its write and its look at the clock waits for less.
        assert!((0..=processing).contains(&wait), "{row}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let age_s = now.as_secs() as i64 - column(row, 5);
        assert!((0..60).contains(&age_s), "{row}");
    }
}

#[test]
fn the_start_of_a_request_is_local_time() {
    let server = Server::start(Kind::Async);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows");
    let mut command = command(&["-g", text(&file), &server.url("/")]);
    command.env("TZ", "XYZ-5:30");
    assert_eq!(start(command).end().code, Some(0));
    let rows = fs::read_to_string(&file).unwrap();
    let (start, rest) = rows.lines().nth(1).unwrap().split_once('\t').unwrap();
    let unix_s: u64 = rest.split('\t').next().unwrap().parse().unwrap();
    // The time of day, of which only the zone is in question.
    let local_s = unix_s + 5 * 3600 + 30 * 60;
    let [hour, minute, second] = [local_s / 3600 % 24, local_s / 60 % 60, local_s % 60];
    let expected = format!(" {hour:02}:{minute:02}:{second:02} ");
    assert!(start.contains(&expected), "{start} {unix_s}");
}

#[test]
fn percentiles_are_written_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("percentiles.csv");
    let server = Server::start(Kind::Async);
    for format in ["json", "text", "ab"] {
        let args = ["--format", format, "-n", "10", "-e", text(&file)];
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
    let ab = Ab::installed();
    for args in [
        &["-w"][..],
        &["-w", "-k", "-l"],
        &["-w", "-n", "200"],
        &["-w", "-v", "3", "-n", "1", "-i"],
        &["-w", "-p", text(&file)],
        &attributes,
        &["-z", "class=cell"],
    ] {
        let server = Server::start(Kind::Async);
        let url = server.url(if args.contains(&"-p") { "/echo" } else { "/" });
        let args = [&["-n", "20", "-c", "1"], args, &[&url]].concat();
        let ours = run(&args);
        assert_eq!(ours.code, Some(0), "{ours:?}");
        if let Some(ab) = ab {
            assert_eq!(skeleton(&ab.run(&args)), skeleton(&ours), "{args:?}");
        }
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
                &["-p", text(&file)],
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
        let ended = run(&[args, &["-q", flag, text(&file), url]].concat());
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
        fs::read_to_string(&file).unwrap()
    };
    let theirs = Ab::installed().map(|ab| written("theirs", &|args| ab.run(args)));
    (theirs, written("ours", &run_as_ab))
}
