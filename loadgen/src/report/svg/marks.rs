//! Marks that tell series apart without colour: a shape and a dash for each.

use std::fmt::Write;

use super::canvas::px;
use super::{Canvas, Look, SERIES};

/// A value, drawn at a place.
#[derive(Clone, Debug)]
pub struct Mark<'a> {
    /// Which series it is of.
    pub series: usize,
    /// Half its size.
    pub radius: f64,
    /// It cannot be believed: drawn hollow.
    pub is_hollow: bool,
    /// What it says when pointed at; nothing if empty.
    pub title: &'a str,
}

/// Draws the mark.
pub fn mark(canvas: &mut Canvas, place: (f64, f64), mark: &Mark<'_>) {
    marks(canvas, &[place], mark);
}

/// Draws the same mark at all these places, as one shape.
pub fn marks(canvas: &mut Canvas, places: &[(f64, f64)], mark: &Mark<'_>) {
    painted(canvas, places, mark, Look::data(mark.series));
}

/// The same in another colour than that of the series.
pub fn painted(canvas: &mut Canvas, places: &[(f64, f64)], mark: &Mark<'_>, look: Look) {
    if places.is_empty() {
        return;
    }
    let outlines = |radius: f64| -> String {
        let places = places.iter();
        places
            .map(|(x, y)| outline(mark.series, *x, *y, radius))
            .collect()
    };
    let look = look.titled(mark.title);
    let d = outlines(mark.radius);
    if !mark.is_hollow {
        return canvas.shape(&d, &look);
    }
    // What is behind it does not shine through.
    canvas.shape(&outlines(mark.radius + 1.0), &Look::of("ground"));
    let hollow = look.with("fill", "none").with("stroke", "currentColor");
    canvas.shape(&d, &hollow.with("stroke-width", "1.5"));
}

/// The dash of the series' lines: none for the first.
#[must_use]
pub fn dash(series: usize) -> &'static str {
    const DASHES: [&str; SERIES] = [
        "",
        "7 3",
        "2 3",
        "9 3 2 3",
        "4 2",
        "12 4",
        "7 3 2 3 2 3",
        "1.5 2",
        "14 3 4 3",
    ];
    DASHES[series % SERIES]
}

/// The outline: circles, polygons and stars by turns, so that neighbours differ.
fn outline(series: usize, x: f64, y: f64, radius: f64) -> String {
    match series % SERIES {
        0 => circle(x, y, radius),
        1 => polygon(x, y, radius * 1.25, 4, 0.125),
        2 => polygon(x, y, radius * 1.3, 3, 0.0),
        3 => polygon(x, y, radius * 1.3, 4, 0.0),
        4 => polygon(x, y, radius * 1.3, 3, 0.5),
        5 => star(x, y, radius * 1.4, 5),
        6 => polygon(x, y, radius * 1.15, 6, 0.0),
        7 => star(x, y, radius * 1.45, 4),
        _ => polygon(x, y, radius * 1.2, 5, 0.0),
    }
}

fn circle(x: f64, y: f64, radius: f64) -> String {
    let (left, y, radius, width) = (px(x - radius), px(y), px(radius), px(2.0 * radius));
    format!("M{left} {y}a{radius} {radius} 0 1 0 {width} 0a{radius} {radius} 0 1 0 -{width} 0z")
}

/// A regular polygon; `turn` is a share of the whole turn, from a corner at the top.
fn polygon(x: f64, y: f64, radius: f64, corners: usize, turn: f64) -> String {
    closed((0..corners).map(|corner| {
        let angle = std::f64::consts::TAU * (corner as f64 / corners as f64 + turn);
        (x + radius * angle.sin(), y - radius * angle.cos())
    }))
}

fn star(x: f64, y: f64, radius: f64, points: usize) -> String {
    closed((0..2 * points).map(|corner| {
        let angle = std::f64::consts::PI * corner as f64 / points as f64;
        let radius = if corner % 2 == 0 {
            radius
        } else {
            0.45 * radius
        };
        (x + radius * angle.sin(), y - radius * angle.cos())
    }))
}

fn closed(corners: impl Iterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (index, (x, y)) in corners.enumerate() {
        let step = if index == 0 { 'M' } else { 'L' };
        let _ = write!(d, "{step}{} {}", px(x), px(y));
    }
    d.push('z');
    d
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_series_have_the_same_shape_or_dash() {
        let shapes: HashSet<String> = (0..SERIES).map(|it| outline(it, 10.0, 10.0, 4.0)).collect();
        let dashes: HashSet<&str> = (0..SERIES).map(dash).collect();
        assert_eq!((shapes.len(), dashes.len()), (SERIES, SERIES));
    }

    #[test]
    fn what_cannot_be_believed_is_hollow() {
        let draw = |is_hollow| {
            let mut canvas = Canvas::new();
            let value = Mark {
                series: 0,
                radius: 4.0,
                is_hollow,
                title: "",
            };
            mark(&mut canvas, (10.0, 10.0), &value);
            canvas.finish(20.0)
        };
        assert!(draw(true).contains("fill=\"none\"") && draw(true).contains("ground"));
        assert!(!draw(false).contains("fill=\"none\""));
    }
}
