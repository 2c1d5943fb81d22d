//! Two sides under the same load, and how their metrics changed.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change::Change;
use super::circumstances::{Differing, differing};
use super::metric::{Loops, Metric};
use super::pairing::{Pair, Rounds};
use super::verdict::{Limited, Verdict};
use crate::record::{Finding, Record, Severity, made_by, unit};

/// A and B under the same load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Name of the scenario, in a benchmark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Label of the server, if two benchmarks of it are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What is compared with.
    pub a: Side,
    /// What is compared.
    pub b: Side,
    /// Rounds on each side.
    pub rounds: usize,
    /// Whether the sides took turns. If not, a change of the machine between
    /// them cannot be told from a difference.
    pub interleaved: bool,
    /// Whether `interleaved` is false for want of knowledge: another tool did
    /// not tell when it measured; absent if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub order_unknown: bool,
    /// The load, as A's first record has it.
    pub load: Load,
    /// What the verdicts rest on; a metric that a record does not know is
    /// absent.
    pub changes: Vec<Change>,
    /// What a reader has to know besides, in words.
    pub notes: Vec<String>,
    /// The outcome in words, one sentence each.
    pub sentences: Vec<String>,
}

/// One side of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// What it is called.
    pub label: String,
    /// The records' `id`, in the order in which they were paired.
    pub records: Vec<String>,
    /// Rounds in which the load generator was the limit.
    pub rounds_limited: usize,
    /// Rounds whose record says that it cannot be believed.
    pub rounds_invalid: usize,
    /// Other tools that measured, of which nobody knows whether they were the
    /// limit; absent if this one did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured_by: Vec<String>,
}

/// The load that both sides were under.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// Connections open at a time at most.
    pub connections: u64,
    /// Whether `connections` only fills the place, another tool not having told;
    /// absent if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connections_unknown: bool,
    /// Whether a connection serves more than one request.
    pub keep_alive: bool,
    /// Whether `keep_alive` only fills the place; absent if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_alive_unknown: bool,
    /// Requests per second offered; absent in closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<f64>,
    /// Whether what is said of requests is true of round trips over WebSocket;
    /// absent if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub round_trips: bool,
}

impl Case {
    /// Everything but verdicts and sentences.
    pub(super) fn measure(pair: &Pair<'_>) -> Self {
        let (a, b) = (&pair.a.records, &pair.b.records);
        let changes = Metric::ALL
            .into_iter()
            .filter_map(|metric| Change::measure(metric, a, b));
        Self {
            scenario: pair.scenario.clone(),
            server: pair.server.clone(),
            a: Side::of(&pair.a),
            b: Side::of(&pair.b),
            rounds: a.len(),
            interleaved: pair.is_interleaved().unwrap_or(false),
            order_unknown: pair.is_interleaved().is_none(),
            load: Load::of(a[0]),
            changes: changes.collect(),
            notes: notes(pair),
            sentences: Vec::new(),
        }
    }

    /// How this metric changed; `None` if a record does not know it.
    pub fn change(&self, metric: Metric) -> Option<&Change> {
        self.changes.iter().find(|change| change.metric == metric)
    }

    /// Scenario and server, as far as there are any.
    pub fn title(&self) -> String {
        let names: Vec<&str> = [&self.scenario, &self.server]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        names.join(", ")
    }

    pub(super) fn is_valid(&self) -> bool {
        self.a.rounds_invalid + self.b.rounds_invalid == 0
    }

    /// Whether a verdict is withheld because runs cannot be believed, or would be if there were
    /// anything to judge.
    pub(super) fn is_disbelieved(&self) -> bool {
        let mut judged = self
            .changes
            .iter()
            .filter(|change| change.judged)
            .peekable();
        match judged.peek() {
            None => !self.is_valid(),
            Some(_) => judged.any(|change| change.verdict == Some(Verdict::Invalid)),
        }
    }

    /// On which sides the load generator was the limit in most rounds.
    pub(super) fn limited(&self) -> Limited {
        let mostly = |side: &Side| 2 * side.rounds_limited > self.rounds;
        Limited {
            a: mostly(&self.a),
            b: mostly(&self.b),
        }
    }

    /// Whether a question is open, or none was answered.
    pub(super) fn is_open(&self) -> bool {
        let mut answers = self.changes.iter().filter_map(|change| change.verdict);
        let inconclusive = answers.clone().any(|v| v == Verdict::Inconclusive);
        inconclusive || answers.all(|v| v == Verdict::LimitedByLoadGenerator)
    }
}

impl Side {
    fn of(rounds: &Rounds<'_>) -> Self {
        let count =
            |test: fn(&Record) -> bool| rounds.records.iter().filter(|record| test(record)).count();
        Self {
            label: rounds.label.clone(),
            records: rounds
                .records
                .iter()
                .map(|record| record.id.clone())
                .collect(),
            rounds_limited: count(|record| record.validity.limits_rate()),
            rounds_invalid: count(|record| !record.validity.valid),
            measured_by: measured_by(&rounds.records),
        }
    }
}

impl Load {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            connections: record.plan.connections,
            connections_unknown: !record.tells("plan.connections"),
            keep_alive: record.plan.keep_alive,
            keep_alive_unknown: !record.tells("plan.keep_alive"),
            rate_per_second: record.plan.rate_per_second,
            round_trips: record.plan.websocket.is_some(),
        }
    }

    /// What was counted, in the singular.
    pub(crate) fn unit(&self) -> &'static str {
        unit(self.round_trips)
    }
}

/// Tools other than this one, each once.
fn measured_by(records: &[&Record]) -> Vec<String> {
    let imported = records.iter().filter_map(|record| record.imported.as_ref());
    let tools: BTreeSet<&str> = imported.map(|imported| imported.tool.as_str()).collect();
    tools.into_iter().map(str::to_owned).collect()
}

/// What the numbers alone do not show.
fn notes(pair: &Pair<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for side in [&pair.a, &pair.b] {
        let makers = made_by(side.records.iter().copied());
        let makers = makers.iter().map(|text| format!("{}: {text}", side.label));
        notes.extend(makers);
        notes.extend(objections(side));
        notes.extend(sometimes_limited(side));
    }
    notes.extend(turns_not_taken(pair));
    let records = pair.a.records.iter().chain(&pair.b.records);
    if Loops::of(records.copied()) == Loops::Mixed {
        notes.push(
            "some runs started requests by a schedule and others when answers had come: their \
             rates and latencies answer different questions, and are not judged"
                .to_owned(),
        );
    }
    notes.extend(differing_settings(pair));
    notes
}

/// That a change of the machine may look like a difference.
fn turns_not_taken(pair: &Pair<'_>) -> Option<String> {
    let what = match pair.is_interleaved() {
        _ if pair.a.records.len() < 2 => return None,
        Some(true) => return None,
        Some(false) => "the sides did not take turns",
        None => "whether the sides took turns is not known",
    };
    Some(format!(
        "{what}: a change of the machine between them would look like a difference"
    ))
}

/// What the records of this side say of themselves: a line for each reason that makes a run
/// worthless, and for each that most of its runs have.
fn objections(side: &Rounds<'_>) -> Vec<String> {
    let mut runs_by_code: BTreeMap<&str, (usize, &Finding)> = BTreeMap::new();
    let records = side.records.iter();
    for finding in records.flat_map(|record| &record.validity.reasons) {
        runs_by_code.entry(&finding.code).or_insert((0, finding)).0 += 1;
    }
    let (label, rounds) = (&side.label, side.records.len());
    runs_by_code
        .into_values()
        .filter(|(runs, finding)| match finding.severity {
            Severity::Invalid => true,
            // This one has a sentence of its own.
            Severity::LimitsRate => false,
            // Every short run has too few samples for its last percentile.
            Severity::Note => 2 * runs > rounds && finding.code != "too_few_samples",
        })
        .map(
            |(
                runs,
                Finding {
                    message, advice, ..
                },
            )| { format!("{label}, {runs} of {rounds} runs: {message}; {advice}") },
        )
        .collect()
}

/// A load generator that was the limit in a few rounds takes no verdict away.
fn sometimes_limited(side: &Rounds<'_>) -> Option<String> {
    let Side {
        label,
        rounds_limited,
        ..
    } = Side::of(side);
    let rounds = side.records.len();
    (rounds_limited > 0 && 2 * rounds_limited <= rounds).then(|| {
        format!("{label}, {rounds_limited} of {rounds} runs: the load generator was the limit")
    })
}

/// Circumstances besides the plan that ought to be the same in every record, as JSON pointers.
const CIRCUMSTANCES: [&str; 11] = [
    "/tool/name",
    "/tool/version",
    "/tool/git",
    "/environment/kernel",
    "/environment/cpu_model",
    "/environment/cpu_count",
    "/environment/cpu_usable_count",
    "/environment/governor",
    "/environment/congestion_control",
    "/environment/load_cores",
    "/environment/server_cores",
];

/// Settings and circumstances that are not the same in all records: `plan.connections differs: 64
/// and 150`.
fn differing_settings(pair: &Pair<'_>) -> Vec<String> {
    let records = pair.a.records.iter().chain(&pair.b.records);
    let records: Vec<&Record> = records.copied().collect();
    let line = |it: Differing| {
        let values: Vec<String> = it.values.iter().map(Value::to_string).collect();
        format!("{} differs: {}", it.name, values.join(" and "))
    };
    let differing = differing(&records, &CIRCUMSTANCES);
    differing.into_iter().map(line).collect()
}
