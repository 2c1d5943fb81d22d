//! Times as flags write them: `5s`, `300ms`, `1.5m`, or a bare number of seconds.
//!
//! The load generator reads the same grammar with a parser of its own (0 means something there,
//! and its times may be longer). `wire`, the one crate that both use, knows the protocol and no
//! flags, and a dozen lines are not worth a crate between two programs that share nothing else.

use std::ops::RangeInclusive;
use std::time::Duration;

/// From a microsecond, because to sockets a timeout of 0 means none, to a day, which is as good as
/// never and cannot overflow a clock to which it is added.
const RANGE: RangeInclusive<Duration> =
    Duration::from_micros(1)..=Duration::from_secs(24 * 60 * 60);

/// Reads a number, whole or not, with its unit: `us`, `ms`, `s`, `m` or `h`; a bare one is
/// seconds. For clap's `value_parser`.
///
/// # Errors
///
/// A text that says what is wrong: no number, no such unit, too short or too long.
pub fn parse(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|char: char| !char.is_ascii_digit() && char != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit_s = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(form()),
    };
    let number: f64 = number.parse().map_err(|_| form())?;
    Duration::try_from_secs_f64(number * unit_s)
        .ok()
        .filter(|time| RANGE.contains(time))
        .ok_or_else(|| "must be from 1us to 24h".to_owned())
}

fn form() -> String {
    "a time is a number with us, ms, s, m or h, such as 300ms or 5s".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_unit() {
        for (text, time) in [
            ("500us", Duration::from_micros(500)),
            ("300ms", Duration::from_millis(300)),
            ("5", Duration::from_secs(5)),
            ("5s", Duration::from_secs(5)),
            ("1.5s", Duration::from_millis(1500)),
            ("2m", Duration::from_secs(120)),
            ("24h", Duration::from_secs(86_400)),
        ] {
            assert_eq!(parse(text), Ok(time), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_what_one_looks_like() {
        for text in ["", "s", "5 s", "-1s", "5d", "1.2.3s", "NaN", "1e3", "."] {
            assert!(parse(text).unwrap_err().contains("such as"), "{text}");
        }
    }

    #[test]
    fn nothing_and_for_ever_are_refused() {
        for text in ["0", "0s", "0.4us", "25h", "99999999999999999999s"] {
            let message = parse(text).unwrap_err();
            assert_eq!(message, "must be from 1us to 24h", "{text}");
        }
    }
}
