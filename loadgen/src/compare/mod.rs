//! Compares two sides, each measured in several rounds, and says what can be
//! said: by how much they differ, how sure that is, and what is not known.
//!
//! One number per metric and round; round by round the logarithm of B over A;
//! the Hodges–Lehmann estimate of these with its exact interval; Wilcoxon's
//! test with Holm's correction over everything that is judged. Only a few
//! metrics are judged, because whoever judges everything finds something. The
//! rest is described.
//!
//! Comparing sees records alone, never a live run, so that a verdict can be had
//! again from the files.

mod benchmark;
mod case;
mod change;
mod circumstances;
mod comparison;
mod difference;
mod error;
mod gate;
mod input;
mod matrix;
mod metric;
mod noise;
mod pairing;
mod selection;
mod sentence;
mod table;
mod text;
mod verdict;

#[cfg(test)]
mod sample;

pub use benchmark::{Benchmark, GivenUp, LeftOut, Participant, Task};
pub use case::{Case, Load, Side};
pub use change::{Change, Ratio, RatioInterval};
pub(crate) use circumstances::differing;
pub use comparison::{Comparison, SCHEMA, schema};
pub use error::CompareError;
pub use gate::{Gated, Outcome, judge as judge_gates};
pub use input::read_records;
pub(crate) use input::{
    COMPARISON_FILE, Kept, PACKED_FILE, each_record, kept, kept_of, names, read_benchmark,
    record_files,
};
pub use matrix::{Best, Cell, Matrix, Row, Values};
pub(crate) use matrix::{Table as MatrixTable, left_out};
pub(crate) use metric::Loops;
pub use metric::{Direction, Metric};
pub use noise::{Floor, Machine, NoiseFloor};
pub use selection::Selection;
pub(crate) use selection::fits;
pub(crate) use table::{Row as TableRow, escaped, heading};
pub(crate) use text::{counted, plain_percent, signed_percent, value};
pub use verdict::Verdict;
pub(crate) use verdict::{SIGNIFICANCE, decide};

use std::path::Path;

use crate::record::Record;

/// Pairs of servers, counted in each scenario, whose sentences somebody reads.
const PAIRS_READABLE: usize = 8;

/// How to compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Differences up to this share do not matter, 0.05 being 5 %. Default 0.05.
    pub threshold: f64,
    /// Judge runs that their own record calls invalid. Default false.
    pub allow_invalid: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threshold: 0.05,
            allow_invalid: false,
        }
    }
}

/// Compares two files, each the record of one run, or two directories, each
/// with a record per round. A is what B is measured against.
pub fn run(a: &Path, b: &Path, options: &Options) -> Result<Comparison, CompareError> {
    let (name_a, name_b) = input::names(a, b);
    let given = |name, path| -> Result<Given, CompareError> {
        let (records, given_up) = input::read_side(path)?;
        Ok(Given {
            name,
            records,
            given_up,
        })
    };
    sides(given(name_a, a)?, given(name_b, b)?, options)
}

/// One of two results, as it was read.
pub(crate) struct Given {
    /// What it is called.
    pub name: String,
    /// Its runs.
    pub records: Vec<Record>,
    /// What it gave up.
    pub given_up: Vec<GivenUp>,
}

/// Compares two results that were read.
pub(crate) fn sides(
    mut a: Given,
    mut b: Given,
    options: &Options,
) -> Result<Comparison, CompareError> {
    let named = |it: &Given| -> Vec<String> {
        let lines = it.given_up.iter();
        lines.map(|line| format!("{}: {line}", it.name)).collect()
    };
    let lines = [named(&a), named(&b)].concat();
    let given_up = [a.given_up, b.given_up].concat();
    // Its rounds up to then would be the partners of a whole benchmark's.
    let is_whole = |record: &Record| !given_up.iter().any(|it| it.is_of(record));
    a.records.retain(is_whole);
    b.records.retain(is_whole);
    let (pairs, unmatched) = match pairing::sides((&a.name, &a.records), (&b.name, &b.records)) {
        // That is what there is to say.
        Err(CompareError::NothingInCommon { .. }) if !given_up.is_empty() => Default::default(),
        paired => paired?,
    };
    let unmatched = [unmatched, lines].concat();
    let mut comparison = Comparison::new(&pairs, unmatched, options);
    comparison.given_up = given_up;
    Ok(comparison)
}

/// Compares the servers of the benchmark in this directory with each other, again: all of them, or
/// those that are selected in the scenarios that are; with `baseline`, or else the benchmark's own.
pub fn again(
    directory: &Path,
    selection: &Selection,
    baseline: Option<&str>,
    options: &Options,
) -> Result<Comparison, CompareError> {
    let (mut records, mut kept) = input::read_kept(directory)?;
    if records.iter().all(|record| record.bench.is_none()) {
        let path = directory.to_owned();
        return Err(CompareError::NoRounds { path });
    }
    let mut benchmark = kept.benchmark.take().unwrap_or_default();
    let judged_against = benchmark.baseline().map(str::to_owned);
    selection.keep(&mut records, &mut benchmark);
    if records.is_empty() {
        let path = directory.to_owned();
        return Err(CompareError::NothingSelected { path });
    }
    if let Some(baseline) = baseline {
        check_server(baseline, &benchmark, directory)?;
        benchmark.baseline = Some(baseline.to_owned());
    }
    kept.hold_against(benchmark.baseline(), judged_against.as_deref());
    Ok(servers(&records, benchmark, options)?.with_kept(kept))
}

fn check_server(label: &str, benchmark: &Benchmark, directory: &Path) -> Result<(), CompareError> {
    let servers = benchmark.servers.iter();
    let known: Vec<String> = servers.map(|server| server.label.clone()).collect();
    match known.iter().any(|it| it == label) {
        true => Ok(()),
        false => Err(CompareError::NoServer {
            path: directory.to_owned(),
            label: label.to_owned(),
            known,
        }),
    }
}

/// Compares the servers of one benchmark with each other: in each scenario
/// every other server with the baseline; or, if these are more than can be
/// read, all of them in tables.
pub fn servers(
    records: &[Record],
    benchmark: Benchmark,
    options: &Options,
) -> Result<Comparison, CompareError> {
    let (pairs, unmatched) = pairs(records, &benchmark)?;
    if !are_readable(pairs.len()) {
        return Ok(Comparison::of_matrix(records, benchmark, options));
    }
    let comparison = Comparison::new(&pairs, unmatched, options);
    Ok(comparison.of_benchmark(benchmark))
}

/// Every other server with the baseline in each scenario, however many these are.
pub fn in_pairs(
    records: &[Record],
    benchmark: &Benchmark,
    options: &Options,
) -> Result<Vec<Case>, CompareError> {
    let (pairs, _) = pairs(records, benchmark)?;
    Ok(Comparison::new(&pairs, Vec::new(), options).cases)
}

/// Every other server with the baseline, and what has none, without those that were given up.
fn pairs<'a>(
    records: &'a [Record],
    benchmark: &Benchmark,
) -> Result<(Vec<pairing::Pair<'a>>, Vec<String>), CompareError> {
    let is_counted = |record: &&Record| !benchmark.given_up.iter().any(|it| it.is_of(record));
    let counted = records.iter().filter(is_counted);
    // Not the one that was measured first: that may be another where it was given up.
    match pairing::servers(counted, benchmark.baseline()) {
        // One server in tables is worth to be seen.
        Err(CompareError::OneServer) => Ok((Vec::new(), Vec::new())),
        paired => paired,
    }
}

/// How many questions [`servers`] asks at most, by how many servers there are in each scenario:
/// as many decide how strict the correction is.
pub fn questions(servers: &[usize]) -> usize {
    let pairs: usize = servers.iter().map(|count| count.saturating_sub(1)).sum();
    if are_readable(pairs) {
        let judged = Metric::ALL.iter().filter(|it| it.is_judged(Loops::Closed));
        return pairs * judged.count();
    }
    let compared = servers.iter().filter(|&&count| count > 1);
    compared.count() * matrix::METRICS.len()
}

fn are_readable(pairs: usize) -> bool {
    (1..=PAIRS_READABLE).contains(&pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn write(directory: &Path, records: &[Record]) {
        std::fs::create_dir(directory).unwrap();
        for record in records {
            let file = directory.join(format!("{}.json", record.id));
            std::fs::write(file, record.to_json()).unwrap();
        }
    }

    #[test]
    fn two_directories_are_compared_under_their_names() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (directory.path().join("old"), directory.path().join("new"));
        let (a, b) = sample::sync_and_async(13_100.0, 24.0);
        write(&old, &a);
        write(&new, &b);
        let comparison = run(&old, &new, &Options::default()).unwrap();
        let sentence = &comparison.cases[0].sentences[0];
        assert!(
            sentence.starts_with("new served 31 % more requests per second than old"),
            "{sentence}"
        );
    }

    #[test]
    fn a_server_that_one_result_gave_up_is_named_and_makes_the_comparison_invalid() {
        let (a, b) = sample::sync_and_async(13_100.0, 24.0);
        for (rounds_kept, others) in [(0, &a[..]), (7, &a[..]), (7, &[])] {
            let directory = tempfile::tempdir().unwrap();
            let (old, new) = (directory.path().join("old"), directory.path().join("new"));
            write(&old, &[others, &b].concat());
            write(&new, &[others, &b[..rounds_kept]].concat());
            let given_up = GivenUp {
                scenario: "close".to_owned(),
                server: "async".to_owned(),
                round: 8,
                why: "async ended by itself (signal: 11)".to_owned(),
                by_server: true,
            };
            let benchmark = Benchmark {
                given_up: vec![given_up],
                ..Benchmark::default()
            };
            let kept = serde_json::json!({ "benchmark": benchmark });
            std::fs::write(new.join(COMPARISON_FILE), kept.to_string()).unwrap();
            let comparison = run(&old, &new, &Options::default()).unwrap();
            assert_eq!(comparison.exit(false), Exit::Invalid);
            assert_eq!(comparison.cases.len(), others.len().min(1));
            let text = comparison.to_text();
            let line = "new: async in scenario close was given up in round 8: async ended by \
                        itself (signal: 11)";
            assert!(text.contains(line), "{text}");
        }
    }

    /// A benchmark's directory that keeps a gate and a floor of each of two scenarios.
    fn kept_benchmark(directory: &Path) {
        let (a, b) = sample::sync_and_async(13_100.0, 24.0);
        let mut records = [a, b].concat();
        let mut others = records.clone();
        for record in &mut others {
            record.id.push_str("-other");
            record.bench.as_mut().unwrap().scenario = "other".to_owned();
        }
        records.extend(others);
        let gates = ["close", "other"].map(|scenario| {
            let limits = [crate::plan::Gate::MinRate(1.0)];
            let gated = Gated {
                scenario,
                servers: &["async"],
                limits: &limits,
                not_worse: false,
                benchmark: &Benchmark::default(),
            };
            judge_gates(&gated, &records, &[]).remove(0)
        });
        let floors = ["close", "other"].map(|scenario| Floor {
            scenario: scenario.to_owned(),
            load: String::new(),
            metric: Metric::RatePerSecond,
            share: 0.01,
        });
        let floor = NoiseFloor {
            plan: String::new(),
            server: "sync".to_owned(),
            started_at: records[0].started_at.clone(),
            rounds: 10,
            run_s: None,
            machine: Machine::of(&records[0]),
            floors: floors.to_vec(),
            directory: None,
            age_s: None,
        };
        write(directory, &records);
        let comparison = Comparison {
            gates: gates.to_vec(),
            ..servers(&records, Benchmark::seen_in(&records), &Options::default()).unwrap()
        };
        let file = directory.join(COMPARISON_FILE);
        std::fs::write(file, comparison.with_noise_floor(floor).to_json()).unwrap();
    }

    #[test]
    fn what_a_benchmark_keeps_is_shown_again_for_the_scenarios_that_are_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("results");
        kept_benchmark(&directory);
        let selection = Selection {
            scenarios: vec!["close".to_owned()],
            ..Selection::default()
        };
        let comparison = again(&directory, &selection, None, &Options::default()).unwrap();
        let text = comparison.to_text();
        assert!(
            text.contains("\ngate kept: async in close, kept in 10 of 10 rounds: --min-rate 1")
        );
        assert!(text.contains("\nnoise floor in close: "));
        assert!(!text.contains("in other"), "{text}");
        let markdown = comparison.to_markdown();
        assert!(markdown.contains("\n## Gates\n\n- gate kept: async in close"));
    }

    #[test]
    fn a_verdict_against_one_baseline_is_none_against_another() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("results");
        kept_benchmark(&directory);
        let file = directory.join(COMPARISON_FILE);
        let mut kept: Comparison = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        kept.gates[0].limit = None;
        std::fs::write(&file, kept.to_json()).unwrap();
        let gates = |baseline: &str| {
            let all = Selection::default();
            let comparison = again(&directory, &all, Some(baseline), &Options::default());
            comparison.unwrap().gates.len()
        };
        assert_eq!((gates("sync"), gates("async")), (2, 1));
    }

    #[test]
    fn two_files_are_compared_without_a_verdict() {
        let directory = tempfile::tempdir().unwrap();
        let runs = directory.path().join("runs");
        let (a, b) = sample::sync_and_async(13_100.0, 24.0);
        write(&runs, &[a[0].clone(), b[0].clone()]);
        let (a, b) = (runs.join("sync-1.json"), runs.join("async-1.json"));
        let comparison = run(&a, &b, &Options::default()).unwrap();
        let changes = &comparison.cases[0].changes;
        assert!(changes.iter().all(|change| change.verdict.is_none()));
        assert!(comparison.cases[0].sentences[0].ends_with("run-to-run noise unknown, no verdict"));
    }

    #[test]
    fn a_file_and_a_directory_of_several_are_unequal() {
        let directory = tempfile::tempdir().unwrap();
        let runs = directory.path().join("runs");
        let (a, _) = sample::sync_and_async(13_100.0, 24.0);
        write(&runs, &a);
        let error = run(&runs.join("sync-1.json"), &runs, &Options::default()).unwrap_err();
        assert!(
            matches!(error, CompareError::UnequalRounds { .. }),
            "{error}"
        );
    }
}
