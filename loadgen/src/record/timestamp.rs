//! UTC dates as text, from the system's clock and without a calendar library.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// `2026-03-01T12:34:56.789Z`: RFC 3339 in UTC. Fixed width, so that texts sort
/// as times do. A time before 1970 is shown as 1970.
pub fn timestamp(time: SystemTime) -> String {
    let (date, seconds, milliseconds) = split(time);
    let (hour, minute, second) = clock(seconds);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// `2026-03-01T12-34-56Z`: the same without what file systems dislike, for
/// names of directories.
pub fn directory_timestamp(time: SystemTime) -> String {
    let (date, seconds, _) = split(time);
    let (hour, minute, second) = clock(seconds);
    format!("{date}T{hour:02}-{minute:02}-{second:02}Z")
}

/// The moment of a text of RFC 3339, of any offset and any fraction of a second, as [`timestamp`]
/// writes it; `None` if it is none, or before 1970.
pub(crate) fn utc(text: &str) -> Option<String> {
    let since_epoch = Duration::from_millis(epoch_ms(text)?);
    Some(timestamp(UNIX_EPOCH + since_epoch))
}

/// The same in milliseconds since 1970-01-01.
pub(crate) fn epoch_ms(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let (clock, offset) = time.split_at(time.find(['Z', 'z', '+', '-'])?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let is_month = (1970..10_000).contains(&year) && (1..=12).contains(&month);
    if !is_month || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    // A leap second is the first of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days_before: u64 = (1970..year).map(days_in_year).sum();
    let months_before: u64 = (1..month).map(|month| days_in_month(year, month)).sum();
    let days = days_before + months_before + day - 1;
    let local_s = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    let seconds = local_s.checked_add_signed(-ahead_s(offset)?)?;
    Some(seconds * 1000 + milliseconds(fraction)?)
}

/// How far local time is ahead, in seconds.
fn ahead_s(offset: &str) -> Option<i64> {
    if offset.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(&offset[1..], ':')?;
    let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
    (hours < 24 && minutes < 60).then_some(sign * seconds)
}

/// Of the digits behind the point.
fn milliseconds(fraction: &str) -> Option<u64> {
    let first: String = fraction.chars().chain("000".chars()).take(3).collect();
    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
    first.parse().ok().filter(|_| is_number)
}

/// So many numbers with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[u64; N]> {
    let number = |part: &str| {
        let is_number = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_number)
    };
    let numbers: Option<Vec<u64>> = text.split(separator).map(number).collect();
    numbers?.try_into().ok()
}

/// The date as text, the second of the day, and the millisecond within it.
fn split(time: SystemTime) -> (String, u64, u32) {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since_epoch.as_secs();
    let (year, month, day) = civil(seconds / SECONDS_PER_DAY);
    (
        format!("{year:04}-{month:02}-{day:02}"),
        seconds % SECONDS_PER_DAY,
        since_epoch.subsec_millis(),
    )
}

fn clock(second_of_day: u64) -> (u64, u64, u64) {
    (
        second_of_day / 3600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    )
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= days_in_year(year) {
        days -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_have_known_names() {
        // Checked with `date -u -d @SECONDS`.
        for (seconds, milliseconds, text) in [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, 5, "2000-02-29T00:00:00.005Z"),
            (1_709_251_199, 999, "2024-02-29T23:59:59.999Z"),
            (1_767_225_600, 0, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::new(seconds, milliseconds * 1_000_000);
            assert_eq!(timestamp(time), text);
            assert_eq!(
                epoch_ms(text),
                Some(seconds * 1000 + u64::from(milliseconds))
            );
        }
    }

    #[test]
    fn a_directory_is_named_without_colons() {
        let time = UNIX_EPOCH + Duration::from_millis(1_709_251_199_999);
        assert_eq!(directory_timestamp(time), "2024-02-29T23-59-59Z");
    }

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
            "2026-02-31T00:00:00Z",
            "2026-01-01T00:00:00.1e2Z",
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
