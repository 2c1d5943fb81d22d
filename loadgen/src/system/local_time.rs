//! The time of day where this machine is: what the system's rules for its time zone make of a
//! moment, which no safe wrapper reads.
//!
//! Source: localtime_r(3).

// For one call of the C library.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Full, such as 2026.
    pub year: i64,
    /// 0 is January.
    pub month: usize,
    /// Of the month, from 1.
    pub day: u32,
    /// 0 is Sunday.
    pub weekday: usize,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 60: there are leap seconds.
    pub second: u32,
}

/// The local time at so many seconds since 1970; `None` in a year that has no number.
#[must_use]
pub fn local_time(unix_s: i64) -> Option<LocalTime> {
    let unix_s = libc::time_t::from(unix_s);
    let mut parts = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are valid for the call, and the second may be written to.
    let filled = unsafe { libc::localtime_r(&raw const unix_s, parts.as_mut_ptr()) };
    if filled.is_null() {
        return None;
    }
    // SAFETY: the call has filled it, or it would have returned null.
    let parts = unsafe { parts.assume_init() };
    Some(LocalTime {
        year: i64::from(parts.tm_year) + 1900,
        month: usize::try_from(parts.tm_mon).ok()?,
        day: u32::try_from(parts.tm_mday).ok()?,
        weekday: usize::try_from(parts.tm_wday).ok()?,
        hour: u32::try_from(parts.tm_hour).ok()?,
        minute: u32::try_from(parts.tm_min).ok()?,
        second: u32::try_from(parts.tm_sec).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_later_is_the_next_weekday_wherever_this_is() {
        // Noon in UTC of a Wednesday, so within a day of it everywhere.
        let noon = 1_767_182_400 + 12 * 3600;
        let [day, next] = [noon, noon + 86_400].map(|unix_s| local_time(unix_s).unwrap());
        assert_eq!((day.weekday + 1) % 7, next.weekday);
        assert!([2025, 2026].contains(&day.year), "{day:?}");
        assert!([0, 11].contains(&day.month), "{day:?}");
        assert_eq!(day.second, 0);
    }

    #[test]
    fn a_year_without_a_number_is_none() {
        assert_eq!(local_time(i64::MAX), None);
    }
}
