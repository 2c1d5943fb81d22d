//! A plan as a TOML file has it, and what it means.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::cores::CoresEntry;
use super::entry::{SCENARIOS_MAX, ScenarioEntry, Surroundings};
use super::error::Problem;
use super::gates::GatesEntry;
use super::server_entry::{ServerEntry, check_loads, servers};
use super::{BenchPlan, Place, PlanError, Records, Scenario, Timing, find_server};
use crate::plan::{duration, seconds};
use crate::statistics::ROUNDS_MIN;

/// Most rounds: two hours of the built-in benchmark, and more than decides anything.
const ROUNDS_LONGEST: u64 = 500;

/// Limit for one request unless the plan says otherwise.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// The keys of a plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanEntry {
    rounds: Spanned<i64>,
    duration: Spanned<String>,
    warmup: Spanned<String>,
    timeout: Option<Spanned<String>>,
    records: Option<Spanned<String>>,
    against_itself: Option<Spanned<String>>,
    baseline: Option<Spanned<String>>,
    cores: Option<CoresEntry>,
    gates: Option<GatesEntry>,
    #[serde(default)]
    server: Vec<ServerEntry>,
    #[serde(default)]
    scenario: Vec<Spanned<ScenarioEntry>>,
}

/// The plan that `text` says. `origin` is what errors call the file, `name` what the plan is
/// called.
///
/// # Errors
///
/// The first thing that makes no sense, with its line and the next step.
pub(super) fn read(
    text: &str,
    origin: &str,
    name: &str,
    place: &Place<'_>,
) -> Result<BenchPlan, PlanError> {
    interpret(text, name, place).map_err(|problem| problem.in_text(text, origin))
}

fn interpret(text: &str, name: &str, place: &Place<'_>) -> Result<BenchPlan, Problem> {
    let entry: PlanEntry = toml::from_str(text)?;
    let servers = servers(&entry.server, place.programs)?;
    if servers.is_empty() {
        let problem = "the plan has no server; add a [[server]] with a label, and program and model, or command, or url";
        return Err(Problem::at_the_end(text, problem));
    }
    let labels: Vec<&str> = servers.iter().map(|server| server.label.as_str()).collect();
    let timing = timing(&entry)?;
    let cores = match &entry.cores {
        None => place.cores.clone(),
        Some(cores) => cores.split(&place.cores)?,
    };
    let gates = entry.gates.as_ref().map(GatesEntry::gates).transpose()?;
    let surroundings = Surroundings {
        labels: &labels,
        timing: &timing,
        cores: &cores,
        gates: &gates.unwrap_or_default(),
    };
    let scenarios = scenarios(&entry.scenario, surroundings)?;
    if scenarios.is_empty() {
        let problem = "the plan has no scenario; add a [[scenario]] with a name";
        return Err(Problem::at_the_end(text, problem));
    }
    check_loads(&entry.server, &servers, &scenarios)?;
    let place_of = |label: Option<&Spanned<String>>| {
        let found = label.map(|label| find_server(label, &labels));
        found.transpose()
    };
    let baseline = place_of(entry.baseline.as_ref())?;
    let against_itself = place_of(entry.against_itself.as_ref())?.or(baseline);
    Ok(BenchPlan {
        name: name.to_owned(),
        rounds: rounds(&entry.rounds)?,
        timing,
        records: records(entry.records.as_ref())?,
        baseline: labels[baseline.unwrap_or(0)].to_owned(),
        against_itself: labels[against_itself.unwrap_or(0)].to_owned(),
        is_against_itself: false,
        servers,
        scenarios,
        cores,
        out: place.out.to_owned(),
    })
}

fn scenarios(
    entries: &[Spanned<ScenarioEntry>],
    plan: Surroundings<'_>,
) -> Result<Vec<Scenario>, Problem> {
    let mut scenarios = Vec::new();
    for entry in entries {
        for scenario in entry.get_ref().expand(plan)? {
            if scenarios.len() == SCENARIOS_MAX {
                let problem = format!("over {SCENARIOS_MAX} scenarios; shorten a list");
                return Err(Problem::with(entry, problem));
            }
            entry.get_ref().check_name(&scenario, &scenarios)?;
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

fn rounds(value: &Spanned<i64>) -> Result<u64, Problem> {
    let rounds = *value.get_ref();
    let problem = |how| Problem::with(value, format!("rounds is {rounds}; {how}"));
    allowed_rounds(u64::try_from(rounds).ok()).map_err(problem)
}

/// As many rounds, if a bench may have them.
///
/// # Errors
///
/// How many it may have.
pub fn allowed_rounds(rounds: Option<u64>) -> Result<u64, String> {
    let allowed = ROUNDS_MIN as u64..=ROUNDS_LONGEST;
    rounds.filter(|it| allowed.contains(it)).ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        format!("give a whole number from {least} to {most}")
    })
}

fn timing(entry: &PlanEntry) -> Result<Timing, Problem> {
    let time = |value: &Spanned<String>, key: &str, read: fn(&str) -> Result<Duration, String>| {
        let problem = |problem| Problem::with(value, format!("{key}: {problem}"));
        read(value.get_ref()).map_err(problem)
    };
    let timeout = entry.timeout.as_ref();
    Ok(Timing {
        warmup: time(&entry.warmup, "warmup", duration)?,
        measured: time(&entry.duration, "duration", seconds)?,
        timeout: timeout.map_or(Ok(TIMEOUT_DEFAULT), |value| time(value, "timeout", seconds))?,
    })
}

fn records(value: Option<&Spanned<String>>) -> Result<Records, Problem> {
    let Some(value) = value else {
        return Ok(Records::Files);
    };
    let problem = |problem| Problem::with(value, format!("records: {problem}"));
    value.get_ref().parse().map_err(problem)
}
