//! What has to be known besides what was found.

use super::measured::Measured;
use super::outcome::Outcome;
use crate::compare::{Comparison, left_out};
use crate::report::{Sentence, Tone};

/// The notes of a comparison, and how its numbers are to be read.
pub(super) fn of(comparison: &Comparison) -> Vec<Sentence> {
    let mut notes: Vec<Sentence> = comparison.unmatched.iter().map(|it| open(it)).collect();
    for case in &comparison.cases {
        let title = case.title();
        for note in &case.notes {
            let note = match title.is_empty() {
                true => plain(note),
                false => plain(&format!("{title}: {note}")),
            };
            // Of a server that is compared with two others the same is true twice.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    if let Some(matrix) = &comparison.matrix {
        let doubts = matrix.notes();
        notes.extend(doubts.iter().map(|it| Sentence::new(it, Tone::Invalid)));
    }
    notes.extend(comparison.noise_lines().iter().map(|line| plain(line)));
    notes.push(plain(&comparison.legend()));
    notes
}

/// Whose runs have a median that is of no load.
pub(super) fn of_mixed(measured: &Measured<'_>) -> Vec<Sentence> {
    let cells = measured.scenarios.iter().flat_map(|scenario| {
        let mixed = scenario.cells.iter().filter(|cell| cell.is_mixed);
        mixed.map(|cell| (scenario.name.as_str(), measured.server(cell)))
    });
    let note = |(scenario, server)| {
        let text = format!(
            "{scenario}: the loads of {server}'s runs differ, so their medians say nothing; give \
             each load a scenario, or a directory, of its own."
        );
        Sentence::new(text, Tone::Invalid)
    };
    cells.map(note).collect()
}

/// What was planned that no run shows.
pub(super) fn of_benchmark(outcome: &Outcome) -> Vec<Sentence> {
    let benchmark = &outcome.benchmark;
    let mut notes = Vec::new();
    if benchmark.interrupted {
        notes.push(open(
            "The benchmark was interrupted: complete rounds only were kept.",
        ));
    }
    notes.extend(benchmark.notes.iter().map(|note| plain(note)));
    let lines = left_out(benchmark);
    notes.extend(
        lines
            .iter()
            .map(|line| plain(&format!("Left out on purpose: {line}"))),
    );
    for task in benchmark.scenarios.iter().filter(|it| !it.load.is_empty()) {
        notes.push(plain(&format!("{}: {}", task.name, task.load)));
    }
    for server in benchmark
        .servers
        .iter()
        .filter(|it| !it.started_as.is_empty())
    {
        notes.push(plain(&format!(
            "{}: started as {}",
            server.label, server.started_as
        )));
    }
    notes
}

fn plain(text: &str) -> Sentence {
    Sentence::new(text, Tone::Plain)
}

fn open(text: &str) -> Sentence {
    Sentence::new(text, Tone::Open)
}
