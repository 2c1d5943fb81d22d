//! Moments as other tools write them (RFC 3339, any offset, any fraction of a second) in the
//! record's form.

use std::time::{Duration, UNIX_EPOCH};

use crate::record::timestamp;

/// The moment in UTC with milliseconds; `None` if the text is none, or before 1970.
pub(super) fn utc(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', 't'])?;
    let offset_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = time.split_at(offset_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':')?;
    let [year, month, day] = numbers(date, '-')?;
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && year < 10_000;
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local_s = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let since_epoch = u64::try_from(local_s - offset_s(offset)?).ok()?;
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    let milliseconds = (fraction * 1000.0) as u64;
    let moment = Duration::from_secs(since_epoch) + Duration::from_millis(milliseconds);
    Some(timestamp(UNIX_EPOCH + moment))
}

/// How far local time is ahead, in seconds.
fn offset_s(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(&text[1..], ':')?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970-01-01, in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before_year = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (month * 153 + 2) / 5;
    before_year + before_month + day - 1 - 719_468
}

/// So many numbers with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split(separator).collect();
    let numbers = parts
        .iter()
        .map(|part| {
            part.parse()
                .ok()
                .filter(|_| is_number(part) && part.len() <= 4)
        })
        .collect::<Option<Vec<i64>>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::utc;
    use proptest::prelude::*;

    #[test]
    fn moments_are_told_in_utc_and_milliseconds() {
        for (text, moment) in [
            ("2026-11-21T18:16:51.216Z", "2026-11-21T18:16:51.216Z"),
            (
                "2015-09-19T14:45:50.645818631+02:00",
                "2015-09-19T12:45:50.645Z",
            ),
            ("2024-02-29T23:30:00-01:30", "2024-03-01T01:00:00.000Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2000-12-31T23:59:59.999999Z", "2000-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "today",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00+99:00",
            "-1-01-01T00:00:00Z",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", digits in "[0-9TZ:+.-]{0,40}") {
            let _ = (utc(&text), utc(&digits));
        }
    }
}
