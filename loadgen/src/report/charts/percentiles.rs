//! Latency by percentile: how long the slow ones took, and how few these were.

use super::lines::{Curve, Lines, Point};
use super::panels::{self, PANELS_MAX};
use super::sheets::{self, Sheet};
use super::words;
use crate::record::{Distribution, Record};
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{Axis, Key, Unit, short};
use crate::report::{Column, Figure, Line, Scale, Table, Zoom};

/// Scenarios up to this number have a figure each, with names beside the lines.
const WHOLE_MAX: usize = 4;

/// Places for each power of ten of a line that is drawn from a whole distribution.
const PLACES: usize = 12;

/// Samples that have to lie beyond a percentile for it to be drawn.
const BEYOND_MIN: f64 = 2.0;

/// A percentile (0 to 100) and its latency in nanoseconds.
type Place = (f64, f64);

/// One panel for each scenario.
pub(super) fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let known: Vec<(&Scenario<'_>, Vec<Curve>)> = measured
        .scenarios
        .iter()
        .map(|scenario| (scenario, curves(measured, scenario)))
        .filter(|(_, curves)| !curves.is_empty())
        .collect();
    let each = if known.len() <= WHOLE_MAX {
        1
    } else {
        PANELS_MAX
    };
    sheets::with(each, &known, |chunk, sheet| figure(measured, chunk, sheet))
}

fn figure(measured: &Measured<'_>, chunk: &[(&Scenario<'_>, Vec<Curve>)], sheet: Sheet) -> Figure {
    let is_alone = chunk.len() == 1;
    let scenarios: Vec<&Scenario<'_>> = chunk.iter().map(|(scenario, _)| *scenario).collect();
    let panels: Vec<Lines<'_>> = chunk
        .iter()
        .map(|(scenario, curves)| panel(scenario, curves, is_alone))
        .collect();
    let mut keys = match is_alone {
        true => Vec::new(),
        false => words::keys(measured, &scenarios, Key::Line),
    };
    keys.extend(words::hollow(&scenarios));
    let told = scenarios.iter().filter_map(|it| {
        let p99 = |cell: &Cell<'_>| cell.summary(|record| quoted(record, 99.0));
        let text = words::values(measured, it, Unit::Nanoseconds, |cell| {
            Some(p99(cell)?.median)
        });
        text.map(|text| format!("99th percentile of {text}"))
    });
    let title = match is_alone {
        true => format!("Latency by percentile: {}", scenarios[0].name),
        false => sheet.title("Latency by percentile"),
    };
    Figure {
        id: sheet.id("latency"),
        title,
        caption: caption(&scenarios),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: Some(table(measured, &scenarios)),
        zoom: is_alone.then(|| zoom(&chunk[0].1)).into_iter().collect(),
    }
}

fn caption(scenarios: &[&Scenario<'_>]) -> String {
    let cells = || scenarios.iter().flat_map(|it| &it.cells);
    // What cannot be believed is not added to what can.
    let is_added = |cell: &Cell<'_>| cell.latency.is_some() && !cell.is_doubted;
    let source = match (cells().all(is_added), cells().any(is_added)) {
        (true, _) => "The distributions of all rounds that can be believed, added up.",
        (false, true) => {
            "The rounds' distributions added up, and of servers that have none to be believed the \
             medians of what their rounds quote."
        }
        (false, false) => "Medians of what the rounds quote.",
    };
    let limited = match cells().any(|cell| cell.is_limited) {
        true => " Where the load generator was the limit, a server may be faster than drawn.",
        false => "",
    };
    format!("Each step to the right is ten times as rare. {source}{limited}")
}

fn panel<'a>(scenario: &Scenario<'_>, curves: &[Curve], is_alone: bool) -> Lines<'a> {
    let points = || curves.iter().flat_map(|it| it.points.iter().flatten());
    let x = Axis::over(points().map(|it| it.x), Scale::Percentile, false);
    Lines {
        title: if is_alone {
            String::new()
        } else {
            scenario.name.clone()
        },
        x_label: if is_alone { "percentile" } else { "" },
        y_label: "latency".to_owned(),
        x_ticks: x.ticks(0),
        x,
        x_text: short,
        y: Axis::over(points().map(|it| it.y), Scale::Log, false),
        y_unit: Unit::Nanoseconds,
        curves: curves.iter().map(Curve::again).collect(),
        is_labelled: is_alone,
        field: if is_alone { 260.0 } else { 150.0 },
    }
}

impl Curve {
    fn again(&self) -> Self {
        Self {
            name: self.name.clone(),
            series: self.series,
            points: self.points.clone(),
        }
    }
}

fn curves(measured: &Measured<'_>, scenario: &Scenario<'_>) -> Vec<Curve> {
    let curve = |cell: &Cell<'_>| {
        let places = places(cell);
        let point = |&(x, y): &Place| {
            Some(Point {
                x,
                y,
                is_marked: Distribution::PERCENTILES.contains(&x),
                is_hollow: cell.is_doubted,
                ..Point::default()
            })
        };
        (places.len() > 1).then(|| Curve {
            name: measured.server(cell).to_owned(),
            series: cell.server,
            points: places.iter().map(point).collect(),
        })
    };
    scenario.cells.iter().filter_map(curve).collect()
}

/// From the whole distribution, or, without one, what the rounds quote.
fn places(cell: &Cell<'_>) -> Vec<Place> {
    match cell.latency.filter(|_| !cell.is_doubted) {
        Some(histogram) => {
            let is_kept = |it: &f64| is_known(*it, histogram.len() as f64);
            let places = fine().filter(is_kept);
            places
                .map(|it| (it, histogram.value_at_percentile(it) as f64))
                .collect()
        }
        None => {
            let succeeded = |record: &Record| Some(record.requests.succeeded as f64);
            let count = cell.summary(succeeded).map_or(0.0, |it| it.median);
            let known = |percentile: f64| {
                let value = cell.summary(|record| quoted(record, percentile))?;
                is_known(percentile, count).then_some((percentile, value.median))
            };
            let all = Distribution::PERCENTILES.into_iter();
            all.filter_map(known).collect()
        }
    }
}

fn is_known(percentile: f64, count: f64) -> bool {
    count * (1.0 - percentile / 100.0) >= BEYOND_MIN
}

/// Percentiles that are evenly spaced on the axis, and those that are quoted, in order.
fn fine() -> impl Iterator<Item = f64> {
    // The quickest of all is chance: a line begins with the quickest sixth.
    let even = (1..7 * PLACES).map(|step| {
        let tail = 10_f64.powf(-(step as f64) / PLACES as f64);
        100.0 * (1.0 - tail)
    });
    let mut all: Vec<f64> = even.chain(Distribution::PERCENTILES).collect();
    all.sort_by(f64::total_cmp);
    // Where both meet, the one that is quoted stays.
    all.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    all.into_iter()
}

/// The record's own latency in nanoseconds: from the intended start if there was a schedule.
fn quoted(record: &Record, percentile: f64) -> Option<f64> {
    let ns = match record.plan.rate_per_second {
        Some(_) => record.corrected_percentile_ns(percentile),
        None => record.percentile_ns(percentile),
    };
    ns.map(|ns| ns as f64)
}

fn table(measured: &Measured<'_>, scenarios: &[&Scenario<'_>]) -> Table {
    let column = |heading: String, is_number| Column { heading, is_number };
    let mut columns = vec![
        column("scenario".to_owned(), false),
        column("server".to_owned(), false),
    ];
    let percentiles = Distribution::PERCENTILES.map(|it| format!("p{} (µs)", short(it)));
    columns.extend(percentiles.map(|heading| column(heading, true)));
    let row = |scenario: &Scenario<'_>, cell: &Cell<'_>| {
        let names = [scenario.name.clone(), measured.server(cell).to_owned()];
        let numbers = Distribution::PERCENTILES.into_iter().map(|percentile| {
            let value = cell.summary(|record| quoted(record, percentile));
            value.map_or(String::new(), |it| format!("{:.1}", it.median / 1e3))
        });
        let cells = names.into_iter().chain(numbers);
        cells.map(crate::report::Cell::plain).collect()
    };
    Table {
        caption: "Latency by percentile, medians of the rounds".to_owned(),
        columns,
        rows: scenarios
            .iter()
            .flat_map(|scenario| scenario.cells.iter().map(|cell| row(scenario, cell)))
            .collect(),
    }
}

/// All lines over the places that any of them has.
fn zoom(curves: &[Curve]) -> Zoom {
    let points = curves.iter().flat_map(|it| it.points.iter().flatten());
    let mut x: Vec<f64> = points.map(|it| it.x).collect();
    x.sort_by(f64::total_cmp);
    x.dedup();
    let line = |curve: &Curve| Line {
        label: curve.name.clone(),
        series: curve.series,
        y: x.iter()
            .map(|x| {
                let mut points = curve.points.iter().flatten();
                points
                    .find(|point| point.x == *x)
                    .map(|point| point.y / 1e6)
            })
            .collect(),
    };
    Zoom {
        x_label: "percentile".to_owned(),
        y_label: "latency (ms)".to_owned(),
        x_scale: Scale::Percentile,
        y_scale: Scale::Log,
        lines: curves.iter().map(line).collect(),
        x,
    }
}
