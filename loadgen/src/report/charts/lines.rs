//! A panel with a line for each server.

use super::panels::Panel;
use crate::report::svg::{
    Anchor, Axis, BOLD, Canvas, Frame, Look, Mark, SERIES, SMALL, TEXT, Unit, dash, mark, marks,
    shortened, spread, width_of,
};

/// Above the field: the panel's title, and what stands at its side.
const HEAD: f64 = 44.0;

/// Below the field: numbers, and what they are.
const FOOT: f64 = 38.0;

/// To the left of the field, for numbers.
const SIDE: f64 = 58.0;

/// Names beside the ends of lines take at most this.
const NAME_MAX: f64 = 130.0;

/// Between two names.
const LEAD: f64 = 16.0;

/// A panel.
pub(super) struct Lines<'a> {
    /// What it is of.
    pub(super) title: String,
    /// What stands below; nothing if another panel below says it.
    pub(super) x_label: &'a str,
    /// What stands at the side.
    pub(super) y_label: String,
    /// The axis below.
    pub(super) x: Axis,
    /// Where it is divided.
    pub(super) x_ticks: Vec<f64>,
    /// How these are written.
    pub(super) x_text: fn(f64) -> String,
    /// The axis at the side.
    pub(super) y: Axis,
    /// How its numbers are written.
    pub(super) y_unit: Unit,
    /// One for each server.
    pub(super) curves: Vec<Curve>,
    /// The names stand beside the lines' ends.
    pub(super) is_labelled: bool,
    /// Height of the field.
    pub(super) field: f64,
}

/// A server's line.
pub(super) struct Curve {
    /// Its name.
    pub(super) name: String,
    /// Its series.
    pub(super) series: usize,
    /// Where it goes, from left to right; none where it has a gap.
    pub(super) points: Vec<Option<Point>>,
}

/// A place on a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Point {
    /// On the axis below.
    pub(super) x: f64,
    /// On the axis at the side.
    pub(super) y: f64,
    /// From the lowest to the highest that was measured.
    pub(super) range: Option<(f64, f64)>,
    /// A mark stands there.
    pub(super) is_marked: bool,
    /// It cannot be believed.
    pub(super) is_hollow: bool,
    /// It is a bound, and this the sign for it; empty if it is none.
    pub(super) bound: &'static str,
}

impl Panel for Lines<'_> {
    fn height(&self, _: f64) -> f64 {
        let foot = if self.x_label.is_empty() { 20.0 } else { FOOT };
        let head = if self.title.is_empty() {
            HEAD - 22.0
        } else {
            HEAD
        };
        head + self.field + foot
    }

    fn draw(&self, canvas: &mut Canvas, (left, top): (f64, f64), width: f64) {
        let head = if self.title.is_empty() {
            HEAD - 22.0
        } else {
            HEAD
        };
        if !self.title.is_empty() {
            let title = shortened(&self.title, width, TEXT * BOLD);
            canvas.text((left, top + 15.0), Anchor::Start, TEXT, "title", &title);
        }
        let names = if self.is_labelled { self.names() } else { 8.0 };
        let frame = Frame {
            left: left + SIDE,
            top: top + head,
            width: width - SIDE - names,
            height: self.field,
        };
        let above = (left, frame.top - 10.0);
        canvas.text(
            above,
            Anchor::Start,
            SMALL,
            "quiet",
            &shortened(&self.y_label, width, SMALL),
        );
        let (x, y) = (frame.across(self.x), frame.upwards(self.y));
        frame.beside(canvas, &y, self.y_unit);
        frame.below(canvas, &x, &self.x_ticks, self.x_text);
        let place = (frame.left + frame.width / 2.0, frame.bottom() + 33.0);
        canvas.text(place, Anchor::Middle, SMALL, "quiet", self.x_label);
        for curve in &self.curves {
            self.draw_curve(canvas, &x, &y, curve);
        }
        if self.is_labelled {
            self.label(canvas, &frame, &y);
        }
    }
}

impl Lines<'_> {
    /// How much the longest name takes.
    fn names(&self) -> f64 {
        let widths = self.curves.iter().map(|curve| width_of(&curve.name, SMALL));
        widths.fold(0.0, f64::max).min(NAME_MAX) + 30.0
    }

    fn draw_curve(&self, canvas: &mut Canvas, x: &Axis, y: &Axis, curve: &Curve) {
        let place = |point: &Point| Some((x.at(point.x)?, y.at(point.y)?));
        let line = Look::data(curve.series).with("stroke-width", "1.8");
        let line = line.with("stroke-dasharray", dash(curve.series));
        for piece in curve.points.split(Option::is_none) {
            let places = piece.iter().flatten().filter_map(place);
            canvas.path(&places.collect::<Vec<_>>(), &line);
        }
        for point in curve.points.iter().flatten() {
            let Some((at, height)) = place(point) else {
                continue;
            };
            if let Some((low, high)) = point.range
                && let (Some(low), Some(high)) = (y.at(low), y.at(high))
            {
                let bar = Look::of(format!("series-{}", curve.series % SERIES));
                let bar = bar
                    .with("stroke-width", "1.2")
                    .with("stroke-opacity", "0.6");
                canvas.line((at, low), (at, high), &bar);
            }
            if point.is_marked && self.is_labelled {
                self.draw_mark(canvas, (at, height), curve, point);
            }
        }
        if !self.is_labelled {
            draw_marks(canvas, x, y, curve);
        }
    }

    fn draw_mark(&self, canvas: &mut Canvas, place: (f64, f64), curve: &Curve, point: &Point) {
        let at = (self.x_text)(point.x);
        let title = format!(
            "{}, {at}: {}{}",
            curve.name,
            point.bound,
            self.y_unit.text(point.y)
        );
        let (series, is_hollow) = (curve.series, point.is_hollow);
        mark(
            canvas,
            place,
            &Mark {
                series,
                radius: 3.4,
                is_hollow,
                title: &title,
            },
        );
    }

    /// The names beside the ends of their lines.
    fn label(&self, canvas: &mut Canvas, frame: &Frame, y: &Axis) {
        let end = |curve: &Curve| {
            let last = curve.points.iter().rev().flatten().next()?;
            y.at(last.y)
        };
        let ends: Vec<(&Curve, f64)> = self
            .curves
            .iter()
            .filter_map(|curve| Some((curve, end(curve)?)))
            .collect();
        let wanted: Vec<f64> = ends.iter().map(|(_, end)| *end).collect();
        let places = spread(&wanted, LEAD, frame.top, frame.bottom());
        for ((curve, _), place) in ends.iter().zip(places) {
            let x = frame.right() + 12.0;
            let value = Mark {
                series: curve.series,
                radius: 3.4,
                is_hollow: curve.points.iter().flatten().any(|it| it.is_hollow),
                title: "",
            };
            mark(canvas, (x, place), &value);
            let name = shortened(&curve.name, NAME_MAX, SMALL);
            canvas.text((x + 10.0, place + 4.0), Anchor::Start, SMALL, "", &name);
        }
    }
}

/// All marks of a small panel's line: hundreds of titles would say what the tables do.
fn draw_marks(canvas: &mut Canvas, x: &Axis, y: &Axis, curve: &Curve) {
    for is_hollow in [false, true] {
        let points = curve.points.iter().flatten();
        let marked = points.filter(|it| it.is_marked && it.is_hollow == is_hollow);
        let places = marked.filter_map(|point| Some((x.at(point.x)?, y.at(point.y)?)));
        let places: Vec<(f64, f64)> = places.collect();
        let (series, title) = (curve.series, curve.name.as_str());
        marks(
            canvas,
            &places,
            &Mark {
                series,
                radius: 3.0,
                is_hollow,
                title,
            },
        );
    }
}
