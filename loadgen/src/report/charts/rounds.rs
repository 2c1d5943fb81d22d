//! The rounds, each as it was: how much the same server differs from itself.

use super::panels::{self, Panel};
use super::rows::{Row, Rows, Shape};
use super::sheets::{self, Sheet};
use super::words;
use crate::compare::{Loops, Metric};
use crate::record::Record;
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{
    Anchor, Axis, BOLD, Canvas, Frame, Key, Look, Mark, SMALL, TEXT, Unit, mark, shortened,
};
use crate::report::{Figure, Scale};

/// From this ratio of the highest to the lowest value on, the axis is logarithmic.
const LOG_MIN: f64 = 8.0;

/// More rounds than this are strokes: nobody reads so many lines.
const PAIRS_MAX: usize = 40;

/// Between two rounds.
const LEAD: f64 = 12.0;

/// To the left of the rounds, for their numbers.
const SIDE: f64 = 34.0;

/// Two servers in pairs, or many in rows.
enum Noise {
    Pairs(Pairs),
    Rows(Rows),
}

/// Each round's two values, joined by a line.
struct Pairs {
    title: String,
    unit: Unit,
    names: [String; 2],
    series: [usize; 2],
    rounds: Vec<Pair>,
}

struct Pair {
    round: u64,
    values: [f64; 2],
    is_hollow: [bool; 2],
}

/// One panel for each scenario and metric that is judged.
pub(super) fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let panels = |scenario| {
        let metrics = metrics(scenario).into_iter();
        metrics
            .filter_map(move |metric| Some((scenario, metric, panel(measured, scenario, metric)?)))
    };
    let all: Vec<(&Scenario<'_>, Metric, Noise)> =
        measured.scenarios.iter().flat_map(panels).collect();
    sheets::of(&all, |chunk, sheet| figure(measured, chunk, sheet))
}

/// What is judged in closed loop, or in open loop.
fn metrics(scenario: &Scenario<'_>) -> [Metric; 2] {
    match scenario.loops {
        Loops::Open => [Metric::LatencyP99Ns, Metric::ServerCpuUsPerRequest],
        _ => [Metric::RatePerSecond, Metric::ServerCpuUsPerRequest],
    }
}

fn figure(
    measured: &Measured<'_>,
    chunk: &[(&Scenario<'_>, Metric, Noise)],
    sheet: Sheet,
) -> Figure {
    let scenarios: Vec<&Scenario<'_>> = chunk.iter().map(|(scenario, _, _)| *scenario).collect();
    let panels: Vec<&Noise> = chunk.iter().map(|(_, _, panel)| panel).collect();
    let has_pairs = panels.iter().any(|it| matches!(it, Noise::Pairs(_)));
    let mut keys = match has_pairs {
        true => words::keys(measured, &scenarios, Key::Dot),
        false => Vec::new(),
    };
    keys.extend(words::hollow(&scenarios));
    let told = chunk
        .iter()
        .map(|(scenario, metric, _)| words::spreads(measured, scenario, *metric));
    let cells = || scenarios.iter().flat_map(|it| &it.cells);
    let limited = match cells().any(|cell| cell.is_limited) {
        true => {
            " Where the load generator was the limit (≥), a difference in rate is not the servers'."
        }
        false => "",
    };
    let caption = match has_pairs {
        true => {
            "Each line is one round, in which the servers took turns; the first round is at \
                 the top. Lines of one length and direction are a difference, others are noise."
        }
        false => {
            "A stroke for each round, and a mark at their median. Strokes far apart are noise."
        }
    };
    Figure {
        id: sheet.id("rounds"),
        title: sheet.title("Round by round"),
        caption: format!("{caption}{limited}"),
        alt: words::joined(told),
        svg: panels::draw(&keys, &panels),
        table: None,
        zoom: Vec::new(),
    }
}

fn panel(measured: &Measured<'_>, scenario: &Scenario<'_>, metric: Metric) -> Option<Noise> {
    let rounds_max = scenario.cells.iter().map(|cell| cell.runs.len()).max()?;
    if rounds_max < 2 {
        return None;
    }
    let label = metric.label_of(scenario.unit);
    let bound = |cell: &Cell<'_>| cell.bound(metric).trim_end();
    let bounds: Vec<&str> = scenario.cells.iter().map(bound).collect();
    let title = match bounds.iter().find(|it| !it.is_empty()) {
        Some(bound) => format!("{}, {label} ({bound})", scenario.name),
        None => format!("{}, {label}", scenario.name),
    };
    if let [a, b] = scenario.cells.as_slice()
        && let Some(rounds) = pairs(scenario, metric, a, b)
    {
        return Some(Noise::Pairs(Pairs {
            title,
            unit: words::unit(metric).0,
            names: [a, b].map(|cell| measured.server(cell).to_owned()),
            series: [a.server, b.server],
            rounds,
        }));
    }
    let rows = scenario
        .cells
        .iter()
        .filter_map(|cell| row(measured, scenario, metric, cell));
    let rows: Vec<Row> = rows.collect();
    let axis = Some(words::unit(metric).0);
    (!rows.is_empty()).then_some(Noise::Rows(Rows { title, rows, axis }))
}

/// The rounds that both have; none if there are fewer than two, or too many.
fn pairs(scenario: &Scenario<'_>, metric: Metric, a: &Cell<'_>, b: &Cell<'_>) -> Option<Vec<Pair>> {
    let (_, factor) = words::unit(metric);
    let value = |record: &Record| metric.of(record, scenario.loops).map(|it| it * factor);
    let round = |record: &Record| record.bench.as_ref().map(|it| it.round);
    let pair = |first: &&Record| {
        let round_a = round(first)?;
        let second = b.runs.iter().find(|it| round(it) == Some(round_a))?;
        Some(Pair {
            round: round_a,
            values: [value(first)?, value(second)?],
            is_hollow: [first, second].map(|it| !it.validity.valid),
        })
    };
    let pairs: Vec<Pair> = a.runs.iter().filter_map(pair).collect();
    (2..=PAIRS_MAX).contains(&pairs.len()).then_some(pairs)
}

fn row(
    measured: &Measured<'_>,
    scenario: &Scenario<'_>,
    metric: Metric,
    cell: &Cell<'_>,
) -> Option<Row> {
    let (unit, factor) = words::unit(metric);
    let median = scenario.summary(cell, metric)?.median * factor;
    let runs = cell.runs.iter();
    let values = runs.filter_map(|it| {
        let value = metric.of(it, scenario.loops)? * factor;
        Some((value, !it.validity.valid))
    });
    Some(Row {
        name: measured.server(cell).to_owned(),
        series: cell.server,
        shape: Shape::Strokes(values.collect(), median),
        text: format!("{}{}", cell.bound(metric), unit.text(median)),
        is_hollow: cell.is_doubted,
    })
}

impl Panel for Noise {
    fn height(&self, width: f64) -> f64 {
        match self {
            Noise::Pairs(pairs) => pairs.height(width),
            Noise::Rows(rows) => rows.height(width),
        }
    }

    fn draw(&self, canvas: &mut Canvas, corner: (f64, f64), width: f64) {
        match self {
            Noise::Pairs(pairs) => pairs.draw(canvas, corner, width),
            Noise::Rows(rows) => rows.draw(canvas, corner, width),
        }
    }
}

impl Panel for Pairs {
    fn height(&self, _: f64) -> f64 {
        24.0 + LEAD * self.rounds.len() as f64 + 28.0
    }

    fn draw(&self, canvas: &mut Canvas, (left, top): (f64, f64), width: f64) {
        let title = shortened(&self.title, width, TEXT * BOLD);
        canvas.text((left, top + 15.0), Anchor::Start, TEXT, "title", &title);
        let frame = Frame {
            left: left + SIDE,
            top: top + 24.0,
            width: width - SIDE - 8.0,
            height: LEAD * self.rounds.len() as f64 + 4.0,
        };
        let axis = frame.across(self.axis());
        let ticks = axis.ticks(frame.room_below());
        frame.below(canvas, &axis, &ticks, |tick| self.unit.tick(tick));
        for (index, pair) in self.rounds.iter().enumerate() {
            let y = frame.top + 2.0 + LEAD * (index as f64 + 0.5);
            if index == 0 || pair.round % 5 == 0 {
                let place = (frame.left - 6.0, y + 4.0);
                canvas.text(place, Anchor::End, SMALL, "quiet", &pair.round.to_string());
            }
            self.draw_pair(canvas, &axis, pair, y);
        }
    }
}

impl Pairs {
    fn axis(&self) -> Axis {
        let values: Vec<f64> = self.rounds.iter().flat_map(|it| it.values).collect();
        let high = values.iter().copied().fold(0.0, f64::max);
        let low = values.iter().copied().fold(f64::MAX, f64::min);
        match low > 0.0 && high > LOG_MIN * low {
            true => Axis::over(values, Scale::Log, false),
            false => Axis::over(values, Scale::Linear, false),
        }
    }

    fn draw_pair(&self, canvas: &mut Canvas, axis: &Axis, pair: &Pair, y: f64) {
        let [Some(a), Some(b)] = pair.values.map(|value| axis.at(value)) else {
            return;
        };
        canvas.line(
            (a, y),
            (b, y),
            &Look::of("axis").with("stroke-width", "1.2"),
        );
        for (side, x) in [a, b].into_iter().enumerate() {
            let value = self.unit.text(pair.values[side]);
            let title = format!("{}, round {}: {value}", self.names[side], pair.round);
            let (series, is_hollow) = (self.series[side], pair.is_hollow[side]);
            mark(
                canvas,
                (x, y),
                &Mark {
                    series,
                    radius: 3.4,
                    is_hollow,
                    title: &title,
                },
            );
        }
    }
}
