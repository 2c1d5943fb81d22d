//! `loadgen export` as scripts call it: stdout and files, exit codes, and what it says of paths that
//! are no results.

use std::fs;

use serde_json::{Value, json};

use crate::loadgen::{Ended, command, run, start};
use crate::rounds::{Results, around, record};

const DONE: i32 = 0;
const COULD_NOT_RUN: i32 = 1;
const USAGE: i32 = 2;

/// Formats of one file, and what is in it.
const FORMATS: [(&str, &str); 7] = [
    ("markdown", "| close | sync | 10 |"),
    ("csv", ",close,sync,10,"),
    ("go-bench", "BenchmarkLoad/scenario=close/server=sync/"),
    ("bencher", "\"close, sync\": {"),
    ("hgrm", "1.000000000000        200\n"),
    ("hdr-log", "\n540.000,"),
    ("openmetrics", "# EOF\n"),
];

/// Ten rounds of one server in a directory, `old`, as a benchmark writes them.
fn results() -> Results {
    let results = Results::new();
    for (round, values) in around(10_000.0, 30.0).into_iter().enumerate() {
        results.write_record("old", &of_bench(round, values));
    }
    results
}

fn of_bench(round: usize, values: (f64, f64)) -> Value {
    let mut record = record(round, 1, values);
    let bench = json!({ "scenario": "close", "server": "sync", "round": round + 1, "position": 1 });
    record["bench"] = bench;
    record
}

fn export(results: &Results, arguments: &[&str], names: &[&str]) -> Ended {
    let paths: Vec<_> = names.iter().map(|name| results.path(name)).collect();
    let paths = paths.iter().map(|path| path.to_str().unwrap());
    let arguments: Vec<&str> = ["export"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    run(&arguments.into_iter().chain(paths).collect::<Vec<_>>())
}

#[test]
fn every_format_goes_to_stdout() {
    let results = results();
    for (format, words) in FORMATS {
        let ended = export(&results, &["--to", format], &["old"]);
        assert_eq!(ended.code, Some(DONE), "{ended:?}");
        assert!(ended.stdout.contains(words), "{format}: {ended:?}");
        assert_eq!(ended.stderr, "", "{format}");
    }
}

#[test]
fn a_file_is_written_whole_and_never_over_another() {
    let results = results();
    let out = results.path("out.csv");
    let arguments = ["--to", "csv", "-o", out.to_str().unwrap()];
    let ended = export(&results, &arguments, &["old"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(DONE), ""),
        "{ended:?}"
    );
    let written = fs::read_to_string(&out).unwrap();
    assert_eq!(written.matches("\r\n").count(), 11);
    let words = [
        "out.csv",
        "exists",
        "choose another name with -o, or remove it",
    ];
    export(&results, &arguments, &["old"]).assert_one_line_error(USAGE, &words);
    assert_eq!(fs::read_to_string(&out).unwrap(), written);
}

#[test]
fn two_files_by_direction_are_written_both_or_none() {
    let results = results();
    let out = results.path("out");
    let arguments = [
        "--to",
        "github-action-benchmark",
        "-o",
        out.to_str().unwrap(),
    ];
    export(&results, &arguments[..2], &["old"])
        .assert_one_line_error(USAGE, &["PREFIX.bigger.json", "-o PREFIX"]);
    results.write("out.smaller.json", "mine");
    export(&results, &arguments, &["old"])
        .assert_one_line_error(USAGE, &["out.smaller.json", "exists"]);
    assert!(!results.path("out.bigger.json").exists());
    fs::remove_file(results.path("out.smaller.json")).unwrap();
    assert_eq!(export(&results, &arguments, &["old"]).code, Some(DONE));
    for name in ["out.bigger.json", "out.smaller.json"] {
        let text = fs::read_to_string(results.path(name)).unwrap();
        assert!(serde_json::from_str::<Vec<Value>>(&text).is_ok_and(|it| !it.is_empty()));
    }
}

#[test]
fn what_is_left_out_is_said() {
    let results = results();
    let mut doubtful = of_bench(3, (10_000.0, 30.0));
    doubtful["validity"] = json!({ "valid": false, "reasons": [{
        "code": "interrupted", "severity": "invalid", "message": "cut", "advice": "again",
    }]});
    results.write_record("old", &doubtful);
    let ended = export(&results, &["--to", "bencher"], &["old"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    ended.assert_one_line_on_stderr(&["left out: 1 run", "cannot be believed", "close, sync"]);
    let ended = export(&results, &["--to", "csv"], &["old"]);
    assert_eq!(ended.stderr, "", "it is in a column");
    assert!(
        ended.stdout.contains(",false,false,interrupted,"),
        "{ended:?}"
    );
}

#[test]
fn a_folder_of_several_schemas_names_the_file_and_the_next_step() {
    let results = results();
    results.write("old/flood.json", r#"{"schema": "loadgen/push/v1"}"#);
    let words = [
        "old/flood.json",
        "loadgen/push/v1",
        "leave it out",
        "a directory of its own",
    ];
    export(&results, &["--to", "csv"], &["old"]).assert_one_line_error(COULD_NOT_RUN, &words);
    let old = results.path("old");
    run(&["compare", old.to_str().unwrap()]).assert_one_line_error(COULD_NOT_RUN, &words);
}

#[test]
fn what_cannot_be_exported_is_one_line() {
    let results = results();
    results.write("empty/notes.txt", "nothing");
    for (arguments, names, code, words) in [
        (
            &["--to", "csv"][..],
            &["nowhere"][..],
            COULD_NOT_RUN,
            &["nowhere", "check"][..],
        ),
        (
            &["--to", "csv"],
            &["empty"],
            COULD_NOT_RUN,
            &["empty", "no record"],
        ),
        (
            &["--to", "csv", "--server", "x"],
            &["old"],
            COULD_NOT_RUN,
            &["--server"],
        ),
        (&["--to", "xml"], &["old"], USAGE, &["--to", "markdown"]),
        (&["--to", "csv"], &[], USAGE, &["PATH", "--help"]),
        (&[], &["old"], USAGE, &["--to", "--help"]),
        (
            &["--to", "csv", "-o", "/no/such/place"],
            &["old"],
            COULD_NOT_RUN,
            &["/no/such", "-o"],
        ),
    ] {
        export(&results, arguments, names).assert_one_line_error(code, words);
    }
}

#[test]
fn a_full_disk_under_stdout_is_an_error() {
    let results = results();
    let old = results.path("old");
    let mut command = command(&["export", "--to", "csv", old.to_str().unwrap()]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    command.stdout(full.unwrap());
    let ended = start(command).end();
    ended.assert_one_line_error(COULD_NOT_RUN, &["stdout", "No space left"]);
}
