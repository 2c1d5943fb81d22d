//! The matrix for people: a table for each metric, and below them what is to be known.

use super::{Cell, METRICS, Matrix, Row};
use crate::compare::benchmark::Benchmark;
use crate::compare::metric::{Direction, Metric};
use crate::compare::table::escaped;
use crate::compare::text::value;

/// A server that was not to be measured.
const LEFT_OUT: &str = "·";

/// A server of which there is no number.
const NONE: &str = "–";

/// A server of which there are numbers, but not this one.
const UNKNOWN: &str = "?";

/// One table, with its heads.
pub(crate) struct Table {
    /// What it is of.
    pub(crate) title: String,
    /// The first is empty, the others are servers.
    pub(crate) heads: Vec<String>,
    /// The first of each is the scenario's name.
    pub(crate) rows: Vec<Vec<Entry>>,
}

/// What stands in a cell.
pub(crate) struct Entry {
    /// The number, or the sign that stands for none.
    pub(crate) text: String,
    /// Whether it is clearly the best of its row.
    pub(crate) is_clear: bool,
}

impl Matrix {
    /// Plain text for a terminal.
    pub(in crate::compare) fn to_text(&self, benchmark: &Benchmark) -> String {
        let notes = self.notes();
        let mut text = String::new();
        for table in self.tables(&notes) {
            text.push_str(&table.to_text());
            text.push('\n');
        }
        for (number, note) in (1..).zip(&notes) {
            text.push_str(&format!("[{number}] {note}\n"));
        }
        for line in left_out(benchmark) {
            text.push_str(&format!("{LEFT_OUT} {line}\n"));
        }
        text.push_str(&format!("\n{}\n", self.legend()));
        text
    }

    /// Markdown, as `summary.md` has it.
    pub(in crate::compare) fn to_markdown(&self, benchmark: &Benchmark) -> String {
        let notes = self.notes();
        let mut text = String::new();
        for table in self.tables(&notes) {
            text.push_str(&table.to_markdown());
            text.push('\n');
        }
        for (number, note) in (1..).zip(&notes) {
            text.push_str(&format!("{number}. {}\n", escaped(note)));
        }
        if !notes.is_empty() {
            text.push('\n');
        }
        for line in left_out(benchmark) {
            text.push_str(&format!("- {LEFT_OUT} {}\n", escaped(&line)));
        }
        text.push_str(&format!("\n{}\n", self.legend()));
        text.push_str(&glossary(benchmark));
        text
    }

    /// One for each metric; `notes` are the matrix' own.
    pub(crate) fn tables(&self, notes: &[String]) -> Vec<Table> {
        let is_known = |metric: &Metric| {
            let mut cells = self.rows.iter().flat_map(|row| &row.cells);
            cells.any(|cell| cell.values_of(*metric).is_some())
        };
        // That nothing is known of the rate is worth a table.
        METRICS
            .into_iter()
            .filter(|metric| *metric == METRICS[0] || is_known(metric))
            .map(|metric| self.table(metric, notes))
            .collect()
    }

    fn table(&self, metric: Metric, notes: &[String]) -> Table {
        let better = match metric.direction() {
            Direction::HigherIsBetter => "higher",
            Direction::LowerIsBetter => "lower",
        };
        let heads = std::iter::once(String::new()).chain(self.servers.iter().cloned());
        let row = |row: &Row| {
            let cells = self.servers.iter().map(|server| {
                let cell = row.cells.iter().find(|cell| cell.server == *server);
                entry(row, cell, metric, notes)
            });
            let name = Entry {
                text: row.scenario.clone(),
                is_clear: false,
            };
            std::iter::once(name).chain(cells).collect()
        };
        Table {
            title: format!("{} ({better} is better)", metric.label()),
            heads: heads.collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    /// What went wrong, a line for each cell.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.rows.iter().flat_map(|row| {
            let troubled = row.cells.iter().filter(|cell| !cell.troubles.is_empty());
            troubled.map(|cell| note(row, cell))
        });
        notes.collect()
    }

    /// How the tables are to be read.
    pub(in crate::compare) fn legend(&self) -> String {
        let best = || self.rows.iter().flat_map(|row| &row.best);
        let (asked, clear) = (
            best().filter(|best| best.p_value.is_some()).count(),
            best().filter(|best| best.is_clear).count(),
        );
        let corrected = best().filter(|best| {
            let p_value = best.p_value_adjusted;
            best.is_clear && p_value.is_some_and(|it| it < crate::compare::SIGNIFICANCE)
        });
        format!(
            "Medians of the rounds. {LEFT_OUT} was left out on purpose, {NONE} cannot be believed, \
             {UNKNOWN} is not known. \
             ≥ and ≤: the load generator was the limit, so the server may be better than that. The \
             best of a row is marked (*, bold) if the 95 % interval of its ratio to the runner-up, \
             paired by round (Hodges–Lehmann, Wilcoxon's signed ranks), excludes 1. Each mark \
             stands by itself: {clear} of {asked} are set, of which about {:.1} would be by chance \
             if there were no differences; {} of them remain when corrected for their number \
             (Holm).",
            asked as f64 / 20.0,
            corrected.count(),
        )
    }
}

fn note(row: &Row, cell: &Cell) -> String {
    let troubles = cell.troubles.join("; ");
    format!("{} in {}: {troubles}", cell.server, row.scenario)
}

fn entry(row: &Row, cell: Option<&Cell>, metric: Metric, notes: &[String]) -> Entry {
    let Some(cell) = cell else {
        return Entry {
            text: LEFT_OUT.to_owned(),
            is_clear: false,
        };
    };
    let best = row.best.iter().find(|best| best.metric == metric);
    let is_best = best.is_some_and(|best| best.is_clear && best.server == cell.server);
    let mut text = match cell.values_of(metric) {
        None if cell.values.is_empty() => NONE.to_owned(),
        None => UNKNOWN.to_owned(),
        Some(values) => format!("{}{}", bound(cell, metric), value(metric, values.median)),
    };
    if !cell.troubles.is_empty() {
        let own = note(row, cell);
        let number = notes.iter().position(|note| *note == own);
        text.push_str(&number.map_or(String::new(), |index| format!(" [{}]", index + 1)));
    }
    Entry {
        text,
        is_clear: is_best,
    }
}

/// What stands before a number that is the load generator's.
fn bound(cell: &Cell, metric: Metric) -> &'static str {
    match metric.direction() {
        _ if !metric.is_bounded_by_generator() || !cell.is_limited() => "",
        Direction::HigherIsBetter => "≥ ",
        Direction::LowerIsBetter => "≤ ",
    }
}

/// `sequential in kept-1, kept-8: closes each connection`, a line for each server and reason.
pub(crate) fn left_out(benchmark: &Benchmark) -> Vec<String> {
    let mut by_reason: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for task in &benchmark.scenarios {
        for left_out in &task.left_out {
            let key = (left_out.server.as_str(), left_out.why.as_str());
            match by_reason.iter_mut().find(|(other, _)| *other == key) {
                Some((_, scenarios)) => scenarios.push(&task.name),
                None => by_reason.push((key, vec![&task.name])),
            }
        }
    }
    let lines = by_reason
        .into_iter()
        .map(|((server, why), scenarios)| format!("{server} in {}: {why}", scenarios.join(", ")));
    lines.collect()
}

/// What the names stand for, as far as that is known.
fn glossary(benchmark: &Benchmark) -> String {
    let mut text = String::new();
    let scenarios = benchmark.scenarios.iter();
    for task in scenarios.filter(|task| !task.load.is_empty()) {
        text.push_str(&format!("- `{}`: {}\n", task.name, escaped(&task.load)));
    }
    let servers = benchmark.servers.iter();
    for server in servers.filter(|server| !server.started_as.is_empty()) {
        text.push_str(&format!("- `{}`: `{}`\n", server.label, server.started_as));
    }
    match text.is_empty() {
        true => text,
        false => format!("\n## Names\n\n{text}"),
    }
}

impl Table {
    fn to_text(&self) -> String {
        let shown = |entry: &Entry| match entry.is_clear {
            true => format!("{}*", entry.text),
            false => entry.text.clone(),
        };
        let mut lines = vec![self.heads.clone()];
        let rows = self.rows.iter();
        lines.extend(rows.map(|row| row.iter().map(shown).collect::<Vec<_>>()));
        let width = |column: usize| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let mut text = format!("{}\n", self.title);
        for line in &lines {
            let mut row = format!("  {:<width$}", line[0], width = widths[0]);
            for (cell, width) in line.iter().zip(&widths).skip(1) {
                row.push_str(&format!("  {cell:>width$}"));
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }

    fn to_markdown(&self) -> String {
        let shown = |entry: &Entry| match entry.is_clear {
            true => format!("**{}**", escaped(&entry.text)),
            false => escaped(&entry.text),
        };
        let heads: Vec<String> = self.heads.iter().map(|head| escaped(head)).collect();
        let rule = "---:|".repeat(heads.len() - 1);
        let mut text = format!(
            "## {}\n\n| {} |\n|---|{rule}\n",
            self.title,
            heads.join(" | ")
        );
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(shown).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text
    }
}
