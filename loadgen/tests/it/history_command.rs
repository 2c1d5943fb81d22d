//! `loadgen history` as scripts call it: what it prints, what it passes over, and its exit codes.

use serde_json::{Value, json};

use crate::loadgen::{Ended, run};
use crate::rounds::{Results, around, record};
use crate::schema::HISTORY;

const DONE: i32 = 0;
const COULD_NOT_RUN: i32 = 1;
const USAGE: i32 = 2;

/// Two benchmarks of sync and async, the second with async at this rate.
fn results(rate: f64) -> Results {
    let results = Results::new();
    for (day, of_async) in [(1, 13_000.0), (2, rate)] {
        for (position, server, rate) in [(1, "sync", 10_000.0), (2, "async", of_async)] {
            for (round, values) in around(rate, 30.0).into_iter().enumerate() {
                let record = of_bench(day, (round, position), server, values);
                results.write_record(&format!("day-{day}"), &record);
            }
        }
    }
    results.write("push/flood.json", r#"{"schema": "loadgen/push/v1"}"#);
    results
}

fn of_bench(day: u32, at: (usize, usize), server: &str, mut values: (f64, f64)) -> Value {
    let (round, position) = at;
    // Otherwise both servers' noise would be the same, and the ratio without any.
    values.0 *= 1.0 + 0.001 * (round * position % 7) as f64;
    let mut record = record(round, position, values);
    let started_at = record["started_at"].as_str().unwrap();
    record["started_at"] = started_at.replace("-01T", &format!("-{day:02}T")).into();
    record["bench"] = json!({
        "scenario": "close", "server": server, "round": round + 1, "position": position,
    });
    record
}

fn history(results: &Results, arguments: &[&str]) -> Ended {
    let directory = results.directory().to_str().unwrap();
    run(&[&["history", directory], arguments].concat())
}

#[test]
fn a_change_is_drawn_and_marked_and_what_is_no_benchmark_passed_over() {
    let ended = history(&results(10_000.0), &[]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    for words in [
        "of async, times that of sync",
        "●",
        "−23 %",
        "◆ worse",
        "1 change point",
    ] {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
    ended.assert_one_line_on_stderr(&["passed over", "push", "flood.json"]);
}

#[test]
fn no_change_is_marked_where_there_is_none_or_none_that_matters() {
    let ended = history(&results(13_050.0), &[]);
    assert!(ended.stdout.contains("No change point"), "{ended:?}");
    let ended = history(&results(10_000.0), &["--threshold", "40"]);
    assert!(ended.stdout.contains("No change point"), "{ended:?}");
}

#[test]
fn json_is_what_its_schema_says() {
    let ended = history(
        &results(10_000.0),
        &["--json", "--absolute", "--server", "a*"],
    );
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    let document = ended.document(&HISTORY);
    let step = &document["series"][0]["points"][1]["step"];
    assert_eq!(
        (&step["is_change"], &step["verdict"]),
        (&json!(true), &json!("lower"))
    );
}

#[test]
fn what_has_no_history_is_one_line() {
    let results = results(13_000.0);
    let day = results.path("day-1");
    let [day, nowhere] = [day.to_str().unwrap(), "/no/such/place"];
    for (arguments, code, words) in [
        (
            &["history", day][..],
            COULD_NOT_RUN,
            &["one benchmark", "compare"][..],
        ),
        (
            &["history", nowhere],
            COULD_NOT_RUN,
            &["/no/such/place", "benchmarks"],
        ),
        (
            &["history", day, "--metric", "speed"],
            USAGE,
            &["--metric", "rate_per_second"],
        ),
        (
            &["history", day, "--threshold", "0"],
            USAGE,
            &["--threshold", "above 0"],
        ),
        (&["history", day, day], USAGE, &["--help"]),
    ] {
        run(arguments).assert_one_line_error(code, words);
    }
}
