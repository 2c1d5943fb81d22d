//! Many panels on several figures.

use super::panels::PANELS_MAX;
use crate::report::Figure;

/// The place of a figure among those of its kind, such as the second of three.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sheet {
    index: usize,
    count: usize,
}

/// A figure for each [`PANELS_MAX`] of these, which are what its panels are drawn of.
pub(super) fn of<P>(panels: &[P], figure: impl Fn(&[P], Sheet) -> Figure) -> Vec<Figure> {
    with(PANELS_MAX, panels, figure)
}

/// The same with so many panels on each.
pub(super) fn with<P>(
    each: usize,
    panels: &[P],
    figure: impl Fn(&[P], Sheet) -> Figure,
) -> Vec<Figure> {
    let chunks = panels.chunks(each);
    let count = chunks.len();
    chunks
        .enumerate()
        .map(|(index, chunk)| figure(chunk, Sheet { index, count }))
        .collect()
}

impl Sheet {
    /// `rounds`, or `rounds-2`.
    pub(super) fn id(self, of: &str) -> String {
        match self.index {
            0 => of.to_owned(),
            index => format!("{of}-{}", index + 1),
        }
    }

    /// `Rounds`, or `Rounds (2 of 3)` if there is more than one figure of it.
    pub(super) fn title(self, of: &str) -> String {
        match self.count {
            1 => of.to_owned(),
            count => format!("{of} ({} of {count})", self.index + 1),
        }
    }
}
