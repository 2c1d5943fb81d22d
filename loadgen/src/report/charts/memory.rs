//! What a connection costs the server's memory.

use super::panels;
use super::rows::{Row, Rows, Shape};
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::Metric;
use crate::report::Figure;
use crate::report::model::measured::{Measured, Scenario};
use crate::report::svg::Unit;

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
    let keys: Vec<_> = words::hollow(&scenarios).into_iter().collect();
    let told = scenarios.iter().filter_map(|scenario| {
        words::values(measured, scenario, Unit::Bytes, |cell| {
            scenario.median(cell, Metric::ServerBytesPerConnection)
        })
    });
    Figure {
        id: sheet.id("memory"),
        title: sheet.title("Server memory per connection"),
        caption: "What the server's process holds at most, less what it held at rest, by the \
                  connections open at a time; the kernel's part is not in it. The median of the \
                  rounds. Less is better."
            .to_owned(),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: None,
        zoom: Vec::new(),
    }
}

fn panel(measured: &Measured<'_>, scenario: &Scenario<'_>) -> Option<Rows> {
    let rows = scenario.cells.iter().filter_map(|cell| {
        let bytes = scenario.median(cell, Metric::ServerBytesPerConnection)?;
        Some(Row {
            name: measured.server(cell).to_owned(),
            series: cell.server,
            shape: Shape::Bar(vec![bytes]),
            text: Unit::Bytes.text(bytes),
            is_hollow: cell.is_doubted,
        })
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| Rows {
        title: format!("{}, memory per connection", scenario.name),
        rows,
        axis: None,
    })
}
