//! What a benchmark set out to measure, and what of it could not be: what no record knows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gate::Outcome;
use crate::record::Record;

/// A benchmark as it was planned, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Benchmark {
    /// Name of the plan.
    pub plan: String,
    /// The servers, in the plan's order.
    pub servers: Vec<Participant>,
    /// The scenarios, in the plan's order.
    pub scenarios: Vec<Task>,
    /// Label of the server that the others are measured against; absent if it is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What was given up because something failed that is no run's result.
    pub given_up: Vec<GivenUp>,
    /// A signal ended it; complete rounds only were kept.
    pub interrupted: bool,
    /// What else a reader has to know, in words: how answers differ, whose cost is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// What it is called.
    pub label: String,
    /// How it was started, as a shell would be told; or its URL, if it was running already.
    /// Passwords in URLs are replaced by `***`.
    pub started_as: String,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// What it is called.
    pub name: String,
    /// The load in words.
    pub load: String,
    /// Servers that were left out on purpose.
    pub left_out: Vec<LeftOut>,
}

/// A server that a scenario does without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Its label.
    pub server: String,
    /// Why, in words.
    pub why: String,
}

/// A server that was not measured on in a scenario, because it ended, or could not be started or
/// loaded. What was measured of it by then is not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenUp {
    /// Name of the scenario.
    pub scenario: String,
    /// Label of the server.
    pub server: String,
    /// The round in which it happened, from 1.
    pub round: u64,
    /// What happened: one line.
    pub why: String,
    /// It was the server that failed, and not the load generator.
    pub by_server: bool,
}

/// What became of the server, in a line.
impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scenario,
            server,
            round,
            why,
            ..
        } = self;
        write!(
            f,
            "{server} in scenario {scenario} was given up in round {round}: {why}"
        )
    }
}

impl GivenUp {
    /// Whether the record is of this server in this scenario.
    pub(super) fn is_of(&self, record: &Record) -> bool {
        let bench = record.bench.as_ref();
        bench.is_some_and(|it| it.scenario == self.scenario && it.server == self.server)
    }
}

impl Benchmark {
    /// The server that the others are measured against, if there is any.
    pub fn baseline(&self) -> Option<&str> {
        let first = self.servers.first().map(|it| it.label.as_str());
        self.baseline.as_deref().or(first)
    }

    /// The load of this scenario in words.
    pub(super) fn load_of(&self, scenario: &str) -> Option<&str> {
        let task = self.scenarios.iter().find(|it| it.name == scenario)?;
        Some(&task.load)
    }

    pub(super) fn has_scenario(&self, name: &str) -> bool {
        self.scenarios.iter().any(|it| it.name == name)
    }

    /// Whether what is gated there is a part of it.
    pub(super) fn is_held_against(&self, gate: &Outcome) -> bool {
        let mut servers = self.servers.iter();
        self.has_scenario(&gate.scenario) && servers.any(|it| it.label == gate.server)
    }

    /// As much as records say themselves, in the order in which they were measured.
    pub(crate) fn seen_in<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut in_time: Vec<&Record> = records.into_iter().collect();
        in_time.sort_by(|a, b| a.started_at.cmp(&b.started_at));
        let mut benchmark = Self::default();
        for bench in in_time.iter().filter_map(|record| record.bench.as_ref()) {
            benchmark.plan = bench.plan.clone().unwrap_or_default();
            let mut servers = benchmark.servers.iter();
            if !servers.any(|server| server.label == bench.server) {
                benchmark.servers.push(Participant {
                    label: bench.server.clone(),
                    started_as: String::new(),
                });
            }
            let mut scenarios = benchmark.scenarios.iter();
            if !scenarios.any(|scenario| scenario.name == bench.scenario) {
                benchmark.scenarios.push(Task {
                    name: bench.scenario.clone(),
                    load: String::new(),
                    left_out: Vec::new(),
                });
            }
        }
        benchmark
    }

    /// Whether this server was given up in this scenario.
    pub(crate) fn gave_up(&self, scenario: &str, server: &str) -> Option<&GivenUp> {
        let is_it = |it: &&GivenUp| it.scenario == scenario && it.server == server;
        self.given_up.iter().find(is_it)
    }
}
