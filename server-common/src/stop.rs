//! The wish that the server end, in a form that every way of waiting can wait for.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long requests under way at a stop may take. As long as the longest `/delay`, and less than
/// the 30 s after which container runtimes lose patience and kill.
pub const GRACE_PERIOD: Duration = Duration::from_secs(10);

/// Exit code of a process that a second signal ended: 128 and SIGINT's number, as shells have it.
const EXIT_INTERRUPTED: i32 = 130;

/// Asks for the stop, by [`StopHandle::stop`] or by being dropped.
#[derive(Debug)]
pub struct StopHandle {
    asked: Arc<AtomicBool>,
    _write_end: OwnedFd,
}

/// Whether the stop was asked for: a flag to look at, and a descriptor to wait for.
///
/// The descriptor is the read end of a pipe into which nothing is written: it becomes readable
/// when the write end is closed, and stays so for ever and for all who wait.
#[derive(Clone, Debug)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    read_end: Arc<OwnedFd>,
}

impl Stop {
    /// A stop that is asked for by the handle.
    ///
    /// # Errors
    ///
    /// Those of pipe(2): no descriptors.
    pub fn new() -> io::Result<(StopHandle, Self)> {
        let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC)?;
        let asked = Arc::new(AtomicBool::new(false));
        let handle = StopHandle {
            asked: Arc::clone(&asked),
            _write_end: write_end,
        };
        let read_end = Arc::new(read_end);
        Ok((handle, Self { asked, read_end }))
    }

    /// Whether the stop has been asked for; costs a load.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Waits until the stop is asked for or `limit` is over, and says which.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> bool {
        let began = Instant::now();
        while !self.is_asked() {
            let Some(rest) = limit.checked_sub(began.elapsed()) else {
                return false;
            };
            // May end early, by a signal.
            let rest = Timespec::try_from(rest).ok();
            let _ = poll(&mut [PollFd::new(self, PollFlags::IN)], rest.as_ref());
        }
        true
    }
}

/// The descriptor that is readable once the stop is asked for. Nothing can be read from it.
impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

impl StopHandle {
    /// Asks for the stop.
    pub fn stop(self) {}
}

impl Drop for StopHandle {
    fn drop(&mut self) {
        // Before the pipe closes, which is after this: who is woken must see it.
        self.asked.store(true, Ordering::Release);
    }
}

/// A stop that the first SIGTERM or SIGINT asks for; the second ends the process at once, with
/// code 130.
///
/// # Errors
///
/// No descriptors, or no thread, with what to do about it.
pub fn stop_on_signals() -> anyhow::Result<Stop> {
    wait_for_signals().context(
        "cannot wait for signals, which takes a few descriptors and a thread: \
         see ulimit -n and ulimit -u",
    )
}

fn wait_for_signals() -> io::Result<Stop> {
    let (handle, stop) = Stop::new()?;
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let mut forever = signals.forever();
            forever.next();
            handle.stop();
            forever.next();
            process::exit(EXIT_INTERRUPTED);
        })?;
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_AT_ALL: Duration = Duration::ZERO;
    const FOR_EVER: Duration = Duration::from_secs(60);

    #[test]
    fn every_copy_sees_the_stop_for_ever() {
        let (handle, stop) = Stop::new().unwrap();
        let copy = stop.clone();
        assert!(!stop.is_asked() && !copy.wait(NOT_AT_ALL));
        handle.stop();
        for _ in 0..2 {
            assert!(stop.wait(FOR_EVER) && copy.wait(FOR_EVER));
        }
    }

    #[test]
    fn who_waits_is_woken() {
        let (handle, stop) = Stop::new().unwrap();
        let waiter = thread::spawn(move || stop.wait(FOR_EVER));
        drop(handle);
        assert!(waiter.join().unwrap());
    }
}
