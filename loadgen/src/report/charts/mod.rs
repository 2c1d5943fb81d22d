//! The drawings of a section: one file each, all of the same shape: `of` what was measured gives
//! the figures that have something to show.
//!
//! What no record knows is left out; what some do not know leaves a gap, never a zero. What cannot
//! be believed is drawn hollow. Many scenarios become small panels, a few on each figure (`sheets`); `lines`
//! and `rows` are the two kinds of panel, `words` what figures have in common to say.

mod accept_queue;
mod connections;
mod cpu;
pub mod forest;
mod lines;
mod memory;
mod panels;
mod percentiles;
mod rounds;
mod rows;
mod scenarios;
mod seconds;
mod sheets;
mod words;

use super::Figure;
use super::model::measured::Measured;

/// The drawings of a result, the most telling first.
pub fn of(measured: &Measured<'_>) -> Vec<Figure> {
    [
        connections::of(measured),
        scenarios::of(measured),
        percentiles::of(measured),
        rounds::of(measured),
        seconds::of(measured),
        cpu::of(measured),
        memory::of(measured),
        accept_queue::of(measured),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
