//! What drawings are made of: text, numbers, axes, marks, a legend.
//!
//! Everything is painted with `currentColor`; classes alone say in which colour that is, so that the
//! page's style decides, and paper too. No number that is not finite gets into a drawing: an axis
//! gives a place to what it can show, and none to the rest.

mod axis;
mod canvas;
mod frame;
mod labels;
mod legend;
mod marks;
mod number;
mod text;
mod ticks;

pub use axis::Axis;
pub use canvas::{Anchor, Canvas, Look};
pub use frame::Frame;
pub use labels::spread;
pub use legend::{FAINT, Key, legend};
pub use marks::{Mark, dash, mark, marks, painted};
pub use number::{Unit, factor, short};
pub use text::{BOLD, escaped, shortened, width_of};

/// Width of every drawing, in its own units: about a pixel each on a desktop.
pub const WIDTH: f64 = 720.0;

/// Size of letters.
pub const TEXT: f64 = 13.0;

/// Size of letters beside axes: the smallest there are.
pub const SMALL: f64 = 12.0;

/// How many series have a colour of their own.
pub const SERIES: usize = 9;
