//! Numbers with units, as people type them.

use std::str::FromStr;
use std::time::Duration;

/// Longest time that can be asked for: a year, which keeps every sum of times in range.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A whole number, of a type that has no 0.
///
/// # Errors
///
/// One line that says what would be right.
pub fn above_zero<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| "give a whole number above 0".to_owned())
}

/// A time such as `500us`, `300ms`, `5s`, `1.5s`, `2m` or `1h`; a bare number is seconds.
///
/// # Errors
///
/// One line that shows the form.
pub fn duration(text: &str) -> Result<Duration, String> {
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
        .filter(|&time| time <= LONGEST)
        .ok_or_else(|| "give a time of at most a year".to_owned())
}

/// A time in whole or broken seconds, as ab's `-t` and `-s` take it; above 0.
///
/// # Errors
///
/// One line that shows the form.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() {
        return Err("give a time above 0, such as 300ms or 5s".to_owned());
    }
    Ok(time)
}

/// A share such as `1%` or `0.01`, as a number from 0 to 1.
///
/// # Errors
///
/// One line that shows the form.
pub fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let number = number.parse().map(|number: f64| number / whole).ok();
    number
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "give a share from 0 to 1, or 0% to 100%, such as 1% or 0.01".to_owned())
}

/// A share of 0 to 1 as the number that stands before `%`, to five digits: those that a product with
/// 100 adds are not shown, and however small it is, it is not shown as nothing.
#[must_use]
pub fn percentage(share: f64) -> f64 {
    let percentage = share * 100.0;
    format!("{percentage:.4e}").parse().unwrap_or(percentage)
}

fn form() -> String {
    "give a number with us, ms, s, m or h, such as 300ms or 5s".to_owned()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    #[test]
    fn times_are_read_in_every_unit() {
        for (text, time) in [
            ("500us", Duration::from_micros(500)),
            ("300ms", Duration::from_millis(300)),
            ("5", Duration::from_secs(5)),
            ("1.5s", Duration::from_millis(1500)),
            ("2m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("0s", Duration::ZERO),
        ] {
            assert_eq!(duration(text), Ok(time), "{text}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_above_zero() {
        assert_eq!(above_zero("7"), Ok(NonZeroU64::new(7).unwrap()));
        for text in ["0", "-1", "1.5", "1e3", "many", "", "99999999999999999999"] {
            let error = above_zero::<NonZeroU64>(text).unwrap_err();
            assert_eq!(error, "give a whole number above 0", "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_what_one_looks_like() {
        for text in ["", "s", "5 s", "-1s", "5d", "1.2.3s", "NaN", "1e3", "9000h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(seconds("0").is_err());
    }

    #[test]
    fn a_share_is_a_number_up_to_1_or_a_percentage() {
        for (text, expected) in [
            ("1%", 0.01),
            ("0.5 %", 0.005),
            ("0.01", 0.01),
            ("0", 0.0),
            ("100%", 1.0),
            ("1", 1.0),
        ] {
            assert_eq!(share(text), Ok(expected), "{text}");
        }
        for text in ["", "%", "2", "101%", "-1%", "NaN", "inf", "1%%", "few"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_percentage_is_shown_as_it_was_given() {
        for text in ["0", "1", "0.1", "0.07", "12.5", "99.99", "0.00001", "100"] {
            let share = share(&format!("{text}%")).unwrap();
            assert_eq!(percentage(share).to_string(), text);
        }
        assert_eq!(percentage(1.0 / 3.0).to_string(), "33.333");
    }
}
