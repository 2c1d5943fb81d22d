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
use super::{Benchmark, Case, Metric, counted};
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
    /// What it is true of.
    pub machine: Machine,
    /// One for each scenario and metric that is judged.
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
    /// What these comparisons of a server with itself say; `None` if they say nothing: too few
    /// rounds, or runs that cannot be believed.
    #[must_use]
    pub fn measured(benchmark: &Benchmark, records: &[Record], cases: &[Case]) -> Option<Self> {
        let first = records
            .iter()
            .min_by(|a, b| a.started_at.cmp(&b.started_at))?;
        let believed = cases.iter().filter(|case| case.is_valid());
        let floors = believed.flat_map(|case| floors(case, benchmark));
        let floors: Vec<Floor> = floors.collect();
        if floors.is_empty() {
            return None;
        }
        Some(Self {
            plan: benchmark.plan.clone(),
            server: benchmark.baseline().unwrap_or_default().to_owned(),
            started_at: first.started_at.clone(),
            rounds: cases.iter().map(|case| case.rounds).min().unwrap_or(0),
            machine: Machine::of(first),
            floors,
            directory: None,
            age_s: None,
        })
    }

    /// The newest one in the results beside `out` that is true of a load of `benchmark` on
    /// `machine`, as a result quotes it that began at `started_at`.
    #[must_use]
    pub fn beside(
        out: &Path,
        benchmark: &Benchmark,
        machine: &Machine,
        started_at: &str,
    ) -> Option<Self> {
        let others = results_beside(out);
        let found = others.iter().filter_map(|directory| {
            // What cannot be read is no result of this kind.
            let floor = kept(directory).ok()??.noise_floor?;
            let is_its_own = floor.directory.is_none() && floor.machine == *machine;
            let floor = is_its_own.then(|| floor.for_loads_of(benchmark))?;
            let age_ms = epoch_ms(started_at)?.checked_sub(epoch_ms(&floor.started_at)?)?;
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

    /// By which share equal servers differed in this scenario.
    #[must_use]
    pub fn share(&self, scenario: &str, metric: Metric) -> Option<f64> {
        let is_it = |floor: &&Floor| floor.scenario == scenario && floor.metric == metric;
        self.floors.iter().find(is_it).map(|floor| floor.share)
    }

    /// A line for each difference that is no more than the floor.
    pub(super) fn notes(&self, case: &Case) -> Vec<String> {
        if self.directory.is_none() {
            // Of the server itself there is nothing to say that the floor does not.
            return Vec::new();
        }
        let scenario = case.scenario.as_deref().unwrap_or_default();
        let judged = case.changes.iter().filter(|change| change.judged);
        let within = judged.filter_map(|change| {
            let share = self.share(scenario, change.metric)?;
            let ratio = change.ratio?.estimate;
            (ratio.ln().abs() <= share.ln_1p()).then(|| {
                let metric = change.metric.label_of(case.load.unit());
                let share = percent(share);
                format!(
                    "the difference in {metric} is below the noise floor of ±{share}: on this \
                     machine a server differs as much from itself"
                )
            })
        });
        within.collect()
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
        NoiseFloor::measured(&benchmark("GET /"), &[a, b].concat(), &cases)
    }

    /// The rate's interval is −1.4 % to +1.8 %; the cost's does not contain 0.
    #[test]
    fn the_floor_is_the_end_of_the_interval_that_is_further_from_no_difference() {
        let floor = measured(|_| {}).unwrap();
        let said = "noise floor in close: requests per second ±1.8 %, server CPU per request ±4.7 % \
                    (sync against itself, 10 rounds)";
        assert_eq!(floor.lines(), [said]);
        let rate = floor.share("close", Metric::RatePerSecond).unwrap();
        assert!((0.017..0.019).contains(&rate), "{rate}");
    }

    #[test]
    fn what_cannot_be_believed_or_is_the_load_generators_is_no_floor() {
        assert_eq!(measured(invalidate), None);
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
        let beside = |load: &str| {
            let now = "2026-03-01T12:30:00.000Z";
            NoiseFloor::beside(&out, &benchmark(load), &floor.machine, now)
        };
        let found = beside("GET /").unwrap();
        let directory = folder.path().join("new").display().to_string();
        assert_eq!(found.directory, Some(directory.clone()));
        assert_eq!(found.age_s, Some(9000));
        let said = format!("sync against itself, 10 rounds, 2 hours before, {directory}");
        assert_eq!(found.to_string(), said);
        assert_eq!(beside("GET /other"), None);
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
}
