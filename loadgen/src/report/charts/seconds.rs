//! The runs second by second: whether they were one steady thing.

use super::lines::{Curve, Lines, Point};
use super::panels;
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::Loops;
use crate::record::Second;
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{Axis, Key, Unit, short};
use crate::report::{Figure, Line, Scale, Zoom};
use crate::statistics::median_of_sorted;

/// Runs that are shorter have nothing to show.
const SECONDS_MIN: usize = 2;

/// A last second that is shorter than this says little.
const PART_MIN: f64 = 0.5;

/// Scenarios with a figure; of the others the numbers are in their records.
const SCENARIOS_MAX: usize = 6;

/// What stands below.
const X_LABEL: &str = "seconds since the run began";

/// What is drawn of each second: its name, its unit, and its number.
type Measure = (&'static str, Unit, fn(&Second) -> Option<f64>);

const RATE: Measure = ("successes per second", Unit::Count, |it| {
    (it.elapsed_s > 0.0).then(|| it.succeeded as f64 / it.elapsed_s)
});

const P99: Measure = ("p99 latency", Unit::Nanoseconds, |it| {
    it.latency_ns_p99.map(|ns| ns as f64)
});

const FAILED: Measure = ("failures per second", Unit::Count, |it| {
    (it.elapsed_s > 0.0).then(|| it.failed as f64 / it.elapsed_s)
});

/// One figure for each scenario.
pub(super) fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let known = measured
        .scenarios
        .iter()
        .filter(|it| seconds(it) >= SECONDS_MIN);
    let known: Vec<&Scenario<'_>> = known.collect();
    let left_out = known.len().saturating_sub(SCENARIOS_MAX);
    let shown = &known[..known.len() - left_out];
    sheets::with(1, shown, |it, sheet| {
        figure(measured, it[0], sheet, left_out)
    })
}

fn figure(
    measured: &Measured<'_>,
    scenario: &Scenario<'_>,
    sheet: Sheet,
    left_out: usize,
) -> Figure {
    let measures = [RATE, P99, FAILED];
    let mut panels: Vec<Lines<'_>> = measures
        .iter()
        .filter_map(|it| panel(measured, scenario, it))
        .collect();
    if let Some(last) = panels.last_mut() {
        last.x_label = X_LABEL;
    }
    let mut keys = words::keys(measured, &[scenario], Key::Line);
    keys.extend(words::hollow(&[scenario]));
    let caption = match scenario.loops {
        Loops::Open => {
            "Each second's median over the rounds; p99 from when requests were started, not from \
             when they were due."
        }
        _ => "Each second's median over the rounds.",
    };
    let more = match left_out {
        0 => String::new(),
        count => format!(" {count} more scenarios have seconds and are not drawn."),
    };
    let told = [RATE, FAILED].into_iter().filter_map(|(label, unit, of)| {
        let text = words::values(measured, scenario, unit, |cell| {
            let all: Vec<f64> = by_second(cell, of).into_iter().flatten().collect();
            Some(all.iter().sum::<f64>() / all.len().max(1) as f64)
        });
        text.map(|text| format!("{label}, mean over the run, {text}"))
    });
    Figure {
        id: sheet.id("seconds"),
        title: format!("Second by second: {}", scenario.name),
        caption: format!("{caption}{more}"),
        alt: words::joined(told),
        svg: panels::stacked(&keys, &panels, 1),
        table: None,
        zoom: panels.iter().map(zoom).collect(),
    }
}

/// The longest run's number of whole seconds.
fn seconds(scenario: &Scenario<'_>) -> usize {
    let runs = scenario.cells.iter().flat_map(Cell::counted);
    runs.map(|run| run.series.iter().filter(|it| is_whole(it)).count())
        .max()
        .unwrap_or(0)
}

fn is_whole(second: &Second) -> bool {
    second.elapsed_s >= PART_MIN
}

/// None if no second knows it; failures only if there are any.
fn panel<'a>(
    measured: &Measured<'_>,
    scenario: &Scenario<'_>,
    (label, unit, of): &Measure,
) -> Option<Lines<'a>> {
    let curves: Vec<Curve> = scenario
        .cells
        .iter()
        .filter_map(|cell| curve(measured, cell, *of))
        .collect();
    let values = || {
        curves
            .iter()
            .flat_map(|it| it.points.iter().flatten())
            .map(|it| it.y)
    };
    let is_nothing = values().all(|it| it == 0.0);
    if is_nothing && *label != RATE.0 {
        return None;
    }
    let last = seconds(scenario) as f64 - 1.0;
    let x = Axis::between(0.0, last, Scale::Linear);
    Some(Lines {
        title: String::new(),
        x_label: "",
        y_label: (*label).to_owned(),
        x_ticks: x
            .ticks(10)
            .into_iter()
            .filter(|it| it.fract() == 0.0)
            .collect(),
        x,
        x_text: short,
        y: Axis::over(values().collect::<Vec<_>>(), Scale::Linear, true),
        y_unit: *unit,
        curves,
        is_labelled: false,
        field: 110.0,
    })
}

fn curve(
    measured: &Measured<'_>,
    cell: &Cell<'_>,
    of: fn(&Second) -> Option<f64>,
) -> Option<Curve> {
    let values = by_second(cell, of);
    let few = values.len() <= 30;
    let point = |(second, value): (usize, &Option<f64>)| {
        let (x, y) = (second as f64, (*value)?);
        let (is_marked, is_hollow) = (few, cell.is_doubted);
        Some(Point {
            x,
            y,
            is_marked,
            is_hollow,
            ..Point::default()
        })
    };
    values.iter().any(Option::is_some).then(|| Curve {
        name: measured.server(cell).to_owned(),
        series: cell.server,
        points: values.iter().enumerate().map(point).collect(),
    })
}

/// The median over the rounds of each second; none where no round knows it.
fn by_second(cell: &Cell<'_>, of: fn(&Second) -> Option<f64>) -> Vec<Option<f64>> {
    let mut seconds: Vec<Vec<f64>> = Vec::new();
    for second in cell
        .counted()
        .flat_map(|run| &run.series)
        .filter(|it| is_whole(it))
    {
        // A run is not longer than its rows.
        let Some(index) = usize::try_from(second.start_s)
            .ok()
            .filter(|it| *it < SECONDS_MAX)
        else {
            continue;
        };
        if seconds.len() <= index {
            seconds.resize_with(index + 1, Vec::new);
        }
        seconds[index].extend(of(second).filter(|it| it.is_finite()));
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        median_of_sorted(values)
    };
    seconds.iter_mut().map(median).collect()
}

/// A week: what a damaged record says of its seconds takes no more memory than that.
const SECONDS_MAX: usize = 7 * 24 * 3600;

/// A panel's lines, second by second.
fn zoom(panel: &Lines<'_>) -> Zoom {
    let length = panel.curves.iter().map(|curve| curve.points.len()).max();
    let length = length.unwrap_or(0);
    let (unit, factor) = match panel.y_unit {
        Unit::Nanoseconds => (" (ms)", 1e-6),
        _ => ("", 1.0),
    };
    let line = |curve: &Curve| {
        let values = curve
            .points
            .iter()
            .map(|it| it.map(|point| point.y * factor));
        let mut y: Vec<Option<f64>> = values.collect();
        y.resize(length, None);
        Line {
            label: curve.name.clone(),
            series: curve.series,
            y,
        }
    };
    Zoom {
        x_label: X_LABEL.to_owned(),
        y_label: format!("{}{unit}", panel.y_label),
        x_scale: Scale::Linear,
        y_scale: Scale::Linear,
        x: (0..length).map(|second| second as f64).collect(),
        lines: panel.curves.iter().map(line).collect(),
    }
}
