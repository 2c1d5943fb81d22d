//! How many connections waited to be accepted, beside how many could.

use super::panels;
use super::rows::{Row, Rows, Shape};
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::Metric;
use crate::report::Figure;
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{Key, Unit};

/// One panel for each scenario in which any connection waited.
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
    let mut keys = vec![Key::Sign("|", "how many could wait (backlog)".to_owned())];
    keys.extend(words::hollow(&scenarios));
    let told = scenarios.iter().filter_map(|scenario| {
        words::values(measured, scenario, Unit::Count, |cell| {
            Some(scenario.summary(cell, Metric::AcceptQueuePeak)?.high)
        })
    });
    Figure {
        id: sheet.id("accept-queue"),
        title: sheet.title("Accept queue"),
        caption:
            "The most connections that were seen waiting to be accepted in any round, sampled: \
                  a lower bound. Overflows are all rounds' together."
                .to_owned(),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: None,
        zoom: Vec::new(),
    }
}

fn panel(measured: &Measured<'_>, scenario: &Scenario<'_>) -> Option<Rows> {
    let rows = scenario
        .cells
        .iter()
        .filter_map(|cell| row(measured, scenario, cell));
    let rows: Vec<Row> = rows.collect();
    // One that was full between two samples may have been seen empty: its overflows are said.
    let is_any = rows.iter().any(|row| row.text != "0");
    is_any.then(|| Rows {
        title: format!("{}, connections waiting", scenario.name),
        rows,
        axis: Some(Unit::Count),
    })
}

fn row(measured: &Measured<'_>, scenario: &Scenario<'_>, cell: &Cell<'_>) -> Option<Row> {
    let peak = scenario.summary(cell, Metric::AcceptQueuePeak)?.high;
    let backlog = cell.summary(|record| Some(record.server.as_ref()?.backlog? as f64));
    let overflows: Option<f64> = cell
        .counted()
        .map(|record| Metric::AcceptQueueOverflows.of(record, scenario.loops))
        .sum();
    let text = match overflows {
        Some(times) if times > 0.0 => format!("{peak}, {} overflows", Unit::Count.text(times)),
        _ => peak.to_string(),
    };
    Some(Row {
        name: measured.server(cell).to_owned(),
        series: cell.server,
        shape: Shape::Filling(peak, backlog.map(|it| it.median)),
        text,
        is_hollow: cell.is_doubted,
    })
}
