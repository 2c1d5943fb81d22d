//! By how much a server differs from itself: what of a difference the machine alone can make.
//!
//! The floor of a metric is the end of the 95 % interval of the ratio of a server to itself that
//! lies further from 1. Not the interval's half width: if the first of two equal servers comes off
//! better, that is the machine's doing too.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{COMPARISON_FILE, kept};
use super::text::percent;
use super::{Benchmark, Case, Matrix, Metric, Ratio, Row, counted};
use crate::record::{Record, epoch_ms};

/// Results among which the newest of a server against itself is looked for.
const RESULTS_MAX: usize = 200;

/// Longest comparison that is read for it.
const BYTES_MAX: u64 = 16 << 20;

/// What equal servers differed by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoiseFloor {
    /// Name of the plan that was measured.
    pub plan: String,
    /// Label of the server that was measured against itself.
    pub server: String,
    /// When its first run started, in UTC (RFC 3339).
    pub started_at: String,
    /// Rounds.
    pub rounds: usize,
    /// How long a run of the plan was measured, in seconds: a floor is true of runs as long, since
    /// short ones differ by more. Absent if an earlier version measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_s: Option<f64>,
    /// What it is true of.
    pub machine: Machine,
    /// One for each scenario and metric that is judged, as far as anything can be said.
    pub floors: Vec<Floor>,
    /// The directory of the result that it was taken from; absent if it is of this result itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// How many seconds older than this result that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_s: Option<u64>,
}

/// What equal servers differed by in one respect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    /// Name of the scenario.
    pub scenario: String,
    /// Its load in words: a floor is true of the same load only.
    pub load: String,
    /// What was compared.
    pub metric: Metric,
    /// The share by which one was, with 95 % confidence, at most higher than the other: 0.014 is
    /// 1.4 %.
    pub share: f64,
}

/// What makes noise: a floor is true of the same machine, divided in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Model of the processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// CPUs that are switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_count: Option<u64>,
    /// Kernel release.
    pub kernel: String,
    /// CPUs that the load generator was kept on.
    pub load_cores: Vec<usize>,
    /// CPUs that the server was kept on.
    pub server_cores: Vec<usize>,
}

impl Machine {
    /// That on which the record was made.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let environment = &record.environment;
        Self {
            cpu_model: environment.cpu_model.clone(),
            cpu_count: environment.cpu_count,
            kernel: environment.kernel.clone(),
            load_cores: environment.load_cores.clone(),
            server_cores: environment.server_cores.clone(),
        }
    }
}

impl NoiseFloor {
    /// What these comparisons of a server with itself say, in runs of `run_s` seconds: nothing with
    /// too few rounds, or of runs that cannot be believed. `None` if there are no records.
    #[must_use]
    pub fn measured(
        benchmark: &Benchmark,
        records: &[Record],
        cases: &[Case],
        run_s: f64,
    ) -> Option<Self> {
        let first = records
            .iter()
            .min_by(|a, b| a.started_at.cmp(&b.started_at))?;
        let believed = cases.iter().filter(|case| case.is_valid());
        Some(Self {
            plan: benchmark.plan.clone(),
            server: benchmark.baseline().unwrap_or_default().to_owned(),
            started_at: first.started_at.clone(),
            rounds: cases.iter().map(|case| case.rounds).min().unwrap_or(0),
            run_s: Some(run_s),
            machine: Machine::of(first),
            floors: believed.flat_map(|case| floors(case, benchmark)).collect(),
            directory: None,
            age_s: None,
        })
    }

    /// The newest one in the results beside `out` that is true of a load of `benchmark`, in runs of
    /// `run_s` seconds on the machine of the run `first`, with which it began.
    #[must_use]
    pub fn beside(out: &Path, benchmark: &Benchmark, first: &Record, run_s: f64) -> Option<Self> {
        let (others, machine) = (results_beside(out), Machine::of(first));
        let found = others.iter().filter_map(|directory| {
            // What cannot be read is no result of this kind.
            let floor = kept(directory).ok()??.noise_floor?;
            let is_as_long = floor.run_s == Some(run_s);
            let is_its_own = floor.directory.is_none() && floor.machine == machine;
            let floor = (is_its_own && is_as_long).then(|| floor.for_loads_of(benchmark))?;
            let age_ms = epoch_ms(&first.started_at)?.checked_sub(epoch_ms(&floor.started_at)?)?;
            (!floor.floors.is_empty()).then(|| Self {
                directory: Some(directory.display().to_string()),
                age_s: Some(age_ms / 1000),
                ..floor
            })
        });
        found.max_by(|a, b| a.started_at.cmp(&b.started_at))
    }

    /// What is true of the loads of `benchmark`, by the names that it gives them.
    fn for_loads_of(&self, benchmark: &Benchmark) -> Self {
        let floors = benchmark.scenarios.iter().flat_map(|task| {
            let same_load = self.floors.iter().filter(|floor| floor.load == task.load);
            same_load.map(|floor| Floor {
                scenario: task.name.clone(),
                ..floor.clone()
            })
        });
        Self {
            floors: floors.collect(),
            ..self.clone()
        }
    }

    /// Whether there is a floor of this scenario.
    pub(super) fn is_known_in(&self, scenario: &str) -> bool {
        self.floors.iter().any(|floor| floor.scenario == scenario)
    }

    /// By which share equal servers differed in this scenario.
    #[must_use]
    pub fn share(&self, scenario: &str, metric: Metric) -> Option<f64> {
        let is_it = |floor: &&Floor| floor.scenario == scenario && floor.metric == metric;
        self.floors.iter().find(is_it).map(|floor| floor.share)
    }

    /// A line for each difference that is no more than the floor.
    pub(super) fn notes(&self, case: &Case) -> Vec<String> {
        let scenario = case.scenario.as_deref().unwrap_or_default();
        let judged = case.changes.iter().filter(|change| change.judged);
        let within = judged.filter_map(|change| {
            let metric = change.metric.label_of(case.load.unit());
            let within = self.within(scenario, change.metric, change.ratio)?;
            Some(format!("the difference in {metric} is {within}"))
        });
        within.collect()
    }

    /// A line for each best server that differs from the runner-up by no more than the floor.
    pub(super) fn notes_on(&self, matrix: &Matrix) -> Vec<String> {
        let each = |row: &Row| -> Vec<String> {
            let unit = row.load.map_or("request", |load| load.unit());
            let within = row.best.iter().filter_map(|best| {
                let metric = best.metric.label_of(unit);
                let within = self.within(&row.scenario, best.metric, best.ratio)?;
                Some(format!(
                    "{}: the difference between {} and {} in {metric} is {within}",
                    row.scenario, best.server, best.runner_up
                ))
            });
            within.collect()
        };
        matrix.rows.iter().flat_map(each).collect()
    }

    /// What is said of a ratio that is no more than the floor. Of the server itself there is nothing
    /// to say that the floor does not.
    fn within(&self, scenario: &str, metric: Metric, ratio: Option<Ratio>) -> Option<String> {
        self.directory.as_ref()?;
        let share = self.share(scenario, metric)?;
        let is_within = ratio?.estimate.ln().abs() <= share.ln_1p();
        is_within.then(|| {
            format!(
                "below the noise floor of ±{}: on this machine a server differs as much from itself",
                percent(share)
            )
        })
    }

    /// What is said of scenarios that have no floor, `names`, of so many in `all`.
    pub(super) fn missing_line(floor: Option<&Self>, names: &[&str], all: usize) -> Option<String> {
        let place = match names.len() == all {
            true => String::new(),
            false => format!(" in {}", names.join(", ")),
        };
        let is_measured_here = floor.is_some_and(|it| it.directory.is_none());
        (!names.is_empty()).then(|| match is_measured_here {
            true => format!(
                "no noise floor{place}: too few rounds, runs that cannot be believed, or the load \
                 generator was the limit"
            ),
            false => format!(
                "noise floor unknown{place}: the same bench with --a-a measures it, for later ones"
            ),
        })
    }

    /// A line for each scenario.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut scenarios: Vec<&str> = self.floors.iter().map(|it| it.scenario.as_str()).collect();
        scenarios.dedup();
        let line = |scenario: &&str| {
            let of_it = self.floors.iter().filter(|it| it.scenario == **scenario);
            let floors: Vec<String> = of_it.map(Floor::to_string).collect();
            format!("noise floor in {scenario}: {} ({self})", floors.join(", "))
        };
        scenarios.iter().map(line).collect()
    }
}

/// How it was had: `async against itself, 20 rounds, 3 hours before, results/2026-…`.
impl fmt::Display for NoiseFloor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (server, rounds) = (&self.server, self.rounds);
        write!(formatter, "{server} against itself, {rounds} rounds")?;
        if let Some(run_s) = self.run_s {
            write!(formatter, " of {run_s} s")?;
        }
        if let Some(age_s) = self.age_s {
            write!(formatter, ", {} before", spoken(age_s))?;
        }
        let directory = self.directory.as_ref();
        directory.map_or(Ok(()), |it| write!(formatter, ", {it}"))
    }
}

/// `requests per second ±1.4 %`
impl fmt::Display for Floor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} ±{}",
            self.metric.label(),
            percent(self.share)
        )
    }
}

/// What the judged metrics of one comparison leave open. Where the load generator was the limit, they
/// are about it.
fn floors(case: &Case, benchmark: &Benchmark) -> Vec<Floor> {
    let scenario = case.scenario.clone().unwrap_or_default();
    let load = benchmark.load_of(&scenario).unwrap_or_default().to_owned();
    let limited = case.limited();
    let is_limited = |metric: Metric| metric.is_bounded_by_generator() && (limited.a || limited.b);
    let judged = case.changes.iter().filter(|change| change.judged);
    let of_servers = judged.filter(|change| !is_limited(change.metric));
    let floors = of_servers.filter_map(|change| {
        let interval = change.ratio?.interval?;
        let furthest = interval.low.ln().abs().max(interval.high.ln().abs());
        Some(Floor {
            scenario: scenario.clone(),
            load: load.clone(),
            metric: change.metric,
            share: furthest.exp_m1(),
        })
    });
    floors.collect()
}

/// The results beside `out`, the last to be written first.
fn results_beside(out: &Path) -> Vec<PathBuf> {
    let parent = match out.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let results = entries.filter_map(|entry| {
        let directory = parent.join(entry.file_name());
        let comparison = fs::metadata(directory.join(COMPARISON_FILE)).ok()?;
        let is_other = comparison.len() <= BYTES_MAX && directory != out;
        is_other.then_some((comparison.modified().ok()?, directory))
    });
    let mut results: Vec<_> = results.collect();
    results.sort();
    let newest = results.into_iter().rev().take(RESULTS_MAX);
    newest.map(|(_, directory)| directory).collect()
}

fn spoken(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    counted(number, unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::sample::{compare, invalidate, saturate, sync_and_async};
    use crate::compare::{Comparison, Participant, Task};

    /// A plan of one scenario whose load is in these words.
    fn benchmark(load: &str) -> Benchmark {
        let servers = ["sync", "async"].map(|label| Participant {
            label: label.to_owned(),
            started_as: String::new(),
        });
        let task = Task {
            name: "close".to_owned(),
            load: load.to_owned(),
            left_out: Vec::new(),
        };
        Benchmark {
            plan: "mine".to_owned(),
            servers: servers.to_vec(),
            scenarios: vec![task],
            ..Benchmark::default()
        }
    }

    /// The floor of two servers that are all but equal, after a change of their records.
    fn measured(change: impl Fn(&mut Record)) -> Option<NoiseFloor> {
        let (mut a, mut b) = sync_and_async(10_020.0, 30.9);
        a.iter_mut().chain(&mut b).for_each(change);
        let cases = compare(a.clone(), b.clone()).cases;
        NoiseFloor::measured(&benchmark("GET /"), &[a, b].concat(), &cases, 0.5)
    }

    /// The rate's interval is −1.4 % to +1.8 %; the cost's does not contain 0.
    #[test]
    fn the_floor_is_the_end_of_the_interval_that_is_further_from_no_difference() {
        let floor = measured(|_| {}).unwrap();
        let said = "noise floor in close: requests per second ±1.8 %, server CPU per request ±4.7 % \
                    (sync against itself, 10 rounds of 0.5 s)";
        assert_eq!(floor.lines(), [said]);
        let rate = floor.share("close", Metric::RatePerSecond).unwrap();
        assert!((0.017..0.019).contains(&rate), "{rate}");
    }

    #[test]
    fn what_cannot_be_believed_or_is_the_load_generators_is_no_floor() {
        assert_eq!(measured(invalidate).unwrap().floors, []);
        let floor = measured(saturate).unwrap();
        assert_eq!(floor.share("close", Metric::RatePerSecond), None);
        assert!(
            floor
                .share("close", Metric::ServerCpuUsPerRequest)
                .is_some()
        );
    }

    /// A result beside `out` in which this floor is kept.
    fn keep(folder: &Path, name: &str, floor: NoiseFloor) {
        fs::create_dir(folder.join(name)).unwrap();
        let (a, b) = sync_and_async(10_020.0, 30.9);
        let comparison = Comparison {
            noise_floor: Some(floor),
            ..compare(a, b)
        };
        let file = folder.join(name).join(COMPARISON_FILE);
        fs::write(file, comparison.to_json()).unwrap();
    }

    #[test]
    fn the_newest_one_of_the_same_load_on_the_same_machine_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let floor = measured(|_| {}).unwrap();
        let at = |started_at: &str| NoiseFloor {
            started_at: started_at.to_owned(),
            ..floor.clone()
        };
        keep(folder.path(), "old", at("2026-03-01T09:00:00.000Z"));
        keep(folder.path(), "new", at("2026-03-01T10:00:00.000Z"));
        keep(folder.path(), "later", at("2026-03-01T14:00:00.000Z"));
        let mut elsewhere = at("2026-03-01T11:00:00.000Z");
        elsewhere.machine.kernel = "another".to_owned();
        keep(folder.path(), "elsewhere", elsewhere);
        let quoted = NoiseFloor {
            directory: Some("x".to_owned()),
            ..at("2026-03-01T11:00:00.000Z")
        };
        keep(folder.path(), "quoted", quoted);
        fs::create_dir(folder.path().join("broken")).unwrap();
        fs::write(folder.path().join("broken").join(COMPARISON_FILE), "{").unwrap();

        let out = folder.path().join("out");
        let mut first = sync_and_async(1.0, 1.0).0.remove(0);
        first.started_at = "2026-03-01T12:30:00.000Z".to_owned();
        let beside = |load: &str, run_s| NoiseFloor::beside(&out, &benchmark(load), &first, run_s);
        let found = beside("GET /", 0.5).unwrap();
        let directory = folder.path().join("new").display().to_string();
        assert_eq!(found.directory, Some(directory.clone()));
        assert_eq!(found.age_s, Some(9000));
        let said = format!("sync against itself, 10 rounds of 0.5 s, 2 hours before, {directory}");
        assert_eq!(found.to_string(), said);
        assert_eq!(beside("GET /other", 0.5), None);
        assert_eq!(beside("GET /", 0.2), None, "shorter runs differ by more");
    }

    #[test]
    fn a_difference_below_the_floor_is_said_to_be_so() {
        let floor = NoiseFloor {
            directory: Some("results/a-a".to_owned()),
            ..measured(|_| {}).unwrap()
        };
        let (a, b) = sync_and_async(10_100.0, 24.0);
        let comparison = compare(a, b).with_noise_floor(floor);
        let notes = &comparison.cases[0].notes;
        let said = "the difference in requests per second is below the noise floor of ±1.8 %: on \
                    this machine a server differs as much from itself";
        assert_eq!(notes, &[said], "the cost differs by more");
        assert!(comparison.to_text().contains("\nnoise floor in close: "));
        assert!(comparison.to_markdown().contains("results/a-a"));
    }

    #[test]
    fn scenarios_without_a_floor_are_named_with_the_reason_or_the_next_step() {
        let line = |floor: Option<&NoiseFloor>, names: &[&str]| {
            NoiseFloor::missing_line(floor, names, 2).unwrap_or_default()
        };
        let next_step = "the same bench with --a-a measures it, for later ones";
        assert_eq!(
            line(None, &["a", "b"]),
            format!("noise floor unknown: {next_step}")
        );
        let own = measured(|_| {}).unwrap();
        let quoted = NoiseFloor {
            directory: Some("x".to_owned()),
            ..own.clone()
        };
        let unknown = format!("noise floor unknown in b: {next_step}");
        assert_eq!(line(Some(&quoted), &["b"]), unknown);
        assert!(line(Some(&own), &["b"]).starts_with("no noise floor in b: too few rounds"));
        assert_eq!(line(Some(&own), &[]), "");
    }

    #[test]
    fn the_best_of_a_matrix_is_held_against_the_floor_too() {
        let floor = NoiseFloor {
            directory: Some("results/a-a".to_owned()),
            ..measured(|_| {}).unwrap()
        };
        let (a, b) = sync_and_async(10_100.0, 24.0);
        let records = [a, b].concat();
        let matrix = Matrix::of(&records, &benchmark("GET /"), false);
        let said = "close: the difference between async and sync in requests per second is below \
                    the noise floor of ±1.8 %: on this machine a server differs as much from itself";
        assert_eq!(floor.notes_on(&matrix), [said]);
    }
}
