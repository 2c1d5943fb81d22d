//! The date for answers, cached: formatting one takes longer than all the rest of a small answer;
//! and the present itself.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use wire::date::Date;

/// The coarse clock is a read from memory; it is late by one timer tick (at most 10 ms), and a
/// date has whole seconds.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::RealtimeCoarse;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Realtime;

thread_local! {
    /// The last second asked for and its date, for each thread its own so that none waits.
    static LAST: Cell<(u64, Date)> = Cell::new((0, Date::from_unix_seconds(0)));
}

/// The present date, formatted once a second and thread. A clock before 1970 shows as 1970.
#[must_use]
pub fn date() -> Date {
    let seconds = u64::try_from(clock_gettime(CLOCK).tv_sec).unwrap_or(0);
    let (last_seconds, last) = LAST.get();
    if seconds == last_seconds {
        return last;
    }
    let date = Date::from_unix_seconds(seconds);
    LAST.set((seconds, date));
    date
}

/// The present, as a time since 1970, to the nanosecond as far as the system has it.
#[must_use]
pub fn since_1970() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_system_clock() {
        let seconds = || {
            let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap();
            // The coarse clock may not have reached a second that has just begun.
            [since_1970.as_secs(), since_1970.as_secs() - 1].map(Date::from_unix_seconds)
        };
        let (before, date, after) = (seconds(), date(), seconds());
        assert!(before.contains(&date) || after.contains(&date));
    }
}
