//! What a request costs the server's CPU, in the kernel and in user mode.

use super::panels;
use super::rows::{Row, Rows, Shape};
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::Metric;
use crate::report::Figure;
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{Key, Unit};

/// One panel for each scenario.
pub(super) fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let known: Vec<(&Scenario<'_>, Rows)> = measured
        .scenarios
        .iter()
        .filter_map(|it| Some((it, panel(measured, it)?)))
        .collect();
    sheets::of(&known, |chunk, sheet| figure(measured, chunk, sheet))
}

fn figure(measured: &Measured<'_>, chunk: &[(&Scenario<'_>, Rows)], sheet: Sheet) -> Figure {
    let (scenarios, panels): (Vec<_>, Vec<_>) = chunk.iter().map(|(it, rows)| (*it, rows)).unzip();
    let is_divided = panels
        .iter()
        .flat_map(|it| &it.rows)
        .any(|row| match &row.shape {
            Shape::Bar(parts) => parts.len() > 1,
            _ => false,
        });
    let mut keys = match is_divided {
        true => vec![
            Key::Field(true, "in the kernel".to_owned()),
            Key::Field(false, "in user mode".to_owned()),
        ],
        false => Vec::new(),
    };
    keys.extend(words::hollow(&scenarios));
    let told = scenarios.iter().filter_map(|scenario| {
        words::values(measured, scenario, Unit::Nanoseconds, |cell| {
            Some(scenario.median(cell, Metric::ServerCpuUsPerRequest)? * 1e3)
        })
    });
    let parts = match is_divided {
        true => " It is divided as the rounds' sums are.",
        false => "",
    };
    Figure {
        id: sheet.id("cpu"),
        title: sheet.title("Server CPU per request"),
        caption: format!("The median of the rounds. Less is better.{parts}"),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: None,
        zoom: Vec::new(),
    }
}

fn panel(measured: &Measured<'_>, scenario: &Scenario<'_>) -> Option<Rows> {
    let rows = scenario.cells.iter().filter_map(|cell| {
        let total = scenario.median(cell, Metric::ServerCpuUsPerRequest)? * 1e3;
        Some(Row {
            name: measured.server(cell).to_owned(),
            series: cell.server,
            shape: Shape::Bar(parts(scenario, cell, total)),
            text: Unit::Nanoseconds.text(total),
            is_hollow: cell.is_doubted,
        })
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| Rows {
        title: format!("{}, CPU per {}", scenario.name, scenario.unit),
        rows,
        axis: None,
    })
}

/// Kernel and user, if every run knows them: medians of parts need not add up to that of the whole.
fn parts(scenario: &Scenario<'_>, cell: &Cell<'_>, total: f64) -> Vec<f64> {
    let sum = |metric: Metric| -> Option<f64> {
        let values = cell
            .counted()
            .map(|record| metric.of(record, scenario.loops));
        values.sum()
    };
    let kernel = sum(Metric::ServerCpuSystemUsPerRequest);
    let user = sum(Metric::ServerCpuUserUsPerRequest);
    match kernel.zip(user) {
        Some((kernel, user)) if kernel + user > 0.0 => {
            let share = kernel / (kernel + user);
            vec![total * share, total * (1.0 - share)]
        }
        _ => vec![total],
    }
}
