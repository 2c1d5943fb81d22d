//! The rate by scenario, of those that have no others to be held against by connections.

use super::connections::families;
use super::panels;
use super::rows::{Row, Rows, Shape};
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::{Loops, Metric};
use crate::report::Figure;
use crate::report::model::measured::{Measured, Scenario};
use crate::report::svg::Unit;

/// One panel for each scenario.
pub(super) fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let families = families(measured);
    let is_single = |it: &&Scenario<'_>| !families.iter().any(|family| family.has(it));
    let single: Vec<(&Scenario<'_>, Rows)> = measured
        .scenarios
        .iter()
        .filter(is_single)
        .filter_map(|it| Some((it, panel(measured, it)?)))
        .collect();
    sheets::of(&single, |chunk, sheet| figure(measured, chunk, sheet))
}

fn figure(measured: &Measured<'_>, chunk: &[(&Scenario<'_>, Rows)], sheet: Sheet) -> Figure {
    let (scenarios, panels): (Vec<_>, Vec<_>) = chunk.iter().map(|(it, rows)| (*it, rows)).unzip();
    let signs = [
        words::limited(&scenarios, Metric::RatePerSecond),
        words::hollow(&scenarios),
    ];
    let keys: Vec<_> = signs.into_iter().flatten().collect();
    let told = scenarios.iter().filter_map(|scenario| {
        words::values(measured, scenario, Unit::Count, |cell| {
            scenario.median(cell, Metric::RatePerSecond)
        })
    });
    Figure {
        id: sheet.id("rate"),
        title: sheet.title("Rate by scenario"),
        caption: format!(
            "Successes per second: the median of the rounds, and a line from the lowest to the \
             highest. {}",
            direction(&scenarios)
        ),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: None,
        zoom: Vec::new(),
    }
}

/// Where requests start by a schedule no server can have more than is offered.
fn direction(scenarios: &[&Scenario<'_>]) -> &'static str {
    match scenarios.iter().any(|it| it.loops == Loops::Open) {
        true => "More is better, but no more than a schedule offers.",
        false => "More is better.",
    }
}

fn panel(measured: &Measured<'_>, scenario: &Scenario<'_>) -> Option<Rows> {
    let rows = scenario.cells.iter().filter_map(|cell| {
        let rate = scenario.summary(cell, Metric::RatePerSecond)?;
        let bound = cell.bound(Metric::RatePerSecond);
        Some(Row {
            name: measured.server(cell).to_owned(),
            series: cell.server,
            shape: Shape::Range(rate),
            text: format!("{bound}{}", Unit::Count.text(rate.median)),
            is_hollow: cell.is_doubted,
        })
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| Rows {
        title: format!("{}, {}s per second", scenario.name, scenario.unit),
        rows,
        axis: None,
    })
}
