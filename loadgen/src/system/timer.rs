//! A timer that is waited for together with sockets, to the microsecond: a
//! poll's own timeout is in whole milliseconds.
//!
//! Source: `timerfd_create`, `timerfd_settime`, see timerfd_create(2). Its
//! expiry is not subject to the thread's timer slack, so that is left alone.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// Becomes readable when its time is over. Whoever is told of that by edges
/// need not read it: arming it again takes the old expiry back.
#[derive(Debug)]
pub struct Timer(OwnedFd);

impl Timer {
    /// A timer by the monotonic clock, not armed.
    ///
    /// # Errors
    ///
    /// No free file descriptor.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Self(timerfd_create(TimerfdClockId::Monotonic, flags)?))
    }

    /// Arms it, in place of what it was armed for. A time of zero disarms it.
    ///
    /// # Errors
    ///
    /// None that the kernel documents for a time like this.
    pub fn arm(&self, after: Duration) -> io::Result<()> {
        const NEVER_AGAIN: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let once = Itimerspec {
            it_interval: NEVER_AGAIN,
            it_value: Timespec {
                tv_sec: after.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: after.subsec_nanos().into(),
            },
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Token};

    use super::*;

    const HANG_GUARD: Duration = Duration::from_secs(10);

    fn watched(timer: &Timer) -> (Poll, Events) {
        let poll = Poll::new().unwrap();
        let mut source = SourceFd(&timer.0.as_raw_fd());
        let registry = poll.registry();
        registry
            .register(&mut source, Token(7), Interest::READABLE)
            .unwrap();
        (poll, Events::with_capacity(8))
    }

    #[test]
    fn each_expiry_wakes_a_poll_though_nobody_reads_the_timer() {
        let timer = Timer::new().unwrap();
        let (mut poll, mut events) = watched(&timer);
        for after_us in [1, 300, 1500] {
            let after = Duration::from_micros(after_us);
            let armed = Instant::now();
            timer.arm(after).unwrap();
            poll.poll(&mut events, Some(HANG_GUARD)).unwrap();
            assert!(armed.elapsed() >= after);
            let tokens: Vec<_> = events.iter().map(mio::event::Event::token).collect();
            assert_eq!(tokens, [Token(7)]);
        }
    }

    #[test]
    fn arming_it_again_takes_back_what_it_was_armed_for() {
        let timer = Timer::new().unwrap();
        let (mut poll, mut events) = watched(&timer);
        timer.arm(Duration::from_nanos(1)).unwrap();
        timer.arm(HANG_GUARD).unwrap();
        poll.poll(&mut events, Some(Duration::from_millis(1)))
            .unwrap();
        assert!(events.is_empty());
    }
}
