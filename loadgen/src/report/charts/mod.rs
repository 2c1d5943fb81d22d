//! The drawings of a section: one file each, all of the same shape: `of` what was measured gives
//! the figures that have something to show.
//!
//! What no record knows is left out; what some do not know leaves a gap, never a zero. What cannot
//! be believed is drawn hollow.

pub mod forest;

use super::Figure;
use super::model::measured::Measured;

/// The drawings of a result, the most telling first.
pub fn of(measured: &Measured<'_>) -> Vec<Figure> {
    let _ = measured;
    Vec::new()
}
