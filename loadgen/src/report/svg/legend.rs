//! What the marks stand for.

use super::{Anchor, Canvas, Look, Mark, SMALL, dash, mark, shortened, width_of};

/// Between one line of the legend and the next.
const LINE: f64 = 20.0;

/// For the sign in front of a name.
const SIGN: f64 = 26.0;

/// The longest name of a series.
const NAME_MAX: f64 = 180.0;

/// A sign and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// A line with marks, of this series.
    Line(usize, String),
    /// A mark of this series.
    Dot(usize, String),
    /// A hollow mark.
    Hollow(String),
    /// A field, all of it painted or (false) a part.
    Field(bool, String),
    /// A sign that is a letter.
    Sign(&'static str, String),
}

impl Key {
    /// Names may be of any length; what a sign means is ours, and short.
    fn room(&self, width: f64) -> f64 {
        match self {
            Self::Line(..) | Self::Dot(..) => NAME_MAX,
            Self::Hollow(_) | Self::Field(..) | Self::Sign(..) => width - SIGN,
        }
    }
    fn name(&self) -> &str {
        match self {
            Self::Line(_, name)
            | Self::Dot(_, name)
            | Self::Hollow(name)
            | Self::Field(_, name)
            | Self::Sign(_, name) => name,
        }
    }
}

/// Draws the legend in lines from the top at `y`, and says how high it is.
pub fn legend(canvas: &mut Canvas, (left, y): (f64, f64), width: f64, keys: &[Key]) -> f64 {
    let (mut x, mut line) = (left, 0.0);
    for key in keys {
        let name = shortened(key.name(), key.room(width), SMALL);
        let wide = SIGN + width_of(&name, SMALL) + 14.0;
        if x > left && x + wide > left + width {
            (x, line) = (left, line + LINE);
        }
        let middle = y + line + LINE / 2.0;
        sign(canvas, (x, middle), key);
        canvas.text((x + SIGN, middle + 4.0), Anchor::Start, SMALL, "", &name);
        x += wide;
    }
    match keys.is_empty() {
        true => 0.0,
        false => line + LINE + 4.0,
    }
}

fn sign(canvas: &mut Canvas, (x, y): (f64, f64), key: &Key) {
    let middle = x + SIGN / 2.0 - 3.0;
    let dot = |canvas: &mut Canvas, series, is_hollow| {
        let (radius, title) = (4.0, "");
        mark(
            canvas,
            (middle, y),
            &Mark {
                series,
                radius,
                is_hollow,
                title,
            },
        );
    };
    match key {
        Key::Line(series, _) => {
            let look = Look::data(*series).with("stroke-width", "2");
            let look = look.with("stroke-dasharray", dash(*series));
            canvas.line((x, y), (x + SIGN - 6.0, y), &look);
            dot(canvas, *series, false);
        }
        Key::Dot(series, _) => dot(canvas, *series, false),
        Key::Hollow(_) => {
            let look = Look::of("axis")
                .with("stroke", "currentColor")
                .with("fill", "none");
            canvas.rect((middle - 4.0, y - 4.0), (8.0, 8.0), &look.with("rx", "4"));
        }
        Key::Field(is_whole, _) => {
            let opacity = if *is_whole { "1" } else { FAINT };
            let look = Look::of("quiet").with("fill-opacity", opacity);
            let look = look.with("stroke", "currentColor");
            canvas.rect((middle - 6.0, y - 5.0), (12.0, 10.0), &look);
        }
        Key::Sign(sign, _) => canvas.text((middle, y + 4.0), Anchor::Middle, SMALL, "", sign),
    }
}

/// How much of its colour a field has that is one of two parts.
pub const FAINT: &str = "0.35";
