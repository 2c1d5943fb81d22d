//! A drawing, what it shows in words and in numbers, and what is needed to draw it larger.

use super::Table;

/// A chart of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What tells it from the page's others: letters, digits and `-`.
    pub id: String,
    /// What it shows, such as `Latency by percentile`.
    pub title: String,
    /// How it is read, in a sentence or two.
    pub caption: String,
    /// What is to be seen in it, for who does not see it: the figures that matter, in words.
    pub alt: String,
    /// The drawing: an `<svg>` element, complete, with `viewBox` and without sizes of its own.
    ///
    /// Every shape and letter is painted with `currentColor`, so the page's style sets no more than
    /// `color`, in light and in dark, for these classes: `series-0` to `series-8` (servers, or parts
    /// of a whole), `axis`, `grid`, `band` (the share that does not matter; it has its own opacity),
    /// `quiet` (text of second rank), `whisker` (lines on bars), `ground` (the page's background,
    /// behind words and hollow marks). Series are told apart by dash and shape too. What shows data has the class `mark`; its `<title>`
    /// says the numbers.
    pub svg: String,
    /// The same as numbers, if they are not in the table of the runs.
    pub table: Option<Table>,
    /// The same for drawings that can be zoomed, as far as it is worth it: one for each panel.
    pub zoom: Vec<Zoom>,
}

/// Lines over a common axis, for a drawing that can be zoomed.
#[derive(Clone, Debug, PartialEq)]
pub struct Zoom {
    /// What stands below, with its unit.
    pub x_label: String,
    /// What stands at the side, with its unit.
    pub y_label: String,
    /// How the axis below is divided.
    pub x_scale: Scale,
    /// How the axis at the side is divided.
    pub y_scale: Scale,
    /// The places on the axis below, ascending.
    pub x: Vec<f64>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line over the places of a [`Zoom`].
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is of.
    pub label: String,
    /// Its colour, as the number in `series-N`.
    pub series: usize,
    /// A value for each place; none where it has a gap.
    pub y: Vec<Option<f64>>,
}

/// How an axis is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By powers of ten.
    Log,
    /// Percentiles, by the logarithm of 1/(1−p): as far from 90 to 99 as from 99 to 99.9.
    Percentile,
}
