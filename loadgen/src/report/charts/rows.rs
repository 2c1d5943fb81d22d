//! A panel with a row for each server: its name, what was measured, and the number.

use super::panels::Panel;
use crate::report::Scale;
use crate::report::model::measured::Summary;
use crate::report::svg::{
    Anchor, Axis, BOLD, Canvas, FAINT, Frame, Look, Mark, SMALL, TEXT, Unit, mark, shortened,
    width_of,
};

/// Height of a row.
const ROW: f64 = 20.0;

/// Height of the panel's title.
const TITLE: f64 = 24.0;

/// Below the rows, for the numbers of the axis.
const FOOT: f64 = 24.0;

/// Names take at most this share of the width.
const NAME_MAX: f64 = 0.36;

/// From this ratio of the highest to the lowest value on, rows that need no zero are logarithmic.
const LOG_MIN: f64 = 8.0;

/// A panel.
pub(super) struct Rows {
    /// What it is of.
    pub(super) title: String,
    /// One for each server.
    pub(super) rows: Vec<Row>,
    /// Of the numbers below; none if those at the side are enough.
    pub(super) axis: Option<Unit>,
}

/// A server's row.
pub(super) struct Row {
    /// Its name.
    pub(super) name: String,
    /// Its series.
    pub(super) series: usize,
    /// What is drawn.
    pub(super) shape: Shape,
    /// The number at the side.
    pub(super) text: String,
    /// It cannot be believed.
    pub(super) is_hollow: bool,
}

/// What is drawn of a server.
pub(super) enum Shape {
    /// A bar from zero, in parts: the first painted, the second pale.
    Bar(Vec<f64>),
    /// A bar to the median, and a line from the lowest to the highest.
    Range(Summary),
    /// A stroke for each run, true if it cannot be believed, and a mark at the median.
    Strokes(Vec<(f64, bool)>, f64),
    /// A value beside the most that it could be, on an axis of powers of ten.
    Filling(f64, Option<f64>),
}

impl Shape {
    fn values(&self) -> Vec<f64> {
        match self {
            Self::Bar(parts) => vec![parts.iter().sum()],
            Self::Range(it) => vec![it.low, it.median, it.high],
            Self::Strokes(all, median) => all
                .iter()
                .map(|(value, _)| *value)
                .chain([*median])
                .collect(),
            Self::Filling(value, most) => [1.0, *value].into_iter().chain(*most).collect(),
        }
    }
}

impl Panel for Rows {
    fn height(&self, _: f64) -> f64 {
        let foot = if self.axis.is_some() { FOOT } else { 4.0 };
        TITLE + ROW * self.rows.len() as f64 + foot
    }

    fn draw(&self, canvas: &mut Canvas, (left, top): (f64, f64), width: f64) {
        let title = shortened(&self.title, width, TEXT * BOLD);
        canvas.text((left, top + 15.0), Anchor::Start, TEXT, "title", &title);
        let frame = self.frame((left, top + TITLE), width);
        let axis = frame.across(self.scale());
        match self.axis {
            Some(unit) => {
                let ticks = axis.ticks(frame.room_below());
                frame.below(canvas, &axis, &ticks, |tick| unit.tick(tick));
            }
            None => {
                let start = (frame.left, frame.top);
                canvas.line(start, (frame.left, frame.bottom()), &Look::of("axis"));
            }
        }
        for (index, row) in self.rows.iter().enumerate() {
            let y = frame.top + ROW * (index as f64 + 0.5);
            let name = shortened(&row.name, frame.left - left - 8.0, SMALL);
            canvas.text((frame.left - 8.0, y + 4.0), Anchor::End, SMALL, "", &name);
            draw_shape(canvas, &frame, &axis, row, y);
            let place = (left + width, y + 4.0);
            canvas.text(place, Anchor::End, SMALL, "", &row.text);
        }
    }
}

impl Rows {
    /// The field between the names and the numbers.
    fn frame(&self, (left, top): (f64, f64), width: f64) -> Frame {
        let widest = |text: fn(&Row) -> &str| {
            let widths = self.rows.iter().map(|row| width_of(text(row), SMALL));
            widths.fold(0.0, f64::max)
        };
        let names = widest(|row| &row.name).min(NAME_MAX * width) + 10.0;
        let numbers = match widest(|row| &row.text) {
            0.0 => 6.0,
            numbers => numbers + 14.0,
        };
        Frame {
            left: left + names,
            top,
            width: (width - names - numbers).max(40.0),
            height: ROW * self.rows.len() as f64,
        }
    }

    fn scale(&self) -> Axis {
        let values: Vec<f64> = self
            .rows
            .iter()
            .flat_map(|row| row.shape.values())
            .collect();
        let is = |test: fn(&Shape) -> bool| self.rows.iter().any(|row| test(&row.shape));
        let positive = || values.iter().copied().filter(|it| *it > 0.0);
        let (low, high) = (
            positive().fold(f64::MAX, f64::min),
            positive().fold(0.0, f64::max),
        );
        if is(|shape| matches!(shape, Shape::Filling(..))) {
            return Axis::over(values, Scale::Log, false);
        }
        match is(|shape| matches!(shape, Shape::Bar(_) | Shape::Range(_))) {
            true => Axis::over(values.into_iter().chain([0.0]), Scale::Linear, true),
            false if high > LOG_MIN * low => Axis::over(values, Scale::Log, false),
            false => Axis::over(values, Scale::Linear, false),
        }
    }
}

fn draw_shape(canvas: &mut Canvas, frame: &Frame, axis: &Axis, row: &Row, y: f64) {
    match &row.shape {
        Shape::Bar(parts) => bar(canvas, frame, axis, row, parts, y),
        Shape::Range(summary) => {
            bar(canvas, frame, axis, row, &[summary.median], y);
            whisker(canvas, axis, summary, y);
        }
        Shape::Strokes(all, median) => strokes(canvas, axis, row, all, *median, y),
        Shape::Filling(value, most) => {
            if let Some(x) = most.and_then(|most| axis.at(most)) {
                canvas.line(
                    (x, y - 7.0),
                    (x, y + 7.0),
                    &Look::of("quiet").with("stroke-width", "2"),
                );
            }
            dot(canvas, axis, row, *value, y);
        }
    }
}

fn bar(canvas: &mut Canvas, frame: &Frame, axis: &Axis, row: &Row, parts: &[f64], y: f64) {
    let (mut from, mut sum) = (frame.left, 0.0);
    for (index, part) in parts.iter().enumerate() {
        sum += part;
        let Some(to) = axis.at(sum) else { return };
        let opacity = match (row.is_hollow, index) {
            (true, _) => "0",
            (false, 0) => "",
            (false, _) => FAINT,
        };
        let look = Look::data(row.series).with("fill-opacity", opacity);
        let look = match opacity {
            "" => look,
            _ => look.with("stroke", "currentColor"),
        };
        let title = format!("{}: {}", row.name, row.text);
        canvas.rect((from, y - 6.0), (to - from, 12.0), &look.titled(&title));
        from = to;
    }
}

/// From the lowest to the highest, on the bar and beyond it.
fn whisker(canvas: &mut Canvas, axis: &Axis, summary: &Summary, y: f64) {
    let (Some(low), Some(high)) = (axis.at(summary.low), axis.at(summary.high)) else {
        return;
    };
    if summary.low == summary.high {
        return;
    }
    // On a rim of the ground's colour, since a bar may have its own.
    for (class, width) in [("ground", "4"), ("whisker", "1.5")] {
        let look = Look::of(class).with("stroke-width", width);
        canvas.line((low, y), (high, y), &look);
        for end in [low, high] {
            canvas.line((end, y - 4.0), (end, y + 4.0), &look);
        }
    }
}

/// All runs in one path, and another for those that cannot be believed: there may be thousands.
fn strokes(canvas: &mut Canvas, axis: &Axis, row: &Row, all: &[(f64, bool)], median: f64, y: f64) {
    for is_doubted in [false, true] {
        let places = all.iter().filter(|(_, doubted)| *doubted == is_doubted);
        let strokes = places.filter_map(|(value, _)| {
            let x = axis.at(*value)?;
            Some(format!("M{x:.1} {:.1}v10", y - 5.0))
        });
        let d: String = strokes.collect();
        let look = Look::data(row.series).with("stroke", "currentColor");
        let look = match is_doubted {
            false => look.with("stroke-opacity", "0.55"),
            true => look.with("stroke-dasharray", "2 2"),
        };
        if !d.is_empty() {
            canvas.shape(&d, &look.with("stroke-width", "1.5"));
        }
    }
    dot(canvas, axis, row, median, y);
}

fn dot(canvas: &mut Canvas, axis: &Axis, row: &Row, value: f64, y: f64) {
    let Some(x) = axis.at(value) else { return };
    let title = format!("{}: {}", row.name, row.text);
    let (series, is_hollow) = (row.series, row.is_hollow);
    mark(
        canvas,
        (x, y),
        &Mark {
            series,
            radius: 4.0,
            is_hollow,
            title: &title,
        },
    );
}
