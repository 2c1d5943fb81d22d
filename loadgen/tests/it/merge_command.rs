//! `loadgen merge FILE…` as scripts call it: shards of real runs put together, what is said where
//! they do not belong together, and every doubt that comes with more than one machine.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::behaviour::Behaviour::Good;
use crate::fault_server::FaultServer;
use crate::loadgen::{Ended, command, run, start};
use crate::record::codes;
use crate::rounds::Results;
use crate::script::Script;

const DONE: i32 = 0;
const COULD_NOT_RUN: i32 = 1;
const INTERRUPTED: i32 = 130;
const USAGE: i32 = 2;
const WORSE: i32 = 3;

/// What is done to the records of three shards.
type Change = fn(&mut Vec<Value>);

/// Three shards of a run of 300 requests over 6 connections, as if made at the same time, each in a
/// second, by a release build.
static SHARDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let server = FaultServer::start(Script::always(Good));
    let url = server.url();
    let shard = |index: u64| {
        let place = format!("{index}/3");
        let mut args = vec!["--shard", &place, "--run-id", "it", "-n", "300", "-c", "6"];
        args.extend(["-k", "--max-error-rate", "0", &url]);
        let mut record = run(&args).record();
        record["started_at"] = "2026-03-01T12:00:00.000Z".into();
        record["elapsed_s"] = 1.0.into();
        record["tool"]["profile"] = "release".into();
        record["shard"]["clock"] = json!({ "synchronised": true, "error_s_max": 0.001 });
        record["shard"]["machine"] = format!("machine {index}").into();
        record
    };
    (0..3).map(shard).collect()
});

/// The three in files `0.json` to `2.json`, after a change.
fn shards(change: impl FnOnce(&mut Vec<Value>)) -> Results {
    let mut records = SHARDS.clone();
    change(&mut records);
    let results = Results::new();
    for (index, record) in records.iter().enumerate() {
        results.write(&format!("shards/{index}.json"), record.to_string());
    }
    results
}

/// Runs it beside the shards.
fn merge(results: &Results, args: &[&str]) -> Ended {
    loadgen(results, &[&["merge"], args].concat())
}

fn loadgen(results: &Results, args: &[&str]) -> Ended {
    let mut command = command(args);
    command.current_dir(results.directory());
    start(command).end()
}

/// What the shards become after a change.
fn merged(change: impl FnOnce(&mut Vec<Value>)) -> Value {
    merge(&shards(change), &["shards"]).record()
}

#[track_caller]
fn assert_doubt(record: &Value, code: &str, severity: &str) {
    let reasons = record["validity"]["reasons"].as_array().unwrap();
    let found = reasons.iter().find(|it| it["code"] == code);
    let found = found.unwrap_or_else(|| panic!("no {code} in {:?}", codes(record)));
    assert_eq!(found["severity"], severity);
}

#[test]
fn shards_become_one_record_of_the_whole_run() {
    let whole = merged(|_| {});
    assert_eq!(whole["requests"]["succeeded"], 300);
    assert_eq!(whole["latency_ns"]["total"]["count"], 300);
    assert_eq!(whole["plan"]["connections"], 6);
    assert_eq!(whole["plan"]["requests"], 300);
    assert_eq!(whole["rate_per_second"], 300.0);
    assert_eq!(whole["merged"]["shards"].as_array().unwrap().len(), 3);
    assert_eq!(whole["merged"]["machines"], 3);
    assert_eq!(whole["gates"][0]["passed"], true);
    assert_eq!(whole["shard"], Value::Null);
    assert_eq!(whole["validity"]["valid"], true, "{:?}", codes(&whole));
}

#[test]
fn a_stream_of_records_is_read_from_stdin() {
    let text: String = SHARDS.iter().rev().map(|it| format!("{it:#}\n")).collect();
    let mut command = command(&["merge", "-"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let ended = child.wait_with_output().unwrap();
    let record: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(record, merged(|_| {}));
}

#[test]
fn a_record_goes_to_a_file_that_was_not_there() {
    let results = shards(|_| {});
    let ended = merge(&results, &["shards", "-o", "whole.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(DONE), ""));
    let made_by = "made by 3 shards on 3 machines, which ran together for 1.00 s of 1.00 s";
    assert!(ended.stderr.contains(made_by), "{ended:?}");
    let written = fs::read_to_string(results.path("whole.json")).unwrap();
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written, merged(|_| {}));
    let again = merge(&results, &["shards", "-o", "whole.json"]);
    again.assert_one_line_error(USAGE, &["whole.json exists", "another name"]);
}

#[test]
fn a_merged_record_is_compared_shown_and_exported_as_any_other() {
    let results = shards(|_| {});
    merge(&results, &["shards", "-o", "whole.json"]);
    let made_by = "made by 3 shards on 3 machines";
    let mut one = SHARDS[0].clone();
    for field in ["shard", "histograms"] {
        one.as_object_mut().unwrap().remove(field);
    }
    one["histograms"] = json!({});
    one["plan"]["connections"] = 6.into();
    one["plan"]["concurrency"] = 6.into();
    one["plan"]["requests"] = 300.into();
    results.write("one.json", one.to_string());
    let compared = loadgen(&results, &["compare", "one.json", "whole.json"]).stdout;
    assert!(compared.contains(made_by), "{compared}");
    assert!(!compared.contains("differs: "), "{compared}");
    let page = loadgen(&results, &["report", "whole.json", "-o", "/dev/stdout"]).stdout;
    let page = page.replace('\u{a0}', " ");
    assert!(
        page.contains(made_by) && page.contains("Shards of "),
        "{}",
        page.len()
    );
    let table = loadgen(&results, &["export", "--to", "markdown", "whole.json"]).stdout;
    assert!(table.contains(made_by), "{table}");
}

#[test]
fn what_does_not_belong_together_is_refused_and_nothing_is_written() {
    let changes: [(&[&str], Change); 5] = [
        (&["lacks 1 of its 3 shards: 1;", "--allow-missing"], |all| {
            drop(all.remove(1));
        }),
        (&["1.json and ", "2.json are both shard 1:"], |all| {
            all[2]["shard"]["index"] = 1.into();
        }),
        (&["2.json of run other;"], |all| {
            all[2]["shard"]["run_id"] = "other".into();
        }),
        (
            &["different plans: plan.timeout_s is 30.0 and 1.0;"],
            |all| {
                all[2]["shard"]["plan_hash"] = "other".into();
                all[2]["shard"]["plan"]["timeout_s"] = 1.0.into();
            },
        ),
        (
            &["1.json: a whole run, not a shard", "loadgen compare"],
            |all| {
                all[1].as_object_mut().unwrap().remove("shard");
            },
        ),
    ];
    for (words, change) in changes {
        let results = shards(change);
        let ended = merge(&results, &["shards", "-o", "whole.json"]);
        ended.assert_one_line_error(COULD_NOT_RUN, words);
        assert!(!results.path("whole.json").exists());
    }
}

#[test]
fn a_record_cut_short_is_named() {
    let results = shards(|_| {});
    let text = SHARDS[1].to_string();
    results.write("shards/1.json", &text[..text.len() / 2]);
    let ended = merge(&results, &["shards"]);
    ended.assert_one_line_error(COULD_NOT_RUN, &["shards/1.json: cut short"]);
}

#[test]
fn what_is_typed_wrong_is_a_usage_error() {
    let results = shards(|_| {});
    merge(&results, &["-", "-"]).assert_one_line_error(USAGE, &["give - once"]);
    merge(&results, &[]).assert_one_line_error(USAGE, &["FILE"]);
    merge(&results, &["nowhere.json"])
        .assert_one_line_error(COULD_NOT_RUN, &["nowhere.json: ", "check the path"]);
}

#[test]
fn a_gate_that_the_whole_misses_ends_the_command_so() {
    let ended = merge(
        &shards(|all| {
            for record in all {
                let gate = json!({
                    "name": "min_rate_per_second", "limit": 301.0, "measured": 100.0,
                    "passed": false, "message": ""
                });
                record["gates"] = json!([gate]);
            }
        }),
        &["shards"],
    );
    assert_eq!(ended.code, Some(WORSE), "{ended:?}");
    assert!(
        ended.stderr.contains("gate missed: --min-rate 301"),
        "{ended:?}"
    );
}

#[test]
fn limits_of_a_run_that_was_interrupted_or_that_shards_do_not_share_are_spoken_of() {
    let interrupted = shards(|all| {
        all[1]["interrupted"] = true.into();
        all[1]["gates"] = json!([]);
    });
    let ended = merge(&interrupted, &["shards"]);
    assert_eq!(ended.code, Some(INTERRUPTED), "{ended:?}");
    assert!(
        ended.stderr.contains("its gates were not judged"),
        "{ended:?}"
    );
    let differing = shards(|all| all[1]["gates"][0]["limit"] = 0.5.into());
    let ended = merge(&differing, &["shards"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    assert!(
        ended.stderr.contains("the shards had different gates"),
        "{ended:?}"
    );
}

#[test]
pub(crate) fn shards_that_are_missing_make_the_whole_invalid() {
    let results = shards(|all| drop(all.remove(1)));
    let record = merge(&results, &["--allow-missing", "shards"]).record();
    assert_eq!(record["merged"]["missing"], json!([1]));
    assert_doubt(&record, "shards_missing", "invalid");
}

#[test]
pub(crate) fn shards_that_ran_apart_are_noted() {
    let late = |ms: u64| {
        merged(|all| all[2]["started_at"] = format!("2026-03-01T12:00:00.{ms:03}Z").into())
    };
    assert_doubt(&late(250), "shards_apart", "note");
    assert_doubt(&late(500), "shards_apart", "invalid");
}

#[test]
pub(crate) fn clocks_that_nobody_keeps_are_noted() {
    let record = merged(|all| all[0]["shard"]["clock"] = json!({ "synchronised": false }));
    assert_eq!(record["merged"]["clocks_unsynchronised"], 1);
    assert_doubt(&record, "clocks_unsure", "note");
}

#[test]
pub(crate) fn shards_of_several_versions_are_noted() {
    let record = merged(|all| all[0]["tool"]["version"] = "0.0.1".into());
    assert_doubt(&record, "versions_differ", "note");
}

/// The shards as reports of one worker, a line each.
fn reports(change: impl FnOnce(&mut Vec<Value>)) -> Results {
    let mut records = SHARDS.clone();
    for (index, record) in records.iter_mut().enumerate() {
        let shard = record["shard"].as_object_mut().unwrap();
        shard.remove("of");
        shard["index"] = 0.into();
        shard["machine"] = "machine".into();
        let part = json!({ "worker": "w", "sequence": index, "is_last": index == 2 });
        shard.insert("part".to_owned(), part);
        record["elapsed_s"] = ((index + 1) as f64).into();
        record["series"][0]["start_s"] = index.into();
        let seconds = record.pointer_mut("/histograms/seconds").unwrap();
        *seconds = json!({ index.to_string(): seconds["0"] });
    }
    change(&mut records);
    let results = Results::new();
    let lines: String = records.iter().map(|it| format!("{it}\n")).collect();
    results.write("reports.jsonl", lines);
    results
}

#[test]
fn reports_of_a_worker_of_locust_add_up() {
    let record = merge(&reports(|_| {}), &["reports.jsonl"]).record();
    assert_eq!(record["requests"]["succeeded"], 300);
    assert_eq!(record["rate_per_second"], 100.0);
    assert_eq!(record["merged"]["shards"][0]["worker"], "w");
    assert_eq!(record["series"].as_array().unwrap().len(), 3);
}

#[test]
pub(crate) fn a_worker_that_was_lost_is_noted() {
    let results = reports(|all| drop(all.pop()));
    let record = merge(&results, &["reports.jsonl"]).record();
    assert_doubt(&record, "workers_lost", "note");
    let results = reports(|all| drop(all.remove(1)));
    let record = merge(&results, &["reports.jsonl"]).record();
    assert_doubt(&record, "workers_lost", "invalid");
}

#[test]
pub(crate) fn a_report_that_was_not_written_whole_is_left_out_and_noted() {
    let results = reports(|_| {});
    let text = fs::read_to_string(results.path("reports.jsonl")).unwrap();
    results.write("reports.jsonl", &text[..text.len() - 50]);
    let ended = merge(&results, &["reports.jsonl"]);
    let warning = "reports.jsonl, line 3: cut short; that report is left out";
    assert!(ended.stderr.contains(warning), "{ended:?}");
    let record: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(record["requests"]["succeeded"], 200);
    assert_doubt(&record, "reports_cut_short", "note");
}
