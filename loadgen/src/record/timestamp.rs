//! UTC dates as text, from the system's clock and without a calendar library.

use std::time::{SystemTime, UNIX_EPOCH};

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

/// The time that [`timestamp`] wrote, in milliseconds since 1970-01-01; `None` if the text is another.
pub(crate) fn epoch_ms(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_date = year >= 1970 && (1..=12).contains(&month);
    if !is_date || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let days_before: u64 = (1970..year).map(days_in_year).sum();
    let months_before: u64 = (1..month).map(|month| days_in_month(year, month)).sum();
    let days = days_before + months_before + day - 1;
    let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some(seconds * 1000 + number(20, 23).unwrap_or_default())
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
    use std::time::Duration;

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
    fn what_is_no_time_has_none() {
        for text in [
            "",
            "yesterday",
            "2026-02-30T12:00:00.000Z",
            "2026-13-01T12:00:00.000Z",
        ] {
            assert_eq!(epoch_ms(text), None, "{text}");
        }
    }

    #[test]
    fn a_directory_is_named_without_colons() {
        let time = UNIX_EPOCH + Duration::from_millis(1_709_251_199_999);
        assert_eq!(directory_timestamp(time), "2024-02-29T23-59-59Z");
    }
}
