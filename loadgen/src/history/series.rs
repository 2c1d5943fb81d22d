//! One scenario and server over all runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Options, Run};
use crate::compare::{self, Loops, Metric, Ratio, RatioInterval, Verdict};
use crate::record::Record;
use crate::statistics::{
    CONFIDENCE, ROUNDS_MAX, Shifts, WalshAverages, median_of_sorted, rank_sum_p_value,
};

/// One scenario and server over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// Name of the scenario.
    pub scenario: String,
    /// Label of the server.
    pub server: String,
    /// The server whose values the others are divided by; absent of plain values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// One for each benchmark that measured it, in order of time.
    pub points: Vec<Point>,
}

/// The metric in one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Name of the benchmark's directory.
    pub directory: String,
    /// When the benchmark began: UTC, RFC 3339.
    pub started_at: String,
    /// Commit that was measured with; absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The value of each round.
    pub values: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// Where their centre lies with 95 % confidence (Hodges–Lehmann, of logarithms); null with fewer
    /// than 6 rounds, or if a value is zero.
    pub interval: Option<RatioInterval>,
    /// Rounds of which a record says that it cannot be believed; then this point is compared with
    /// none.
    pub rounds_invalid: usize,
    /// The load generator was the limit in most rounds, so that the value says nothing about the
    /// server.
    pub is_limited: bool,
    /// The change from the latest benchmark before that can be compared; absent of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// The change from an earlier benchmark.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// When the benchmark that this one is compared with began, as its point has it; absent if it
    /// is the point before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// This benchmark's values over those of the earlier one; null if a value is zero.
    pub ratio: Option<Ratio>,
    /// Two-sided p-value of Mann and Whitney's test; null if it was not asked.
    pub p_value: Option<f64>,
    /// The same after Holm's correction over the whole history.
    pub p_value_adjusted: Option<f64>,
    /// What the change amounts to; null if it was not asked.
    pub verdict: Option<Verdict>,
    /// It is a change: beyond the threshold, and not by chance.
    pub is_change: bool,
    /// What is not the same in both benchmarks, for which they are not compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differing: Vec<String>,
}

/// The rounds of a server in a scenario of one run.
struct Cell<'a> {
    run: &'a Run,
    records: Vec<&'a Record>,
    /// Those of the same rounds of the baseline, if ratios are wanted.
    baseline: Option<Vec<&'a Record>>,
}

/// What a series is of: scenario, server, baseline.
type Key = (String, String, Option<String>);

/// The series that are asked for, in the order in which they first came up.
pub(super) fn of(runs: &[Run], options: &Options) -> Vec<Series> {
    let mut keys: Vec<Key> = Vec::new();
    for key in runs.iter().flat_map(|run| keys_of(run, options)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let series = keys.into_iter().filter_map(|key| one(runs, key, options));
    series.collect()
}

fn keys_of(run: &Run, options: &Options) -> Vec<Key> {
    let baseline = run.benchmark.baseline().map(str::to_owned);
    let baseline = baseline.filter(|_| !options.absolute);
    let benches = run.records.iter().filter_map(|it| it.bench.as_ref());
    let wanted = benches.filter(|bench| {
        let selection = &options.selection;
        let is_baseline = baseline.as_ref() == Some(&bench.server);
        !is_baseline
            && selection.has_scenario(&bench.scenario)
            && selection.has_server(&bench.server)
    });
    let keys = wanted.map(|it| (it.scenario.clone(), it.server.clone(), baseline.clone()));
    keys.collect()
}

fn one(runs: &[Run], key: Key, options: &Options) -> Option<Series> {
    let cells = runs.iter().filter_map(|run| Cell::of(run, &key));
    let cells: Vec<Cell<'_>> = cells.collect();
    let loops = Loops::of(cells.iter().flat_map(Cell::all));
    let mut points: Vec<(Point, &Cell<'_>)> = Vec::new();
    for cell in &cells {
        let Some(mut point) = cell.point(options.metric, loops) else {
            continue;
        };
        point.step = change(&points, (&point, cell), options.metric);
        points.push((point, cell));
    }
    let (scenario, server, baseline) = key;
    (!points.is_empty()).then(|| Series {
        scenario,
        server,
        baseline,
        points: points.into_iter().map(|(point, _)| point).collect(),
    })
}

impl<'a> Cell<'a> {
    /// What the run has of it; none if it was not measured, or given up.
    fn of(run: &'a Run, (scenario, server, baseline): &Key) -> Option<Self> {
        let is_there = |label: &str| run.benchmark.gave_up(scenario, label).is_none();
        let of = |label: &str| -> Vec<&'a Record> {
            let records = run.records.iter();
            let is_of = |record: &&Record| {
                let bench = record.bench.as_ref();
                bench.is_some_and(|it| it.scenario == *scenario && it.server == label)
            };
            records.filter(is_of).collect()
        };
        if !is_there(server) {
            return None;
        }
        let mut records = of(server);
        let baseline = match baseline {
            None => None,
            Some(label) => {
                if run.benchmark.baseline() != Some(label) || !is_there(label) {
                    return None;
                }
                let mut others = of(label);
                keep_common_rounds(&mut records, &mut others);
                Some(others)
            }
        };
        (!records.is_empty()).then_some(Self {
            run,
            records,
            baseline,
        })
    }

    fn all(&self) -> impl Iterator<Item = &'a Record> + Clone {
        let baseline = self.baseline.iter().flatten();
        self.records.iter().chain(baseline).copied()
    }

    /// None if a record does not know the metric, or a ratio is none.
    fn point(&self, metric: Metric, loops: Loops) -> Option<Point> {
        let of = |records: &[&Record]| -> Option<Vec<f64>> {
            let values = records.iter().map(|record| metric.of(record, loops));
            values.collect()
        };
        let mut values = of(&self.records)?;
        if let Some(baseline) = &self.baseline {
            let others = of(baseline)?;
            for (value, other) in values.iter_mut().zip(others) {
                *value /= other;
            }
        }
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let invalid = |record: &&Record| !record.validity.valid;
        Some(Point {
            directory: self.run.directory.clone(),
            started_at: self.run.started_at.clone(),
            commit: self.records.first()?.tool.git.clone(),
            median: median_of_sorted(&sorted)?,
            interval: interval(&values),
            values,
            rounds_invalid: self.all().filter(|record| invalid(record)).count(),
            is_limited: metric.is_bounded_by_generator() && self.is_limited(),
            step: None,
        })
    }

    /// Whether the load generator was the limit in most rounds, of either server.
    fn is_limited(&self) -> bool {
        let mostly = |records: &Vec<&Record>| {
            let limited = records.iter().filter(|it| it.validity.limits_rate());
            2 * limited.count() > records.len()
        };
        mostly(&self.records) || self.baseline.as_ref().is_some_and(mostly)
    }
}

/// Leaves the rounds that both have, in order.
fn keep_common_rounds(a: &mut Vec<&Record>, b: &mut Vec<&Record>) {
    let round = |record: &&Record| record.bench.as_ref().map(|bench| bench.round);
    let rounds = |records: &[&Record]| records.iter().map(round).collect::<Vec<_>>();
    let (of_a, of_b) = (rounds(a), rounds(b));
    a.retain(|record| of_b.contains(&round(record)));
    b.retain(|record| of_a.contains(&round(record)));
    a.sort_by_key(round);
    b.sort_by_key(round);
}

/// The change from the latest point that this one can be compared with; if there is none, why not
/// from the last.
fn change(
    points: &[(Point, &Cell<'_>)],
    (point, cell): (&Point, &Cell<'_>),
    metric: Metric,
) -> Option<Step> {
    let is_comparable = |(before, of): &&(Point, &Cell<'_>)| {
        before.rounds_invalid == 0 && !before.is_limited && differing(of, cell).is_empty()
    };
    let (last, of_last) = points.last()?;
    let (before, of_before) = match points.iter().rev().find(is_comparable) {
        Some((before, of)) => (before, of),
        None => (last, of_last),
    };
    let mut step = step((before, of_before), (point, cell), metric);
    step.since = (before.directory != last.directory).then(|| before.started_at.clone());
    Some(step)
}

/// What bends numbers besides the plan, as JSON pointers. The server's and the load generator's
/// versions are not among them: they are what a history is about.
const MACHINE: [&str; 8] = [
    "/environment/os",
    "/environment/kernel",
    "/environment/cpu_model",
    "/environment/cpu_count",
    "/environment/cpu_usable_count",
    "/environment/governor",
    "/environment/load_cores",
    "/environment/server_cores",
];

/// The names of what both cells have to have in common and have not, such as `environment.kernel`.
fn differing(a: &Cell<'_>, b: &Cell<'_>) -> Vec<String> {
    // The fields of the header name the load generator's version; the seed of an open loop is drawn
    // anew.
    let is_of_the_run = |name: &String| name == "plan.headers" || name == "plan.seed";
    let differing = compare::differing(&[a.records[0], b.records[0]], &MACHINE);
    let names = differing.into_iter().map(|it| it.name);
    names.filter(|name| !is_of_the_run(name)).collect()
}

/// The change from one point to another.
fn step(before: (&Point, &Cell<'_>), after: (&Point, &Cell<'_>), metric: Metric) -> Step {
    let ((a, of_a), (b, of_b)) = (before, after);
    let mut step = Step::default();
    if a.rounds_invalid + b.rounds_invalid > 0 {
        step.verdict = Some(Verdict::Invalid);
        return step;
    }
    step.differing = differing(of_a, of_b);
    if !step.differing.is_empty() {
        return step;
    }
    if a.is_limited || b.is_limited {
        debug_assert!(metric.is_bounded_by_generator());
        step.verdict = Some(Verdict::LimitedByLoadGenerator);
        return step;
    }
    let (Some(a), Some(b)) = (logarithms(&a.values), logarithms(&b.values)) else {
        return step;
    };
    if a.len().max(b.len()) > ROUNDS_MAX {
        return step;
    }
    let shifts = Shifts::between(&a, &b);
    step.ratio = shifts.median().map(|estimate| Ratio {
        estimate: estimate.exp(),
        interval: shifts.interval(CONFIDENCE).map(RatioInterval::exp_of),
    });
    // One round says nothing of the noise.
    step.p_value = (a.len() > 1 && b.len() > 1).then(|| rank_sum_p_value(&a, &b));
    step
}

fn interval(values: &[f64]) -> Option<RatioInterval> {
    if values.len() > ROUNDS_MAX {
        return None;
    }
    let walsh = WalshAverages::of(&logarithms(values)?);
    walsh.interval(CONFIDENCE).map(RatioInterval::exp_of)
}

/// None if a value is zero.
fn logarithms(values: &[f64]) -> Option<Vec<f64>> {
    let logarithms = values.iter().map(|value| value.ln());
    logarithms.map(|it| it.is_finite().then_some(it)).collect()
}
