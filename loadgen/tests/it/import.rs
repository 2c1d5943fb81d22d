//! `loadgen import`: what other tools wrote becomes records, which say what they do not know, and
//! which `loadgen compare` takes.

use std::fs;
use std::path::PathBuf;

use loadgen::outcome::Cause;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::files::text;
use crate::loadgen::{Ended, command, run, start};
use crate::record::codes;
use crate::schema::COMPARISON;

const DONE: i32 = 0;
const COULD_NOT_RUN: i32 = 1;
const USAGE: i32 = 2;

/// What is to become of a tool's file.
struct Row {
    /// Below `tests/fixtures/import/`.
    file: &'static str,
    /// Succeeded, failed, cancelled.
    requests: [u64; 3],
    /// Failures by cause, without those that did not happen.
    causes: &'static [(&'static str, u64)],
    /// p50 and p99 in nanoseconds, where they are told.
    latency_ns: [Option<u64>; 2],
    /// The doubts besides that of the generator, in the order of the record.
    doubts: &'static str,
}

const INVALID: &str = "failures_present";

#[rustfmt::skip]
const ROWS: [Row; 34] = [
    Row { file: "oha/clean.json", requests: [1000, 0, 0], causes: &[], latency_ns: [Some(34_640), Some(83_350)],
          doubts: "too_few_samples latency_from_send" },
    Row { file: "oha/timed.json", requests: [83_751, 0, 3], causes: &[], latency_ns: [Some(33_800), Some(77_561)],
          doubts: "too_few_samples latency_from_send" },
    Row { file: "oha/failures.json", requests: [920, 80, 0], causes: &[("unexpected_status", 40), ("other", 40)],
          latency_ns: [Some(59_170), Some(457_580)],
          doubts: "failures_present too_few_samples causes_unknown latency_from_send failures_in_latency" },
    Row { file: "oha/status-503.json", requests: [0, 1000, 0], causes: &[("unexpected_status", 1000)],
          latency_ns: [Some(36_590), Some(203_201)],
          doubts: "no_success failures_present too_few_samples latency_from_send failures_in_latency" },
    Row { file: "oha/refused.json", requests: [0, 1000, 0], causes: &[("connect_refused", 1000)], latency_ns: [None, None],
          doubts: "no_success failures_present" },
    Row { file: "k6/export-clean.json", requests: [20_180, 0, 0], causes: &[], latency_ns: [Some(76_245), Some(3_577_534)],
          doubts: "latency_from_send connect_left_out" },
    Row { file: "k6/summary-clean.json", requests: [16_180, 0, 0], causes: &[], latency_ns: [Some(64_465), Some(4_264_146)],
          doubts: "latency_from_send connect_left_out" },
    Row { file: "k6/export-failures.json", requests: [11_520, 502, 0], causes: &[("other", 502)],
          latency_ns: [Some(88_275), Some(5_816_836)],
          doubts: "failures_present causes_unknown latency_from_send connect_left_out" },
    Row { file: "k6/summary-failures.json", requests: [16_269, 712, 0], causes: &[("other", 712)],
          latency_ns: [Some(79_800), Some(3_148_218)],
          doubts: "failures_present causes_unknown latency_from_send connect_left_out" },
    Row { file: "k6/export-status-503.json", requests: [0, 18_734, 0], causes: &[("other", 18_734)], latency_ns: [None, None],
          doubts: "no_success failures_present causes_unknown" },
    Row { file: "k6/summary-status-503.json", requests: [0, 22_697, 0], causes: &[("other", 22_697)], latency_ns: [None, None],
          doubts: "no_success failures_present causes_unknown" },
    Row { file: "k6/export-refused.json", requests: [0, 13_916, 0], causes: &[("other", 13_916)], latency_ns: [None, None],
          doubts: "no_success failures_present causes_unknown" },
    Row { file: "k6/export-dropped.json", requests: [34, 0, 0], causes: &[], latency_ns: [Some(228_140), None],
          doubts: "too_few_samples arrivals_left_out latency_from_send connect_left_out" },
    Row { file: "vegeta/clean.json", requests: [100, 0, 0], causes: &[], latency_ns: [Some(2_854_306), Some(3_530_000)],
          doubts: "too_few_samples latency_from_send" },
    Row { file: "vegeta/failures.json", requests: [665, 535, 0], causes: &[("other", 535)],
          latency_ns: [Some(108_272_568), Some(247_771_566)],
          doubts: "failures_present causes_unknown latency_from_send failures_in_latency" },
    Row { file: "bombardier/clean.json", requests: [100, 0, 0], causes: &[], latency_ns: [None, None],
          doubts: "latency_from_send" },
    Row { file: "bombardier/by-hand.json", requests: [925, 75, 0],
          causes: &[("connect_refused", 10), ("read_reset", 20), ("unexpected_status", 40), ("other", 5)],
          latency_ns: [Some(200_000), Some(900_000)],
          doubts: "failures_present causes_unknown latency_from_send failures_in_latency" },
    Row { file: "autocannon/clean.json", requests: [48_497, 0, 4], causes: &[], latency_ns: [None, None],
          doubts: "too_few_samples latency_from_send" },
    Row { file: "autocannon/failures.json", requests: [16_297, 1417, 4], causes: &[("unexpected_status", 709), ("other", 708)],
          latency_ns: [Some(15_000_000), Some(30_000_000)],
          doubts: "failures_present too_few_samples causes_unknown latency_from_send failures_in_latency" },
    Row { file: "autocannon/status-503.json", requests: [0, 45_161, 4], causes: &[("unexpected_status", 45_161)],
          latency_ns: [None, Some(1_000_000)],
          doubts: "no_success failures_present too_few_samples latency_from_send failures_in_latency" },
    Row { file: "autocannon/refused.json", requests: [0, 12_504, 4], causes: &[("other", 12_504)], latency_ns: [None, None],
          doubts: "no_success failures_present causes_unknown" },
    Row { file: "h2load/clean.txt", requests: [2000, 0, 0], causes: &[], latency_ns: [None, None],
          doubts: "latency_from_send connect_left_out" },
    Row { file: "h2load/timed.txt", requests: [69_839, 0, 4], causes: &[], latency_ns: [None, None],
          doubts: "latency_from_send connect_left_out" },
    Row { file: "h2load/failures.txt", requests: [71, 429, 0], causes: &[("unexpected_status", 3), ("other", 426)],
          latency_ns: [None, None],
          doubts: "failures_present causes_unknown latency_from_send connect_left_out failures_in_latency" },
    Row { file: "h2load/status-503.txt", requests: [0, 200, 0], causes: &[("unexpected_status", 200)], latency_ns: [None, None],
          doubts: "no_success failures_present" },
    Row { file: "h2load/refused.txt", requests: [0, 10, 0], causes: &[("other", 10)], latency_ns: [None, None],
          doubts: "no_success failures_present causes_unknown" },
    Row { file: "wrk/clean.txt", requests: [294_370, 0, 0], causes: &[], latency_ns: [Some(38_000), Some(4_360_000)],
          doubts: "latency_from_send connect_left_out" },
    Row { file: "wrk/failures.txt", requests: [36_194, 3147, 0], causes: &[("unexpected_status", 1574), ("other", 1573)],
          latency_ns: [Some(148_000), Some(8_790_000)],
          doubts: "failures_present causes_unknown latency_from_send connect_left_out failures_in_latency" },
    Row { file: "wrk/status-503.txt", requests: [0, 94_247, 0], causes: &[("unexpected_status", 94_247)],
          latency_ns: [Some(42_000), Some(3_580_000)],
          doubts: "no_success failures_present latency_from_send connect_left_out failures_in_latency" },
    Row { file: "wrk2/clean.txt", requests: [60_018, 0, 0], causes: &[], latency_ns: [Some(6_670_000), Some(11_180_000)],
          doubts: "too_few_samples" },
    Row { file: "ab/clean.txt", requests: [20_000, 0, 0], causes: &[], latency_ns: [Some(1_000_000), Some(14_000_000)],
          doubts: "latency_from_send" },
    // The server reset 20 and answered 20 with 500; ab says that 60 failed.
    Row { file: "ab/failures.txt", requests: [460, 40, 0], causes: &[("unexpected_status", 20), ("other", 20)],
          latency_ns: [None, Some(4_000_000)],
          doubts: "failures_present too_few_samples causes_unknown latency_from_send failures_in_latency" },
    Row { file: "ab/status-503.txt", requests: [0, 200, 0], causes: &[("unexpected_status", 200)], latency_ns: [None, Some(1_000_000)],
          doubts: "no_success failures_present too_few_samples latency_from_send failures_in_latency" },
    Row { file: "ab/refused.txt", requests: [0, 10, 0], causes: &[("other", 10)], latency_ns: [None, None],
          doubts: "no_success failures_present causes_unknown" },
];

#[test]
pub(crate) fn each_file_becomes_the_record_of_what_it_tells() {
    for row in &ROWS {
        let record = import(row.file);
        let requests = &record["requests"];
        let counted = ["succeeded", "failed", "cancelled"].map(|name| requests[name].as_u64());
        assert_eq!(counted, row.requests.map(Some), "{}", row.file);
        let issued = row.requests.iter().sum::<u64>();
        assert_eq!(requests["issued"], issued, "{}", row.file);
        assert_eq!(causes(&record), row.causes, "{}", row.file);
        let latency_ns = [50.0, 99.0].map(|percentile| percentile_ns(&record, percentile));
        assert_eq!(latency_ns, row.latency_ns, "{}", row.file);
        let mut doubts = codes(&record);
        let count = doubts.len();
        doubts.retain(|code| *code != "generator_unobserved");
        assert_eq!(doubts.join(" "), row.doubts, "{}", row.file);
        assert_eq!(
            doubts.len() + 1,
            count,
            "{}: nobody saw the generator",
            row.file
        );
        let is_valid = !row.doubts.contains(INVALID);
        assert_eq!(record["validity"]["valid"], is_valid, "{}", row.file);
    }
}

#[test]
fn a_rate_is_that_of_what_succeeded() {
    for (file, per_second) in [
        ("wrk/clean.txt", 140_104.27),
        ("wrk/failures.txt", 37_754.07 * 36_194.0 / 37_768.0),
        ("h2load/clean.txt", 139_772.17),
        ("vegeta/clean.json", 100.0 / 0.993_507_166),
        ("bombardier/by-hand.json", 740.0),
    ] {
        let rate = import(file)["rate_per_second"].as_f64().unwrap();
        assert!((rate / per_second - 1.0).abs() < 1e-6, "{file}: {rate}");
    }
}

#[test]
fn nothing_of_this_machine_is_in_a_record() {
    for row in &ROWS {
        let record = import(row.file);
        let nowhere = json!({
            "os": "unknown", "kernel": "unknown", "memory_bytes": 0,
            "load_cores": [], "server_cores": [],
        });
        assert_eq!(record["environment"], nowhere, "{}", row.file);
        assert_eq!(record["tool"]["profile"], "unknown");
        assert!(record["tool"].get("git").is_none());
        let unknown = record["imported"]["unknown"].as_array().unwrap();
        for name in ["environment", "client", "series"] {
            assert!(unknown.contains(&name.into()), "{}: {name}", row.file);
        }
    }
}

#[test]
fn what_fills_a_place_is_named() {
    let unknown = |file| {
        let unknown = import(file)["imported"]["unknown"].clone();
        serde_json::from_value::<Vec<String>>(unknown).unwrap()
    };
    let is_unknown = |file, name: &str| unknown(file).iter().any(|it| it == name);
    for (file, name, expected) in [
        ("wrk/clean.txt", "started_at", true),
        ("wrk/clean.txt", "plan.connections", false),
        ("wrk/clean.txt", "plan.keep_alive", true),
        ("wrk2/clean.txt", "plan.rate_per_second", true),
        ("autocannon/clean.json", "started_at", false),
        ("oha/clean.json", "plan.connections", true),
        ("oha/clean.json", "failures", false),
        ("oha/failures.json", "failures", true),
        ("ab/clean.txt", "plan.keep_alive", false),
        ("ab/clean.txt", "tool.version", false),
    ] {
        assert_eq!(is_unknown(file, name), expected, "{file}: {name}");
    }
    let started = import("vegeta/clean.json")["started_at"].clone();
    assert_eq!(started, "2015-09-19T12:45:50.645Z");
}

#[test]
fn each_record_is_compared_with_another_of_its_tool() {
    for row in &ROWS {
        let directory = tempfile::tempdir().unwrap();
        let [one, other] = ["one.json", "other.json"].map(|name| {
            let path = directory.path().join(name);
            let ended = run(&["import", text(&fixture(row.file)), "-o", text(&path)]);
            assert_eq!(
                (ended.code, ended.stderr.as_str()),
                (Some(DONE), ""),
                "{ended:?}"
            );
            path
        });
        let ended = run(&["compare", "--allow-invalid", text(&one), text(&other)]);
        assert_eq!(ended.code, Some(DONE), "{}: {ended:?}", row.file);
        assert!(ended.stdout.contains("requests per second"), "{ended:?}");
        assert!(ended.stdout.contains("how busy it was"), "{ended:?}");
        assert!(!ended.stdout.contains("; 0 connections"), "{ended:?}");
        for percentile in ["p50 latency", "p99 latency"] {
            let is_known = row.latency_ns[usize::from(percentile.starts_with("p99"))].is_some();
            assert_eq!(ended.stdout.contains(percentile), is_known, "{ended:?}");
        }
    }
}

#[test]
fn rounds_of_two_servers_get_a_verdict_with_an_interval() {
    let directory = both_servers();
    let ended = in_directory(&directory, &["compare", "sync", "async"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    for words in [
        "async served 2.8 times as many requests per second as sync (95 % interval 1.7 to 3.7;",
        "6 rounds each, in an order not known; 8 connections",
        "nobody knows whether wrk was the limit: if it was, the difference may be larger",
        "whether the sides took turns is not known",
        "higher",
        "p99 latency",
    ] {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
    assert!(
        !ended.stdout.contains("differs:"),
        "placeholders: {ended:?}"
    );
    let json = in_directory(&directory, &["compare", "sync", "async", "--json"]);
    let comparison = json.document(&COMPARISON);
    assert_eq!(comparison["cases"][0]["a"]["measured_by"], json!(["wrk"]));
    assert_eq!(comparison["cases"][0]["order_unknown"], true);
}

#[test]
fn servers_in_one_directory_are_compared_with_each_other() {
    let directory = tempfile::tempdir().unwrap();
    for server in ["async", "sync"] {
        let rounds = rounds_of(server);
        let files = rounds.iter().map(text);
        let args = [
            "import",
            "--out",
            "results",
            "--name",
            server,
            "--scenario",
            "kept-8",
        ];
        let ended = in_directory(
            &directory,
            &args.into_iter().chain(files).collect::<Vec<_>>(),
        );
        assert_eq!(ended.code, Some(DONE), "{ended:?}");
    }
    let names = fs::read_dir(directory.path().join("results"))
        .unwrap()
        .count();
    assert_eq!(names, 12);
    assert!(
        directory
            .path()
            .join("results/kept-8.async.01.json")
            .exists()
    );
    let ended = in_directory(&directory, &["compare", "results"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    assert!(ended.stdout.contains("kept-8"), "{ended:?}");
    assert!(ended.stdout.contains("async served 2.8 times"), "{ended:?}");
}

#[test]
fn two_tools_are_said_to_be_a_difference_themselves() {
    let directory = tempfile::tempdir().unwrap();
    for (file, name) in [("wrk/clean.txt", "a.json"), ("oha/timed.json", "b.json")] {
        in_directory(&directory, &["import", text(&fixture(file)), "-o", name]);
    }
    let ended = in_directory(&directory, &["compare", "a.json", "b.json"]);
    for words in [
        "wrk measured a.json and oha measured b.json",
        "tool.name differs: \"wrk\" and \"oha\"",
    ] {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
}

#[test]
fn open_loops_are_judged_by_their_tail() {
    let directory = tempfile::tempdir().unwrap();
    let original = fs::read_to_string(fixture("vegeta/clean.json")).unwrap();
    for (server, factor) in [("slow", 10), ("fast", 1)] {
        let files: Vec<PathBuf> = (0..6)
            .map(|round: u64| {
                let p99_ns = (3_530_000 + round * 1000) * factor;
                let text = original.replace("\"99th\": 3530000", &format!("\"99th\": {p99_ns}"));
                let path = directory.path().join(format!("{server}-{round}.json"));
                fs::write(&path, text).unwrap();
                path
            })
            .collect();
        let files = files.iter().map(text);
        let args: Vec<&str> = ["import", "--out", server]
            .into_iter()
            .chain(files)
            .collect();
        assert_eq!(in_directory(&directory, &args).code, Some(DONE));
    }
    let ended = in_directory(&directory, &["compare", "slow", "fast"]);
    assert!(ended.stdout.contains("p99 latency"), "{ended:?}");
    assert!(ended.stdout.contains("lower"), "{ended:?}");
    assert!(ended.stdout.contains("coordinated omission"), "{ended:?}");
}

#[test]
fn what_fills_a_place_is_not_exported_as_a_fact() {
    let directory = tempfile::tempdir().unwrap();
    let file = fixture("oha/timed.json");
    in_directory(&directory, &["import", text(&file), "-o", "oha.json"]);
    let cell = |name: &str| {
        let ended = in_directory(&directory, &["export", "--to", "csv", "oha.json"]);
        assert_eq!(ended.code, Some(DONE), "{ended:?}");
        let lines = ended
            .stdout
            .lines()
            .map(|line| line.split(',').map(str::to_owned));
        let [names, cells]: [Vec<String>; 2] = lines
            .map(Iterator::collect)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let place = names.iter().position(|it| it == name).unwrap();
        cells[place].clone()
    };
    for (name, expected) in [
        ("connections", ""),
        ("started_at", ""),
        ("kernel", ""),
        ("tool", "oha"),
        ("latency_ns_p99", "77561"),
        ("latency_ns_max", "5664774"),
        ("corrected_ns_p99", ""),
    ] {
        assert_eq!(cell(name), expected, "{name}");
    }
    let ended = in_directory(&directory, &["export", "--to", "go-bench", "oha.json"]);
    assert!(ended.stdout.contains("/connections=unknown"), "{ended:?}");
    assert!(ended.stdout.contains("77561 p99-latency-ns"), "{ended:?}");
    assert!(!ended.stdout.contains("kernel: unknown"), "{ended:?}");

    let ended = in_directory(&directory, &["export", "--to", "openmetrics", "oha.json"]);
    let samples = ended.stdout.lines().filter(|line| !line.starts_with('#'));
    for sample in samples {
        // A name is asked for; no other label stands where nothing is known.
        let others = sample.replacen("server=\"unknown\"", "", 1);
        assert!(!others.contains("=\"unknown\""), "{sample}");
        // A time would stand behind the value.
        let (_, value) = sample.rsplit_once("} ").unwrap();
        assert!(value.parse::<f64>().is_ok(), "{sample}");
    }
    let p99 = "phase=\"total\",quantile=\"0.99\"} 0.000077561\n";
    assert!(ended.stdout.contains(p99), "{ended:?}");
    assert!(!ended.stdout.contains("latency_seconds_count"), "{ended:?}");
}

#[test]
fn a_tool_may_write_into_a_pipe() {
    let mut command = command(&["import", "-"]);
    command.arg("--from").arg("wrk");
    let mut shell = std::process::Command::new("sh");
    let script = format!(
        "cat {} | {} import - --from wrk",
        text(&fixture("wrk/clean.txt")),
        command.get_program().to_str().unwrap()
    );
    shell
        .args(["-c", &script])
        .stdout(std::process::Stdio::piped());
    let ended = start(shell).end();
    assert_eq!(ended.record()["tool"]["name"], "wrk");
}

#[test]
fn a_record_in_the_way_is_not_overwritten() {
    let directory = both_servers();
    let kept = directory.path().join("kept.json");
    fs::write(&kept, "mine").unwrap();
    let file = fixture("wrk/clean.txt");
    in_directory(&directory, &["import", text(&file), "-o", "kept.json"])
        .assert_one_line_error(USAGE, &["kept.json exists", "another name"]);
    assert_eq!(fs::read_to_string(kept).unwrap(), "mine");
    in_directory(&directory, &["import", text(&file), "--out", "sync"])
        .assert_one_line_error(USAGE, &["imported.sync.01.json exists"]);
}

#[test]
fn a_file_that_no_tool_wrote_is_named_with_what_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let record = run(&["import", text(&fixture("wrk/clean.txt"))]).stdout;
    let wrk = fs::read_to_string(fixture("wrk/clean.txt")).unwrap();
    let oha = fs::read_to_string(fixture("oha/clean.json")).unwrap();
    let without = oha.replace("\"total\"", "\"totally\"");
    let negative = oha.replace("\"200\": 1000", "\"200\": -1");
    let worded = wrk.replace("294370 requests", "many requests");
    for (contents, words) in [
        ("", ["not recognised", "oha, k6, vegeta"]),
        ("hello", ["not recognised", "--from"]),
        ("{}", ["not recognised", "--from"]),
        ("{\"summary\": ", ["not JSON", "line 1"]),
        (&record, ["a record already", "loadgen compare"]),
        (&without, ["summary.total is missing", "oha --no-tui"]),
        (&negative, ["statusCodeDistribution.200", "whole number"]),
        (&worded, ["line 11", "wrk --latency URL"]),
        (
            "unable to connect to x:1 Connection refused",
            ["line 1", "no run"],
        ),
    ] {
        fs::write(directory.path().join("run.out"), contents).unwrap();
        let words = [&["run.out"], &words[..]].concat();
        in_directory(&directory, &["import", "run.out"])
            .assert_one_line_error(COULD_NOT_RUN, &words);
    }
    in_directory(&directory, &["import", "missing.json"])
        .assert_one_line_error(COULD_NOT_RUN, &["missing.json", "check the path"]);
    in_directory(
        &directory,
        &["import", text(&fixture("wrk/clean.txt")), "--from", "ab"],
    )
    .assert_one_line_error(
        COULD_NOT_RUN,
        &["clean.txt", "not as ab writes it", "Complete requests:"],
    );
}

#[test]
fn one_run_is_no_two_rounds() {
    let directory = tempfile::tempdir().unwrap();
    let file = fixture("wrk/clean.txt");
    in_directory(
        &directory,
        &["import", text(&file), text(&file), "--out", "a"],
    )
    .assert_one_line_error(COULD_NOT_RUN, &["clean.txt", "the same contents"]);
    assert!(!directory.path().join("a").exists());
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    let (one, other) = (fixture("wrk/clean.txt"), fixture("wrk/failures.txt"));
    let (one, other) = (text(&one), text(&other));
    for (args, words) in [
        (vec![], ["<FILE>", "--help"]),
        (vec![one, other], ["2 files", "--out DIR"]),
        (vec![one, "-o", "a", "--out", "b"], ["-o", "--out"]),
        (vec![one, "--name", "x"], ["--out", "--help"]),
        (
            vec![one, "--out", "a", "--name", "a/b"],
            ["--name a/b", "file names"],
        ),
        (
            vec![one, "--out", "a", "--scenario", ""],
            ["--scenario", "file names"],
        ),
        (vec![one, "--from", "jmeter"], ["jmeter", "oha"]),
        (vec!["-", "-", "--out", "a"], ["stdin", "once"]),
    ] {
        let args = [vec!["import"], args].concat();
        run(&args).assert_one_line_error(USAGE, &words);
    }
}

/// A tool's file, kept for tests.
fn fixture(name: &str) -> PathBuf {
    let manifest = env!("CARGO_MANIFEST_DIR");
    PathBuf::from(manifest)
        .join("tests/fixtures/import")
        .join(name)
}

/// The record that becomes of it.
fn import(name: &str) -> Value {
    let ended = run(&["import", text(&fixture(name))]);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(DONE), ""),
        "{ended:?}"
    );
    ended.record()
}

fn rounds_of(server: &str) -> Vec<PathBuf> {
    let round = |round| fixture(&format!("wrk/rounds/{server}-{round}.txt"));
    (1..=6).map(round).collect()
}

/// A directory with `async` and `sync` in it, six rounds each.
fn both_servers() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for server in ["async", "sync"] {
        let rounds = rounds_of(server);
        let files = rounds.iter().map(text);
        let args: Vec<&str> = ["import", "--out", server]
            .into_iter()
            .chain(files)
            .collect();
        let ended = in_directory(&directory, &args);
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (Some(DONE), ""),
            "{ended:?}"
        );
    }
    directory
}

fn in_directory(directory: &TempDir, args: &[&str]) -> Ended {
    let mut command = command(args);
    command.current_dir(directory.path());
    start(command).end()
}

fn causes(record: &Value) -> Vec<(&str, u64)> {
    let failures = record["failures"].as_object().unwrap();
    let counts = failures
        .iter()
        .map(|(name, count)| (name.as_str(), count.as_u64().unwrap()));
    let mut counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    let order = |name: &str| Cause::from_label(name).map(Cause::index);
    counts.sort_by_key(|(name, _)| order(name));
    counts
}

fn percentile_ns(record: &Value, wanted: f64) -> Option<u64> {
    let percentiles = record["imported"]["percentiles"].as_array().unwrap();
    let found = percentiles.iter().find(|it| it["percentile"] == wanted)?;
    found["ns"].as_u64()
}
