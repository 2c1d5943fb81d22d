//! The field in which data are drawn, with its grid and the numbers at its sides.

use super::{Anchor, Axis, Canvas, Look, SMALL, Unit, WIDTH, width_of};

/// Least room between two numbers below.
const AIR: f64 = 8.0;

/// A field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Its left side.
    pub left: f64,
    /// Its upper side.
    pub top: f64,
    /// From side to side.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Frame {
    /// Its right side.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Its lower side.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The axis drawn along the lower side.
    #[must_use]
    pub fn across(&self, axis: Axis) -> Axis {
        axis.drawn(self.left, self.right())
    }

    /// The axis drawn along the left side, upwards.
    #[must_use]
    pub fn upwards(&self, axis: Axis) -> Axis {
        axis.drawn(self.bottom(), self.top)
    }

    /// How many numbers have room below.
    #[must_use]
    pub fn room_below(&self) -> usize {
        (self.width / 52.0).clamp(2.0, 8.0) as usize
    }

    /// The grid's upright lines, with a number below each that has room.
    pub fn below(
        &self,
        canvas: &mut Canvas,
        axis: &Axis,
        ticks: &[f64],
        text: impl Fn(f64) -> String,
    ) {
        let mut free = f64::NEG_INFINITY;
        for &tick in ticks {
            let Some(x) = axis.at(tick) else { continue };
            canvas.line((x, self.top), (x, self.bottom()), &Look::of("grid"));
            let text = text(tick);
            let half = width_of(&text, SMALL) / 2.0;
            // At the drawing's edge it moves inwards.
            let middle = x.clamp(half, (WIDTH - half).max(half));
            if middle - half >= free {
                let place = (middle, self.bottom() + 16.0);
                canvas.text(place, Anchor::Middle, SMALL, "quiet", &text);
                free = middle + half + AIR;
            }
        }
        let (left, right) = ((self.left, self.bottom()), (self.right(), self.bottom()));
        canvas.line(left, right, &Look::of("axis"));
    }

    /// The grid's level lines, with a number to the left of each.
    pub fn beside(&self, canvas: &mut Canvas, axis: &Axis, unit: Unit) {
        let room = (self.height / 28.0).clamp(2.0, 8.0) as usize;
        for tick in axis.ticks(room) {
            let Some(y) = axis.at(tick) else { continue };
            canvas.line((self.left, y), (self.right(), y), &Look::of("grid"));
            let place = (self.left - 6.0, y + 4.0);
            canvas.text(place, Anchor::End, SMALL, "quiet", &unit.tick(tick));
        }
    }
}
