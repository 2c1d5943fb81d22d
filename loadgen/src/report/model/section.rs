//! A section of the page: of one result, or of two held against each other.

use super::measured::Measured;
use super::outcome::Outcome;
use super::{environment, findings, notes, runs, shards, tables, verdicts};
use crate::compare::{self, CompareError, Comparison, Options, counted};
use crate::record::Record;
use crate::report::{Section, Sentence, Table, Tone, charts};

/// The section of a result.
pub(super) fn of(outcome: &Outcome) -> Section {
    let measured = Measured::of(outcome);
    let mut section = Section {
        title: outcome.title(),
        subtitle: subtitle(outcome),
        notes: [notes::of_mixed(&measured), notes::of_benchmark(outcome)].concat(),
        figures: charts::of(&measured),
        tables: shards::of(&outcome.records),
        environment: environment::of(&outcome.records),
        findings: findings::of(outcome),
        runs: runs::of_runs(outcome),
        ..empty()
    };
    match &outcome.comparison {
        Some(Ok(comparison)) => section.tell(comparison),
        Some(Err(error)) => section.verdicts.push(verdicts::refused(error)),
        None => {
            section.verdicts.push(alone(outcome, &measured));
            section.verdicts.extend(doubted(outcome));
        }
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
    Sentence::new(
        format!("The results are not compared: {error}."),
        Tone::Open,
    )
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
    Sentence::new(text, Tone::Plain)
}

/// What nobody asked about is not to be taken for good either.
fn doubted(outcome: &Outcome) -> Option<Sentence> {
    let invalid = outcome.records.iter().filter(|it| !it.validity.valid);
    let count = invalid.count() as u64;
    let (runs, total) = (counted(count, "run"), outcome.records.len());
    let text = format!("{runs} of {total} cannot be believed.");
    (count > 0).then(|| Sentence::new(text, Tone::Invalid))
}

/// When, how much, by what and on what: as far as the runs tell, and the first of them for all.
fn subtitle(outcome: &Outcome) -> String {
    let records = &outcome.records;
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return String::new();
    };
    let parts = [
        // In order of their start, so what does not tell it stands at the beginning.
        first.tells("started_at").then(|| when(first, last)),
        Some(counted(records.len() as u64, "run")),
        Some(tools(records)),
        first.tells("environment").then(|| machine(first)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

fn when(first: &Record, last: &Record) -> String {
    let day = |text: &str| text.get(..16).unwrap_or(text).replace('T', " ");
    let (from, to) = (day(&first.started_at), day(&last.started_at));
    match from == to {
        true => format!("{from} UTC"),
        false => format!("{from} to {to} UTC"),
    }
}

/// Each that measured, once.
fn tools(records: &[Record]) -> String {
    let mut tools: Vec<String> = Vec::new();
    for record in records {
        let tool = &record.tool;
        let version = record
            .tells("tool.version")
            .then(|| format!(" {}", tool.version));
        let commit = tool.git.as_ref().map(|git| format!(" ({git})"));
        let [version, commit] = [version, commit].map(Option::unwrap_or_default);
        let text = format!("{}{version}{commit}", tool.name);
        if !tools.contains(&text) {
            tools.push(text);
        }
    }
    tools.join(", ")
}

fn machine(record: &Record) -> String {
    let machine = &record.environment;
    let cpu = machine.cpu_model.as_deref().unwrap_or(&machine.os);
    format!("{cpu}, kernel {}", machine.kernel)
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
