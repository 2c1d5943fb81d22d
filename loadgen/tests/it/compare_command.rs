//! `loadgen compare A B` as scripts call it: what it says, how it exits, and
//! what it says of files that are no results.

use std::f64::consts::TAU;

use serde_json::json;

use crate::loadgen::{Ended, command, run, start};
use crate::rounds::{Results, around, record};
use crate::schema::COMPARISON;

const DONE: i32 = 0;
const COULD_NOT_RUN: i32 = 1;
const USAGE: i32 = 2;
const WORSE: i32 = 3;
const INCONCLUSIVE: i32 = 4;
const INVALID: i32 = 5;

#[test]
fn a_better_result_is_said_in_a_sentence() {
    let results = Results::of(&around(10_000.0, 30.0), &around(13_100.0, 24.0));
    let ended = compare(&results, &[]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    assert_eq!(ended.stderr, "");
    for words in [
        "new served 31 % more requests per second than old",
        "10 interleaved rounds",
        "new needed 20 % less CPU per request than old",
    ] {
        assert!(ended.stdout.contains(words), "no {words:?} in {ended:?}");
    }
}

#[test]
fn a_worse_rate_or_cost_exits_with_3() {
    for (rate, cost_us) in [(7_500.0, 30.0), (10_000.0, 40.0)] {
        let results = Results::of(&around(10_000.0, 30.0), &around(rate, cost_us));
        let ended = compare(&results, &[]);
        assert_eq!(ended.code, Some(WORSE), "{ended:?}");
        assert!(ended.stdout.contains(" verdict\n"), "{ended:?}");
    }
}

#[test]
fn a_difference_within_the_threshold_is_no_failure() {
    let results = Results::of(&around(10_000.0, 30.0), &around(7_500.0, 30.0));
    for threshold in ["50", "50%"] {
        let ended = compare(&results, &["--threshold", threshold]);
        assert_eq!(ended.code, Some(DONE), "{ended:?}");
        assert!(ended.stdout.contains("small difference"), "{ended:?}");
    }
}

#[test]
fn a_threshold_that_is_none_is_a_usage_error() {
    let results = Results::of(&around(10_000.0, 30.0), &around(10_000.0, 30.0));
    for threshold in ["0", "many", "100", "-5", "NaN"] {
        let threshold = format!("--threshold={threshold}");
        compare(&results, &[&threshold]).assert_one_line_error(USAGE, &["--threshold", "above 0"]);
    }
}

#[test]
fn an_open_question_exits_with_4_if_strict() {
    let noisy = (0..6).map(|round| (10_000.0 + 3_000.0 * f64::from(round % 3), 30.0));
    let mut noisy: Vec<_> = noisy.collect();
    let old = noisy.clone();
    noisy.rotate_left(1);
    let results = Results::of(&old, &noisy);
    let ended = compare(&results, &["--strict"]);
    assert_eq!(ended.code, Some(INCONCLUSIVE), "{ended:?}");
    assert!(ended.stdout.contains("inconclusive"), "{ended:?}");
    assert_eq!(compare(&results, &[]).code, Some(DONE));
}

#[test]
fn two_files_have_ratios_and_no_verdict() {
    let results = Results::new();
    results.write("old.json", record(1, 1, (10_000.0, 30.0)).to_string());
    results.write("new.json", record(1, 2, (5_000.0, 60.0)).to_string());
    let ended = compare_files(&results, &["old.json", "new.json"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    assert!(ended.stdout.contains("no verdict"), "{ended:?}");
    assert!(ended.stdout.contains("−50 %"), "{ended:?}");
    let ended = compare_files(&results, &["old.json", "new.json", "--strict"]);
    assert_eq!(ended.code, Some(INCONCLUSIVE), "{ended:?}");
}

#[test]
fn a_run_that_cannot_be_believed_exits_with_5_unless_allowed() {
    let results = Results::of(&around(10_000.0, 30.0), &around(10_000.0, 30.0));
    let mut doubtful = record(3, 2, (10_000.0, 30.0));
    doubtful["validity"] = json!({ "valid": false, "reasons": [{
        "code": "debug_build", "severity": "invalid",
        "message": "the load generator is a debug build", "advice": "build with --release",
    }]});
    results.write_record("new", &doubtful);
    let ended = compare(&results, &[]);
    assert_eq!(ended.code, Some(INVALID), "{ended:?}");
    assert!(ended.stdout.contains("build with --release"), "{ended:?}");
    assert_eq!(compare(&results, &["--allow-invalid"]).code, Some(DONE));
}

#[test]
fn json_is_what_its_schema_says() {
    let results = Results::of(&around(10_000.0, 30.0), &around(13_100.0, 40.0));
    let ended = compare(&results, &["--json"]);
    assert_eq!(ended.code, Some(WORSE), "{ended:?}");
    let verdicts = verdicts(&ended);
    assert_eq!(verdicts, ["higher", "higher"], "of rate and cost");
}

#[test]
fn a_full_disk_under_stdout_is_an_error() {
    let results = Results::of(&around(10_000.0, 30.0), &around(10_000.0, 30.0));
    let paths = ["old", "new"].map(|name| results.path(name));
    let paths = paths.each_ref().map(|path| path.to_str().unwrap());
    let mut command = command(&["compare", paths[0], paths[1]]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    command.stdout(full.unwrap());
    start(command)
        .end()
        .assert_one_line_error(COULD_NOT_RUN, &["stdout", "No space left"]);
}

/// Twenty runs that differ by noise alone, each split into every second round:
/// heavy noise on each round, on top of a machine that drifts for both.
#[test]
fn a_run_against_itself_is_neither_higher_nor_lower() {
    for seed in 0..20 {
        let mut noise = Noise(seed);
        let mut rounds = (0..20).map(|round| {
            let drift = 1.0 - 0.005 * f64::from(round);
            (
                10_000.0 * drift * (0.05 * noise.normal()).exp(),
                30.0 / drift * (0.03 * noise.normal()).exp(),
            )
        });
        let (mut old, mut new) = (Vec::new(), Vec::new());
        while let (Some(one), Some(other)) = (rounds.next(), rounds.next()) {
            old.push(one);
            new.push(other);
        }
        let ended = compare(&Results::of(&old, &new), &["--json"]);
        assert_eq!(ended.code, Some(DONE), "{ended:?}");
        let verdicts = verdicts(&ended);
        assert_eq!(verdicts.len(), 2, "rate and cost are judged");
        for verdict in verdicts {
            assert!(!["higher", "lower"].contains(&&*verdict), "seed {seed}");
        }
    }
}

#[test]
fn a_file_that_is_no_record_is_named() {
    let results = Results::new();
    let good = record(1, 1, (10_000.0, 30.0));
    results.write("good.json", good.to_string());
    let mut newer = good.clone();
    newer["schema"] = "loadgen/run/v2".into();
    let mut lacking = good.clone();
    lacking.as_object_mut().unwrap().remove("elapsed_s");
    let [newer, lacking] = [newer, lacking].map(|record| record.to_string().into_bytes());
    let text = good.to_string().into_bytes();
    let cut = &text[..text.len() / 2];
    let wrong: [(&str, &[u8], &[&str]); 7] = [
        ("empty.json", b"", &["cut short", "again"]),
        ("text.json", b"hello", &["not JSON", "loadgen -o"]),
        ("binary.json", b"\xff\xfe\x00", &["UTF-8"]),
        ("other.json", b"{}", &["not a record", "loadgen -o"]),
        ("newer.json", &newer, &["loadgen/run/v2", "update"]),
        ("lacking.json", &lacking, &["elapsed_s"]),
        ("cut.json", cut, &["cut short", "again"]),
    ];
    for (name, contents, words) in wrong {
        results.write(name, contents);
        for files in [["good.json", name], [name, "good.json"]] {
            let words = [&[name], words].concat();
            compare_files(&results, &files).assert_one_line_error(COULD_NOT_RUN, &words);
        }
    }
}

#[test]
fn a_path_that_is_not_there_is_named_with_the_next_step() {
    let results = Results::new();
    results.write("good.json", record(1, 1, (10_000.0, 30.0)).to_string());
    compare_files(&results, &["good.json", "missing.json"])
        .assert_one_line_error(COULD_NOT_RUN, &["missing.json", "No such file", "check"]);
}

#[test]
fn an_empty_directory_is_named() {
    let results = Results::of(&around(10_000.0, 30.0), &[]);
    results.write("new/notes.txt", "nothing here");
    compare(&results, &[]).assert_one_line_error(COULD_NOT_RUN, &["new", "no record", "bench"]);
}

#[test]
fn a_record_that_is_cut_short_in_a_directory_is_named() {
    let results = Results::of(&around(10_000.0, 30.0), &around(10_000.0, 30.0));
    results.write("new/zero.json", "");
    compare(&results, &[]).assert_one_line_error(COULD_NOT_RUN, &["new/zero.json", "cut short"]);
}

#[test]
fn unequal_rounds_are_named_with_their_numbers() {
    let ten = around(10_000.0, 30.0);
    compare(&Results::of(&ten, &ten[1..]), &[])
        .assert_one_line_error(COULD_NOT_RUN, &["old has 10", "new has 9", "equally often"]);
}

#[test]
fn results_without_anything_in_common_are_named() {
    let results = Results::new();
    for (result, scenarios) in [("old", ["a", "b"]), ("new", ["c", "d"])] {
        for (position, scenario) in scenarios.iter().enumerate() {
            let mut record = record(1, position, (10_000.0, 30.0));
            record["bench"] =
                json!({ "scenario": scenario, "server": "s", "round": 1, "position": 1 });
            results.write_record(result, &record);
        }
    }
    compare(&results, &[])
        .assert_one_line_error(COULD_NOT_RUN, &["nothing to compare", "same benchmark"]);
}

#[test]
fn nothing_to_compare_is_a_usage_error() {
    run(&["compare"]).assert_one_line_error(USAGE, &["<A>", "--help"]);
}

/// Compares `old` with `new`.
fn compare(results: &Results, args: &[&str]) -> Ended {
    compare_files(results, &[&["old", "new"], args].concat())
}

/// Compares by names within the results' directory.
fn compare_files(results: &Results, args: &[&str]) -> Ended {
    let mut command = command(&[&["compare"], args].concat());
    command.current_dir(results.directory());
    start(command).end()
}

/// The verdicts of a comparison in JSON.
fn verdicts(ended: &Ended) -> Vec<String> {
    let comparison = ended.document(&COMPARISON);
    let changes = comparison["cases"][0]["changes"].as_array().unwrap();
    let verdicts = changes
        .iter()
        .filter_map(|change| change["verdict"].as_str());
    verdicts.map(str::to_owned).collect()
}

/// Numbers random enough for noise, and the same each time.
struct Noise(u32);

impl Noise {
    fn uniform(&mut self) -> f64 {
        // A linear congruential generator (Numerical Recipes, chapter 7.1).
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(self.0) + 0.5) / 2_f64.powi(32)
    }

    /// Standard normal (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }
}
