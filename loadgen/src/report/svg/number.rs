//! Numbers as people read them, with the prefixes of the SI.

/// What a number counts, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things; from a thousand on with `k`, `M`, `G`.
    Count,
    /// A time in nanoseconds.
    Nanoseconds,
    /// Bytes, by powers of 1024.
    Bytes,
    /// How many times as much.
    Factor,
}

impl Unit {
    /// The number with at most three digits that matter: `512 k`, `4.86 µs`, `12.2 KiB`.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        let (value, suffix) = self.scaled(value);
        match self == Self::Count && suffix.is_empty() && value.fract() == 0.0 {
            true => short(value),
            false => joined(&three_digits(value), suffix, self),
        }
    }

    /// The same for a place on an axis: without the zeros at its end.
    #[must_use]
    pub fn tick(self, value: f64) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        let (value, suffix) = self.scaled(value);
        joined(&short(value), suffix, self)
    }

    fn scaled(self, value: f64) -> (f64, &'static str) {
        let steps: &[(f64, &str)] = match self {
            Self::Count => &[(1e9, "G"), (1e6, "M"), (1e3, "k"), (0.0, "")],
            Self::Nanoseconds => &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (0.0, "ns")],
            Self::Bytes => &[
                (1024.0 * 1024.0 * 1024.0, "GiB"),
                (1024.0 * 1024.0, "MiB"),
                (1024.0, "KiB"),
                (0.0, "B"),
            ],
            Self::Factor => &[(0.0, "×")],
        };
        // What would be written as 1000 has the next prefix.
        let size = value.abs() * 1.0005;
        let step = steps.iter().find(|(from, _)| size >= *from);
        let (from, suffix) = step.copied().unwrap_or((0.0, ""));
        match from > 0.0 {
            true => (value / from, suffix),
            false => (value, suffix),
        }
    }
}

fn joined(number: &str, suffix: &str, unit: Unit) -> String {
    match (unit, suffix) {
        (_, "") => number.to_owned(),
        (Unit::Factor, _) => format!("{suffix}{number}"),
        (Unit::Count, _) => format!("{number}{suffix}"),
        // A narrow space that does not break.
        _ => format!("{number}\u{202f}{suffix}"),
    }
}

/// Beyond these sizes a number is written with its power of ten: a damaged record may say anything.
const PLAIN: std::ops::Range<f64> = 5e-4..1e6;

fn is_plain(value: f64) -> bool {
    value == 0.0 || PLAIN.contains(&value.abs())
}

fn three_digits(value: f64) -> String {
    if !is_plain(value) {
        return format!("{value:.1e}");
    }
    let decimals = match value.abs() {
        size if size == 0.0 || size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.0995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// The number without zeros at its end, to six digits: `0.5`, `20`, `1.25`.
#[must_use]
pub fn short(value: f64) -> String {
    if !is_plain(value) {
        let text = format!("{value:.2e}");
        return text.replacen(".00e", "e", 1);
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        text => text.replace('-', "−"),
    }
}

/// A ratio as a factor: `×1.31`, `×0.5`, `×133`.
#[must_use]
pub fn factor(ratio: f64) -> String {
    format!("×{}", three_digits(ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_prefix_that_suits_their_size() {
        for (unit, value, text, tick) in [
            (Unit::Count, 0.0, "0", "0"),
            (Unit::Count, 97.4, "97.4", "97.4"),
            (Unit::Count, 511_557.0, "512k", "511.557k"),
            (Unit::Count, 999_999.0, "1.00M", "0.999999M"),
            (Unit::Count, 200_000.0, "200k", "200k"),
            (
                Unit::Nanoseconds,
                4_860.0,
                "4.86\u{202f}µs",
                "4.86\u{202f}µs",
            ),
            (Unit::Nanoseconds, 1e9, "1.00\u{202f}s", "1\u{202f}s"),
            (Unit::Nanoseconds, 0.0, "0\u{202f}ns", "0"),
            (
                Unit::Bytes,
                12_499.3,
                "12.2\u{202f}KiB",
                "12.206348\u{202f}KiB",
            ),
            (Unit::Bytes, 3_145_728.0, "3.00\u{202f}MiB", "3\u{202f}MiB"),
            (Unit::Factor, 0.5, "×0.50", "×0.5"),
            (Unit::Count, 1e300, "1.0e291G", "1e291G"),
            (Unit::Factor, 2e-5, "×2.0e-5", "×2e-5"),
        ] {
            assert_eq!(
                (unit.text(value).as_str(), unit.tick(value).as_str()),
                (text, tick)
            );
        }
    }
}
