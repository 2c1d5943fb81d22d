//! Panels on a figure: one alone takes all of its width, more stand in two columns.

use crate::report::svg::{Canvas, Key, WIDTH, legend};

/// Panels on one figure at most: as many as a sheet of paper takes.
pub(super) const PANELS_MAX: usize = 6;

/// Between two columns.
const GAP: f64 = 28.0;

/// Between two lines of panels.
const LEAD: f64 = 18.0;

/// A part of a figure with axes of its own.
pub(super) trait Panel {
    /// How high it is, at this width.
    fn height(&self, width: f64) -> f64;

    /// Draws it with its upper left corner at this place.
    fn draw(&self, canvas: &mut Canvas, corner: (f64, f64), width: f64);
}

impl<P: Panel> Panel for &P {
    fn height(&self, width: f64) -> f64 {
        (*self).height(width)
    }

    fn draw(&self, canvas: &mut Canvas, corner: (f64, f64), width: f64) {
        (*self).draw(canvas, corner, width);
    }
}

/// Draws the panels below a legend.
pub(super) fn draw<P: Panel>(keys: &[Key], panels: &[P]) -> String {
    let columns = panels.len().clamp(1, 2);
    stacked(keys, panels, columns)
}

/// The same in so many columns.
pub(super) fn stacked<P: Panel>(keys: &[Key], panels: &[P], columns: usize) -> String {
    let mut canvas = Canvas::new();
    let width = (WIDTH - GAP * (columns - 1) as f64) / columns as f64;
    // As wide as a panel: so much of a drawing a phone shows at once.
    let mut top = legend(&mut canvas, (0.0, 0.0), width, keys);
    for line in panels.chunks(columns) {
        for (column, panel) in line.iter().enumerate() {
            let left = (width + GAP) * column as f64;
            panel.draw(&mut canvas, (left, top), width);
        }
        let heights = line.iter().map(|panel| panel.height(width));
        top += heights.fold(0.0, f64::max) + LEAD;
    }
    canvas.finish(top - LEAD + 4.0)
}
