//! Times as flags write them: `5s`, `300ms`, `1m`.

use std::time::Duration;

/// Longest time a flag takes: a day is as good as never, and adding it to a clock cannot overflow.
const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a whole number with its unit, `ms`, `s` or `m`; for clap's `value_parser`.
///
/// # Errors
///
/// A text that says what is wrong: no unit, no number, 0 or over a day. 0 is refused because
/// to sockets a timeout of 0 means none.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        _ => return Err("needs a number and a unit, such as 5s, 300ms or 1m".to_owned()),
    };
    let ms = number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(unit_ms));
    ms.map(Duration::from_millis)
        .filter(|duration| !duration.is_zero() && *duration <= DURATION_MAX)
        .ok_or_else(|| "must be more than 0 and at most a day (1440m)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_with_its_unit() {
        assert_eq!(parse("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(parse("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse("1440m"), Ok(DURATION_MAX));
    }

    #[test]
    fn what_has_no_unit_is_told_the_form() {
        for text in ["5", "", "5h", "-5s", "5 s", "1.5s"] {
            assert!(parse(text).unwrap_err().contains("such as 5s"), "{text}");
        }
    }

    #[test]
    fn nothing_and_for_ever_are_refused() {
        for text in [
            "0s",
            "s",
            "1441m",
            "99999999999999999999s",
            "18446744073709551615m",
        ] {
            assert!(parse(text).unwrap_err().contains("at most a day"), "{text}");
        }
    }
}
