//! The CPU clock of a process: nanoseconds, user and system time of all its
//! threads together, ended ones included.
//!
//! /proc/PID/stat has the same sum in ticks of 10 ms, which is half a percent
//! of a run of two seconds; this clock has no such grain.
#![allow(unsafe_code)] // neither std nor rustix offers another process' clock

use std::mem::MaybeUninit;
use std::time::Duration;

/// No process has a larger id: `PID_MAX_LIMIT` on 64 bits, proc_sys_kernel(5).
const PID_MAX: libc::pid_t = 4 << 20;

/// CPU time that the process used since it began: clock_getcpuclockid(3) and
/// clock_gettime(2). `None` if there is no such process. It can still be read
/// of a child that ended, until it is waited for.
///
/// What a thread of *another* process did since its last scheduler tick (1 to
/// 10 ms) may be missing while it runs; nothing is missing once it waits.
pub(super) fn process_cpu_time(pid: u32) -> Option<Duration> {
    // 0 would mean the calling process, and so would a number that loses its
    // upper bits when it is packed into the clock's id.
    let pid = libc::pid_t::try_from(pid).ok()?;
    if !(1..=PID_MAX).contains(&pid) {
        return None;
    }

    let mut clock = MaybeUninit::uninit();
    // SAFETY: the pointer is valid for a write of one clockid_t.
    if unsafe { libc::clock_getcpuclockid(pid, clock.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: on success the call has written the clock's id.
    let clock = unsafe { clock.assume_init() };

    let mut now = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is valid for a write of one timespec; an id whose
    // process has gone meanwhile is an error, not undefined behaviour.
    if unsafe { libc::clock_gettime(clock, now.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: on success the call has written the time.
    let now = unsafe { now.assume_init() };
    Some(Duration::new(
        now.tv_sec.try_into().ok()?,
        now.tv_nsec.try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_clock_advances_with_work() {
        let read = || process_cpu_time(std::process::id()).unwrap();
        let before = read();
        while read() < before + Duration::from_millis(1) {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn a_process_that_cannot_exist_has_no_clock() {
        assert_eq!(process_cpu_time(0), None);
        assert_eq!(process_cpu_time(u32::MAX), None);
        assert_eq!(process_cpu_time(i32::MAX as u32), None);
    }
}
