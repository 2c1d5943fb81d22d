//! The rate against the number of connections, of scenarios that differ in nothing else.

use super::lines::{Curve, Lines, Point};
use super::panels;
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::Metric;
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{Axis, Key, Unit};
use crate::report::{Column, Figure, Line, Scale, Table, Zoom};

/// From this ratio of the highest to the lowest rate on, the axis of rates is logarithmic.
const LOG_MIN: f64 = 25.0;

/// Of more servers than this the bars would be on one another.
const BARS_MAX: usize = 4;

/// Scenarios that differ in their connections alone, the fewest first.
pub(super) struct Family<'a> {
    name: String,
    members: Vec<&'a Scenario<'a>>,
}

/// One panel for each family.
pub(super) fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let families = families(measured);
    sheets::of(&families, |chunk, sheet| figure(measured, chunk, sheet))
}

/// The families: at least two scenarios each, no two with as many connections.
pub(super) fn families<'a>(measured: &'a Measured<'a>) -> Vec<Family<'a>> {
    let mut families: Vec<Family<'a>> = Vec::new();
    let has_place = |it: &&Scenario<'_>| has_rate(it) && tells_connections(it);
    for scenario in measured.scenarios.iter().filter(has_place) {
        let is_kin = |it: &&mut Family<'_>| it.members[0].kind == scenario.kind;
        match families.iter_mut().find(is_kin) {
            Some(family) => family.members.push(scenario),
            None => families.push(Family {
                name: String::new(),
                members: vec![scenario],
            }),
        }
    }
    for family in &mut families {
        family.members.sort_by_key(|it| it.connections);
        family.name = name(&family.members);
    }
    let differ = |family: &Family<'_>| {
        let mut pairs = family.members.windows(2);
        family.members.len() > 1 && pairs.all(|it| it[0].connections < it[1].connections)
    };
    families.into_iter().filter(differ).collect()
}

impl Family<'_> {
    /// Whether it has this scenario.
    pub(super) fn has(&self, scenario: &Scenario<'_>) -> bool {
        self.members.iter().any(|it| it.name == scenario.name)
    }
}

fn has_rate(scenario: &Scenario<'_>) -> bool {
    let mut cells = scenario.cells.iter();
    cells.any(|cell| scenario.summary(cell, Metric::RatePerSecond).is_some())
}

/// What does not tell them, which another tool measured, has no place among those that do.
fn tells_connections(scenario: &Scenario<'_>) -> bool {
    let mut runs = scenario.cells.iter().flat_map(|cell| &cell.runs);
    runs.all(|run| run.tells("plan.connections"))
}

/// What the names have in common at their beginning, and the load.
fn name(members: &[&Scenario<'_>]) -> String {
    let first = members[0].name.as_str();
    let is_common = |end: &usize| {
        let start = first.get(..*end);
        start.is_some_and(|start| members.iter().all(|it| it.name.starts_with(start)))
    };
    let end = (0..=first.len()).rev().find(is_common).unwrap_or(0);
    let common = first[..end].trim_end_matches(|it: char| !it.is_alphabetic());
    let kind = &members[0].kind;
    match common.chars().count() {
        0 | 1 => kind.clone(),
        _ => format!("{common}: {kind}"),
    }
}

fn figure(measured: &Measured<'_>, families: &[Family<'_>], sheet: Sheet) -> Figure {
    let is_alone = families.len() == 1;
    let panels: Vec<Lines<'_>> = families
        .iter()
        .map(|family| panel(measured, family, is_alone))
        .collect();
    let scenarios: Vec<&Scenario<'_>> = families
        .iter()
        .flat_map(|it| it.members.iter().copied())
        .collect();
    let mut keys = match is_alone {
        true => Vec::new(),
        false => words::keys(measured, &scenarios, Key::Line),
    };
    keys.extend(words::hollow(&scenarios));
    let told = scenarios.iter().filter_map(|scenario| {
        words::values(measured, scenario, Unit::Count, |cell| {
            scenario.median(cell, Metric::RatePerSecond)
        })
    });
    let is_limited = scenarios
        .iter()
        .flat_map(|it| &it.cells)
        .any(|cell| cell.is_limited);
    let limited = match is_limited {
        true => {
            " Where the load generator was the limit (≥ in the numbers), the server may do more."
        }
        false => "",
    };
    let bars = match measured.servers.len() <= BARS_MAX {
        true => "; bars reach from the lowest round to the highest",
        false => "",
    };
    Figure {
        id: sheet.id("connections"),
        title: sheet.title("Rate against connections"),
        caption: format!("Medians of the rounds{bars}.{limited}"),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: Some(table(measured, families)),
        zoom: is_alone
            .then(|| zoom(measured, &families[0]))
            .into_iter()
            .collect(),
    }
}

fn panel<'a>(measured: &Measured<'_>, family: &Family<'_>, is_labelled: bool) -> Lines<'a> {
    let curves: Vec<Curve> = (0..measured.servers.len())
        .filter_map(|it| curve(measured, family, it))
        .collect();
    let points = || curves.iter().flat_map(|it| it.points.iter().flatten());
    let connections = family.members.iter().map(|it| it.connections as f64);
    let ranges = points().flat_map(|it| it.range.map_or([it.y, it.y], |(low, high)| [low, high]));
    Lines {
        title: family.name.clone(),
        x_label: "connections",
        y_label: format!("{}s per second", family.members[0].unit),
        x: Axis::over(connections.clone(), Scale::Log, false),
        x_ticks: connections.collect(),
        x_text: |tick| tick.to_string(),
        y: Axis::over(
            ranges.collect::<Vec<_>>(),
            y_scale(points().map(|it| it.y)),
            true,
        ),
        y_unit: Unit::Count,
        curves,
        is_labelled,
        field: if is_labelled { 260.0 } else { 150.0 },
    }
}

fn y_scale(values: impl Iterator<Item = f64>) -> Scale {
    let positive: Vec<f64> = values.filter(|it| *it > 0.0).collect();
    let low = positive.iter().copied().fold(f64::MAX, f64::min);
    let high = positive.iter().copied().fold(0.0, f64::max);
    match high > LOG_MIN * low {
        true => Scale::Log,
        false => Scale::Linear,
    }
}

fn cell_of<'a>(scenario: &'a Scenario<'a>, server: usize) -> Option<&'a Cell<'a>> {
    scenario.cells.iter().find(|cell| cell.server == server)
}

fn curve(measured: &Measured<'_>, family: &Family<'_>, server: usize) -> Option<Curve> {
    let point = |scenario: &&Scenario<'_>| {
        let cell = cell_of(scenario, server)?;
        let rate = scenario.summary(cell, Metric::RatePerSecond)?;
        Some(Point {
            x: scenario.connections as f64,
            y: rate.median,
            range: (measured.servers.len() <= BARS_MAX).then_some((rate.low, rate.high)),
            is_marked: true,
            is_hollow: cell.is_doubted,
            bound: cell.bound(Metric::RatePerSecond),
        })
    };
    let points: Vec<Option<Point>> = family.members.iter().map(point).collect();
    points.iter().any(Option::is_some).then(|| Curve {
        name: measured.servers[server].clone(),
        series: server,
        points,
    })
}

fn table(measured: &Measured<'_>, families: &[Family<'_>]) -> Table {
    let heading = |server: &String| Column {
        heading: server.clone(),
        is_number: true,
    };
    let words = ["scenario", "connections"].map(|it| Column {
        heading: it.to_owned(),
        is_number: it == "connections",
    });
    let row = |scenario: &&Scenario<'_>| {
        let number = |server: usize| {
            let cell = cell_of(scenario, server)?;
            let rate = scenario.summary(cell, Metric::RatePerSecond)?;
            Some(format!(
                "{}{:.0}",
                cell.bound(Metric::RatePerSecond),
                rate.median
            ))
        };
        let numbers = (0..measured.servers.len()).map(|it| number(it).unwrap_or_default());
        let names = [scenario.name.clone(), scenario.connections.to_string()];
        names
            .into_iter()
            .chain(numbers)
            .map(crate::report::Cell::plain)
            .collect()
    };
    Table {
        caption: "Rate against connections, medians per second".to_owned(),
        columns: words
            .into_iter()
            .chain(measured.servers.iter().map(heading))
            .collect(),
        rows: families
            .iter()
            .flat_map(|it| &it.members)
            .map(row)
            .collect(),
    }
}

fn zoom(measured: &Measured<'_>, family: &Family<'_>) -> Zoom {
    let curves = (0..measured.servers.len()).filter_map(|it| curve(measured, family, it));
    let curves: Vec<Curve> = curves.collect();
    let line = |curve: Curve| Line {
        label: curve.name,
        series: curve.series,
        y: curve
            .points
            .iter()
            .map(|point| Some(point.as_ref()?.y))
            .collect(),
    };
    Zoom {
        x_label: "connections".to_owned(),
        y_label: format!("{}s per second", family.members[0].unit),
        x_scale: Scale::Log,
        y_scale: y_scale(
            curves
                .iter()
                .flat_map(|it| it.points.iter().flatten())
                .map(|it| it.y),
        ),
        x: family
            .members
            .iter()
            .map(|it| it.connections as f64)
            .collect(),
        lines: curves.into_iter().map(line).collect(),
    }
}
