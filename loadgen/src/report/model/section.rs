//! A section of the page: of one result, or of two held against each other.

use super::measured::Measured;
use super::outcome::Outcome;
use super::{environment, findings, notes, runs, tables, verdicts};
use crate::compare::{self, CompareError, Comparison, Options, counted};
use crate::report::{Section, Sentence, Table, Tone, charts};

/// The section of a result.
pub(super) fn of(outcome: &Outcome) -> Section {
    let measured = Measured::of(outcome);
    let mut section = Section {
        title: outcome.title(),
        subtitle: subtitle(outcome),
        notes: notes::of_benchmark(outcome),
        figures: charts::of(&measured),
        environment: environment::of(&outcome.records),
        findings: findings::of(outcome),
        runs: runs::of_runs(outcome),
        ..empty()
    };
    match &outcome.comparison {
        Some(Ok(comparison)) => section.tell(comparison),
        Some(Err(error)) => section.verdicts.push(verdicts::refused(error)),
        None => section.verdicts.push(alone(outcome, &measured)),
    }
    section
}

/// The section that compares two results.
pub(super) fn of_two(a: &Outcome, b: &Outcome, options: &Options) -> Section {
    let given = |it: &Outcome| compare::Given {
        name: it.name.clone(),
        records: it.records.clone(),
        given_up: it.benchmark.given_up.clone(),
    };
    let mut section = Section {
        title: format!("{} against {}", b.name, a.name),
        subtitle: format!("{} is what {} is measured against.", a.name, b.name),
        ..empty()
    };
    match compare::sides(given(a), given(b), options) {
        Ok(comparison) => section.tell(&comparison),
        Err(error) => section.verdicts.push(not_compared(&error)),
    }
    section
}

impl Section {
    /// Adds what a comparison found, first of all.
    fn tell(&mut self, comparison: &Comparison) {
        self.verdicts.extend(verdicts::of(comparison));
        self.notes.splice(0..0, notes::of(comparison));
        self.figures.splice(0..0, charts::forest::of(comparison));
        self.tables.extend(tables::of(comparison));
    }
}

fn not_compared(error: &CompareError) -> Sentence {
    Sentence {
        text: format!("The results are not compared: {error}."),
        tone: Tone::Open,
    }
}

/// What can be said where there is nothing to compare with.
fn alone(outcome: &Outcome, measured: &Measured<'_>) -> Sentence {
    let [scenarios, servers] = [measured.scenarios.len(), measured.servers.len()];
    let runs = counted(outcome.records.len() as u64, "run");
    let text = match (scenarios, servers) {
        (1, 1) => format!(
            "{runs} of {}: nothing to compare with.",
            measured.servers[0]
        ),
        (_, 1) => format!(
            "{runs} of {} in {}: nothing to compare with.",
            measured.servers[0],
            counted(scenarios as u64, "scenario")
        ),
        _ => format!("{runs} that no benchmark made: they are shown, not judged."),
    };
    let tone = Tone::Plain;
    Sentence { text, tone }
}

/// When, by what, on what, and how much.
fn subtitle(outcome: &Outcome) -> String {
    let records = &outcome.records;
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return String::new();
    };
    let day = |text: &str| text.get(..16).unwrap_or(text).replace('T', " ");
    let (from, to) = (day(&first.started_at), day(&last.started_at));
    let when = match from == to {
        true => format!("{from} UTC"),
        false => format!("{from} to {to} UTC"),
    };
    let commit = first.tool.git.as_ref().map(|git| format!(" ({git})"));
    let tool = format!(
        "{} {}{}",
        first.tool.name,
        first.tool.version,
        commit.unwrap_or_default()
    );
    let machine = &first.environment;
    let cpu = machine.cpu_model.as_deref().unwrap_or(&machine.os);
    let runs = counted(records.len() as u64, "run");
    format!(
        "{when} · {runs} · {tool} · {cpu}, kernel {}",
        machine.kernel
    )
}

fn empty() -> Section {
    Section {
        id: String::new(),
        title: String::new(),
        subtitle: String::new(),
        verdicts: Vec::new(),
        notes: Vec::new(),
        figures: Vec::new(),
        tables: Vec::new(),
        environment: Vec::new(),
        findings: Vec::new(),
        runs: Table {
            caption: "Runs".to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
        },
    }
}
