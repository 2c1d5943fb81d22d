//! The tables of a comparison: of each pair its metrics, or of many servers each metric.

use super::verdicts::tone;
use crate::compare::{Case, Comparison, heading};
use crate::report::{Cell, Column, Table, Tone};

/// The tables of a comparison.
pub(super) fn of(comparison: &Comparison) -> Vec<Table> {
    match &comparison.matrix {
        Some(matrix) => {
            let tables = matrix.tables(&matrix.notes());
            tables.into_iter().map(of_metric).collect()
        }
        None => comparison.cases.iter().map(of_case).collect(),
    }
}

/// A column of text.
pub(super) fn words(heading: &str) -> Column {
    Column {
        heading: heading.to_owned(),
        is_number: false,
    }
}

/// A column of numbers.
pub(super) fn numbers(heading: &str) -> Column {
    Column {
        heading: heading.to_owned(),
        is_number: true,
    }
}

fn of_case(case: &Case) -> Table {
    let mut rows = case.rows().into_iter();
    let heads = rows.next().unwrap_or_default();
    let column = |(index, head): (usize, &String)| match index {
        0 if head.is_empty() => words("metric"),
        5 => words(head),
        _ => numbers(head),
    };
    let row = |(row, change): (crate::compare::TableRow, &crate::compare::Change)| {
        let mut cells: Vec<Cell> = row.into_iter().map(Cell::plain).collect();
        if let Some(last) = cells.last_mut() {
            last.tone = tone(change.verdict, change.metric);
        }
        cells
    };
    Table {
        caption: heading(case),
        columns: heads.iter().enumerate().map(column).collect(),
        rows: rows.zip(&case.changes).map(row).collect(),
    }
}

fn of_metric(table: crate::compare::MatrixTable) -> Table {
    let column = |(index, head): (usize, &String)| match index {
        0 => words("scenario"),
        _ => numbers(head),
    };
    let rows = table.rows.into_iter().map(|row| {
        let cells = row.into_iter().map(|entry| Cell {
            tone: if entry.is_clear {
                Tone::Better
            } else {
                Tone::Plain
            },
            text: entry.text,
        });
        cells.collect()
    });
    Table {
        caption: table.title,
        columns: table.heads.iter().enumerate().map(column).collect(),
        rows: rows.collect(),
    }
}
