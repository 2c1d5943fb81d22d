//! What was measured, for a person: tables in Markdown, aligned, so that they are read as they
//! are and kept as they are.

use crate::goal::{Figure, Verdict};
use crate::matrix::{Cell, Run};
use crate::rounds::{Failure, Measured};
use crate::scenario::Scenario;

/// A column's title and width in characters; numbers are at its right, words at its left.
pub(crate) enum Column {
    Words(&'static str, usize),
    Numbers(&'static str, usize),
}

use Column::{Numbers, Words};

const CELLS: [Column; 6] = [
    Words("server", 25),
    Words("client", 16),
    Words("connections", 14),
    Numbers("requests/s", 25),
    Numbers("client µs", 21),
    Numbers("server µs", 21),
];

const GOALS: [Column; 5] = [
    Words("scenario", 14),
    Words("goal", 62),
    Numbers("measured", 19),
    Words("wanted", 12),
    Words("", 7),
];

/// Prints the names of scenarios.
pub(crate) fn print_scenarios(scenarios: &[Scenario]) {
    for Scenario { name, about, .. } in scenarios {
        println!("  {name:<16}{about}");
    }
}

/// Prints a line for each cell: median and range over the rounds.
pub(crate) fn print_cells(cells: &[Measured<Cell, Run>]) {
    print!("{}", head(&CELLS));
    for measured in cells {
        let cell = &measured.cell;
        let load = cell.load.to_string();
        let [rate, client, server] = figures(measured);
        let (by, of) = (cell.client.label(), cell.server.label());
        print!(
            "{}",
            line(&CELLS, [&of, by, &load, &rate, &client, &server])
        );
    }
}

/// What is said of a cell: its figures, or why it has none.
fn figures(measured: &Measured<Cell, Run>) -> [String; 3] {
    let none = String::new;
    match &measured.failure {
        Some(Failure::Missing) => ["missing".to_owned(), none(), none()],
        Some(Failure::Failed(why)) => [why.clone(), none(), none()],
        None => [
            (Figure::RequestsPerSecond, 0),
            (Figure::ClientUs, 1),
            (Figure::ServerUs, 1),
        ]
        .map(|(figure, digits)| {
            let spread = measured.spread(|run| figure.of(run));
            spread.map_or("–".to_owned(), |spread| format!("{spread:.digits$}"))
        }),
    }
}

/// Prints each goal beside what was measured.
pub(crate) fn print_goals(judged: &[(&Scenario, anyhow::Result<Vec<Verdict>>)]) {
    println!();
    print!("{}", head(&GOALS));
    for (scenario, verdicts) in judged {
        match verdicts {
            Ok(verdicts) => print!("{}", goal_lines(scenario.name, verdicts)),
            Err(error) => {
                let why = format!("{error:#}");
                let texts = [scenario.name, &why, "–", "–", "missing"];
                print!("{}", line(&GOALS, texts));
            }
        }
    }
}

/// The goals of one scenario as a table.
pub(crate) fn goals(scenario: &str, verdicts: &[Verdict]) -> String {
    head(&GOALS) + &goal_lines(scenario, verdicts)
}

fn goal_lines(scenario: &str, verdicts: &[Verdict]) -> String {
    let lines = verdicts.iter().map(|verdict| {
        let value = verdict.value.map(|value| value.to_string());
        let value = value.as_deref().unwrap_or("–");
        let wanted = verdict.wanted.to_string();
        let texts = [scenario, &verdict.label, value, &wanted, verdict.word()];
        line(&GOALS, texts)
    });
    lines.collect()
}

/// A table's first two lines.
pub(crate) fn head<const N: usize>(columns: &[Column; N]) -> String {
    let rules = columns.each_ref().map(Column::rule);
    let titles = columns.each_ref().map(Column::title);
    format!("{}|{}|\n", line(columns, titles), rules.join("|"))
}

/// Any other line of it.
pub(crate) fn line<const N: usize>(columns: &[Column; N], texts: [&str; N]) -> String {
    let fields = columns.iter().zip(texts);
    let fields: Vec<String> = fields.map(|(column, text)| column.field(text)).collect();
    format!("|{}|\n", fields.join("|"))
}

impl Column {
    fn title(&self) -> &'static str {
        match self {
            Words(title, _) | Numbers(title, _) => title,
        }
    }

    fn rule(&self) -> String {
        match *self {
            Words(_, width) => "-".repeat(width + 2),
            Numbers(_, width) => "-".repeat(width + 1) + ":",
        }
    }

    fn field(&self, text: &str) -> String {
        match *self {
            Words(_, width) => format!(" {text:<width$} "),
            Numbers(_, width) => format!(" {text:>width$} "),
        }
    }
}
