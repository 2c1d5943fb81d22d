//! Histories made up: what is marked as a change, and what is not.

use std::fs;
use std::path::Path;

use super::*;
use crate::compare::{Benchmark, GivenUp};
use crate::record::sample::sample;
use crate::record::{Bench, Finding, Record, Severity, Validity, assert_kept, pack};
use crate::statistics::random::Random;

/// A benchmark of one day: sync, and async at so many times its rate.
struct Day<'a> {
    day: u32,
    /// How fast the machine is.
    machine: f64,
    ratio: f64,
    noise: f64,
    random: &'a mut Random,
}

impl Day<'_> {
    fn run(self) -> Run {
        let mut records = Vec::new();
        for round in 1..=10 {
            let drift = self.machine * (self.noise * self.random.normal()).exp();
            for (position, server, rate) in [(1, "sync", 1.0), (2, "async", self.ratio)] {
                let noise = (self.noise * self.random.normal()).exp();
                records.push(record(
                    self.day,
                    (round, position),
                    server,
                    rate * drift * noise,
                ));
            }
        }
        run_of(records)
    }
}

fn record(day: u32, (round, position): (u64, u64), server: &str, rate: f64) -> Record {
    let mut record = sample();
    record.id = format!("{day}-{round}-{server}");
    record.started_at = format!("2026-03-{day:02}T12:{round:02}:{position:02}.000Z");
    record.tool.git = Some(format!("{day:07}"));
    record.bench = Some(Bench {
        plan: Some("made-up".to_owned()),
        scenario: "close".to_owned(),
        server: server.to_owned(),
        round,
        position,
    });
    record.rate_per_second = 10_000.0 * rate;
    record
}

fn run_of(records: Vec<Record>) -> Run {
    let mut benchmark = Benchmark::default();
    for label in ["sync", "async"] {
        benchmark.servers.push(crate::compare::Participant {
            label: label.to_owned(),
            started_as: String::new(),
        });
    }
    Run {
        directory: format!("{}-bench", &records[0].started_at[..10]),
        started_at: records[0].started_at.clone(),
        records,
        benchmark,
    }
}

/// A benchmark a day, of these speeds of the machine and ratios.
fn days(seed: u64, noise: f64, values: &[(f64, f64)]) -> Vec<Run> {
    let mut random = Random::new(seed);
    let days = (1..).zip(values);
    let run = |(day, &(machine, ratio))| {
        let random = &mut random;
        Day {
            day,
            machine,
            ratio,
            noise,
            random,
        }
        .run()
    };
    days.map(run).collect()
}

fn options(absolute: bool) -> Options {
    Options {
        metric: Metric::RatePerSecond,
        selection: Selection::default(),
        absolute,
        threshold: 0.05,
    }
}

/// Whether the step to each run but the first is marked, by series.
fn marks(history: &History) -> Vec<Vec<bool>> {
    let steps = |series: &Series| {
        let steps = series.points[1..].iter();
        let steps = steps.map(|point| point.step.as_ref().unwrap().is_change);
        steps.collect()
    };
    history.series.iter().map(steps).collect()
}

#[test]
fn a_step_is_marked_where_it_is() {
    let runs = days(1, 0.02, &[(1.0, 1.3), (1.0, 1.3), (1.0, 1.1), (1.0, 1.1)]);
    let history = History::of(&runs, &options(false)).unwrap();
    assert_eq!(marks(&history), [[false, true, false]]);
    assert_eq!(history.questions, 3);
    let step = history.series[0].points[2].step.as_ref().unwrap();
    assert!((step.ratio.unwrap().estimate - 1.1 / 1.3).abs() < 0.03);
    assert_eq!(step.verdict, Some(Verdict::Lower));
}

#[test]
fn a_slower_machine_is_no_change_unless_plain_values_are_wanted() {
    let runs = days(2, 0.02, &[(1.0, 1.3), (0.7, 1.3), (0.7, 1.3)]);
    let ratios = History::of(&runs, &options(false)).unwrap();
    assert_eq!(marks(&ratios), [[false, false]]);
    let plain = History::of(&runs, &options(true)).unwrap();
    assert_eq!(marks(&plain), [[true, false], [true, false]]);
    let servers: Vec<_> = plain.series.iter().map(|it| it.server.as_str()).collect();
    assert_eq!(servers, ["sync", "async"]);
}

#[test]
fn a_change_within_the_threshold_is_none() {
    let runs = days(3, 0.005, &[(1.0, 1.30), (1.0, 1.35)]);
    let history = History::of(&runs, &options(false)).unwrap();
    let step = history.series[0].points[1].step.as_ref().unwrap();
    assert_eq!(step.verdict, Some(Verdict::SmallDifference));
    assert!(!step.is_change);
}

/// Holm's correction promises a mark in no more than 5 % of histories in which nothing changed.
#[test]
fn chance_alone_is_seldom_marked() {
    const HISTORIES: u64 = 150;
    for noise in [0.03, 0.10] {
        let marked = (0..HISTORIES).filter(|seed| {
            let runs = days(*seed, noise, &[(1.0, 1.3); 4]);
            let history = History::of(&runs, &options(false)).unwrap();
            marks(&history).concat().contains(&true)
        });
        let share = marked.count() as f64 / HISTORIES as f64;
        assert!(share <= 0.06, "noise {noise}: {share}");
    }
}

#[test]
fn runs_under_other_circumstances_are_not_compared() {
    let mut runs = days(4, 0.02, &[(1.0, 1.3), (1.0, 1.0), (1.0, 0.7)]);
    for record in &mut runs[1].records {
        record.environment.kernel = "7.0.0".to_owned();
    }
    for record in &mut runs[2].records {
        record.environment.kernel = "7.0.0".to_owned();
        record.plan.connections = 64;
    }
    let history = History::of(&runs, &options(false)).unwrap();
    let points = history.series[0].points[1..].iter();
    let differing: Vec<_> = points
        .map(|point| point.step.as_ref().unwrap().differing.join(" "))
        .collect();
    assert_eq!(differing, ["environment.kernel", "plan.connections"]);
    assert_eq!(
        (marks(&history), history.questions),
        (vec![vec![false; 2]], 0)
    );
    let text = history.to_text();
    assert!(
        text.contains("not compared: environment.kernel changed"),
        "{text}"
    );
    assert!(text.ends_with("No two runs could be compared.\n"), "{text}");
}

#[test]
fn a_run_under_other_circumstances_is_stepped_over() {
    let mut runs = days(11, 0.02, &[(1.0, 1.3), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]);
    for record in &mut runs[1].records {
        record.environment.kernel = "7.0.0".to_owned();
    }
    let history = History::of(&runs, &options(false)).unwrap();
    assert_eq!(marks(&history), [[false, true, false]]);
    let points = &history.series[0].points;
    let since = points.iter().map(|it| it.step.as_ref()?.since.as_deref());
    let since: Vec<_> = since.collect();
    assert_eq!(since, [None, None, Some(&*points[0].started_at), None]);
}

#[test]
fn ratios_are_to_the_baseline_that_the_benchmark_chose() {
    let mut runs = days(12, 0.02, &[(1.0, 1.3), (1.0, 1.3)]);
    for run in &mut runs {
        run.benchmark.baseline = Some("async".to_owned());
    }
    let history = History::of(&runs, &options(false)).unwrap();
    let [series] = &history.series[..] else {
        panic!("{:?}", history.series);
    };
    assert_eq!(
        (&*series.server, series.baseline.as_deref()),
        ("sync", Some("async"))
    );
    assert!((series.points[0].median - 1.0 / 1.3).abs() < 0.03);
}

#[test]
fn what_fills_a_place_is_no_other_circumstance() {
    let mut runs = days(13, 0.02, &[(1.0, 1.3), (1.0, 1.3)]);
    for record in &mut runs[1].records {
        record.environment.kernel = "unknown".to_owned();
        record.plan.threads = 0;
        let mut imported = crate::record::sample::imported();
        imported.unknown = ["environment", "plan.threads"].map(str::to_owned).to_vec();
        record.imported = Some(imported);
    }
    let history = History::of(&runs, &options(false)).unwrap();
    assert_eq!(history.questions, 1);
    for record in &mut runs[1].records {
        record.plan.connections += 1;
    }
    assert_eq!(History::of(&runs, &options(false)).unwrap().questions, 0);
}

fn judge_run(record: &mut Record, severity: Severity) {
    record.validity = Validity {
        valid: severity != Severity::Invalid,
        reasons: vec![Finding {
            code: "made_up".to_owned(),
            severity,
            message: "made up".to_owned(),
            advice: "none".to_owned(),
        }],
    };
}

#[test]
fn what_cannot_be_believed_or_is_the_load_generators_is_not_compared() {
    for (severity, rounds, words) in [
        (Severity::Invalid, 1, "1 of its runs cannot be believed"),
        (Severity::LimitsRate, 12, "the load generator was the limit"),
    ] {
        let mut runs = days(5, 0.02, &[(1.0, 1.3), (1.0, 1.0), (1.0, 1.0)]);
        // The baseline's rounds come first in each pair.
        let baselines = runs[1].records.iter_mut().step_by(2);
        baselines
            .take(rounds)
            .for_each(|record| judge_run(record, severity));
        let history = History::of(&runs, &options(false)).unwrap();
        let text = history.to_text();
        assert!(text.contains(words), "{text}");
        // The run after it is compared with the one before it: the change is not lost.
        assert_eq!(history.questions, 1, "{severity:?}");
        let points = &history.series[0].points;
        let step = points[2].step.as_ref().unwrap();
        assert!(step.is_change && points[1].step.as_ref().unwrap().ratio.is_none());
        assert_eq!(step.since.as_ref(), Some(&points[0].started_at));
        assert!(text.contains("since 2026-03-01 12:01 ("), "{text}");
    }
}

#[test]
fn rounds_that_one_server_lacks_are_left_out_and_what_was_given_up_is_not_there() {
    let mut runs = days(6, 0.02, &[(1.0, 1.3), (1.0, 1.3), (1.0, 1.3)]);
    runs[0].records.remove(0);
    runs[1].benchmark.given_up.push(GivenUp {
        scenario: "close".to_owned(),
        server: "async".to_owned(),
        round: 10,
        why: "async ended by itself".to_owned(),
        by_server: true,
    });
    let history = History::of(&runs, &options(false)).unwrap();
    let points = &history.series[0].points;
    let found: Vec<_> = points
        .iter()
        .map(|point| (point.directory.as_str(), point.values.len()))
        .collect();
    assert_eq!(found, [("2026-03-01-bench", 9), ("2026-03-03-bench", 10)]);
}

#[test]
fn nothing_that_fits_is_an_error_with_the_next_step() {
    let runs = days(7, 0.02, &[(1.0, 1.3)]);
    let mut nobody = options(false);
    nobody.selection.servers = vec!["nobody".to_owned()];
    let line = History::of(&runs, &nobody).unwrap_err().to_string();
    assert!(
        line.contains("--server") && line.contains("--absolute"),
        "{line}"
    );
}

#[test]
fn a_history_is_drawn() {
    let runs = days(8, 0.02, &[(1.0, 1.3), (1.0, 1.32), (0.7, 1.1), (0.7, 1.4)]);
    let history = History::of(&runs, &options(false)).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/history/golden/history.txt"
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, history.to_text()).unwrap();
    }
    assert_eq!(history.to_text(), fs::read_to_string(path).unwrap());
}

#[test]
fn the_schema_that_is_kept_is_the_schema_of_the_types() {
    assert_kept("history", &schema());
}

#[test]
fn a_history_validates_and_is_read_again() {
    let runs = days(9, 0.02, &[(1.0, 1.3), (1.0, 1.3)]);
    let history = History::of(&runs, &options(false)).unwrap();
    let document: Value = serde_json::from_str(&history.to_json()).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let read: History = serde_json::from_value(document).unwrap();
    assert_eq!(read.series.len(), 1);
}

/// Writes the run as `loadgen bench` does.
fn write(directory: &Path, run: &Run, is_packed: bool) {
    fs::create_dir(directory).unwrap();
    if is_packed {
        return fs::write(directory.join("records.jsonl.gz"), pack(&run.records)).unwrap();
    }
    for record in &run.records {
        fs::write(
            directory.join(format!("{}.json", record.id)),
            record.to_json(),
        )
        .unwrap();
    }
}

#[test]
fn benchmarks_are_read_packed_or_not_and_what_is_none_is_passed_over() {
    let results = tempfile::tempdir().unwrap();
    let at = |name: &str| results.path().join(name);
    let runs = days(10, 0.02, &[(1.0, 1.3), (1.0, 1.3)]);
    // Out of order: names may be any.
    write(&at("z"), &runs[0], false);
    write(&at("a"), &runs[1], true);
    fs::write(at("README.md"), "# Results").unwrap();
    for (name, text) in [
        ("push", r#"{"schema": "loadgen/push/v1"}"#),
        ("schema", r#"{"type": "object"}"#),
        ("alone", sample().to_json().as_str()),
    ] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("flood.json"), text).unwrap();
    }
    fs::create_dir_all(at("websocket").join("relay-1")).unwrap();
    let mut timeless = days(14, 0.02, &[(1.0, 1.3)]).remove(0);
    for record in &mut timeless.records {
        let mut imported = crate::record::sample::imported();
        imported.unknown = vec!["started_at".to_owned()];
        record.imported = Some(imported);
    }
    write(&at("imported"), &timeless, false);
    let read = Runs::read(results.path()).unwrap();
    let names: Vec<_> = read.runs.iter().map(|run| run.directory.as_str()).collect();
    assert_eq!(names, ["z", "a"]);
    let words = [
        "alone: its records are not of `loadgen bench`",
        "imported: when its runs began is not told",
        "push: flood.json in it is no record of a run",
        "schema: flood.json in it is no record of a run",
        "websocket: no record of a run in it",
    ];
    assert_eq!(read.skipped.len(), words.len());
    for (line, words) in read.skipped.iter().zip(words) {
        assert!(line.ends_with(words), "{line}");
    }

    let line = |path: &Path| Runs::read(path).unwrap_err().to_string();
    assert!(line(&at("z")).contains("one benchmark"));
    assert!(line(&at("websocket")).contains("no directory of a benchmark"));
    assert!(line(&at("nowhere")).contains("No such file"));
    fs::write(at("a").join("cut.json"), "{").unwrap();
    assert!(line(results.path()).contains("cut.json: cut short"));
}
