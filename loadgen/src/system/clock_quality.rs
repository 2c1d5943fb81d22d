//! How far this machine's clock can be trusted, as its kernel says.
#![allow(unsafe_code)] // neither std nor rustix asks the kernel about its clock

use std::time::Duration;

/// What keeps the clock in step with others, and how well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockQuality {
    /// Whether something does. `None`: the kernel did not tell.
    pub synchronised: Option<bool>,
    /// Furthest that the clock may be off; it grows while nothing keeps it in step. `None`: not
    /// known.
    pub error_max: Option<Duration>,
}

impl ClockQuality {
    /// Asks the kernel: adjtimex(2), status `STA_UNSYNC` and `maxerror`. Everybody may.
    #[cfg(target_os = "linux")]
    pub fn read() -> Self {
        // SAFETY: a timex is plain numbers, of which 0 is a value; its modes are then 0, which
        // changes nothing.
        let mut told: libc::timex = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is valid for a read and a write of one timex.
        match unsafe { libc::adjtimex(&mut told) } {
            -1 => Self::default(),
            _ => Self::of(told.status, told.maxerror),
        }
    }

    /// Elsewhere nobody is asked.
    #[cfg(not(target_os = "linux"))]
    pub fn read() -> Self {
        Self::default()
    }

    #[cfg(target_os = "linux")]
    fn of(status: libc::c_int, error_us_max: libc::c_long) -> Self {
        let error_us_max = u64::try_from(error_us_max);
        Self {
            synchronised: Some(status & libc::STA_UNSYNC == 0),
            error_max: error_us_max.ok().map(Duration::from_micros),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_clock_is_in_step_unless_the_kernel_says_that_it_is_not() {
        let synchronised = |status| ClockQuality::of(status, 0).synchronised;
        assert_eq!(synchronised(0), Some(true));
        assert_eq!(synchronised(libc::STA_PLL | libc::STA_NANO), Some(true));
        assert_eq!(synchronised(libc::STA_PLL | libc::STA_UNSYNC), Some(false));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn its_error_is_in_microseconds() {
        let error_max = |us| ClockQuality::of(0, us).error_max;
        assert_eq!(error_max(16_000_000), Some(Duration::from_secs(16)));
        assert_eq!(error_max(-1), None);
    }

    #[test]
    fn this_machines_kernel_may_be_asked_or_says_nothing() {
        let quality = ClockQuality::read();
        assert_eq!(quality.synchronised.is_some(), quality.error_max.is_some());
    }
}
