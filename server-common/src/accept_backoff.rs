//! What to do when accepting a connection fails, or giving it what it needs.
//!
//! Two kinds of failure are told apart. Those of one connection (it was reset while it waited in
//! the queue, its network went down: accept(2) lists them) concern nobody else: go on at once.
//! Those of the system (no descriptor, no buffer, no memory left) will be met again at once, and
//! a server that tries again at once spends on that the time in which it could answer, and so
//! free descriptors. It waits instead: 5, 10, 20, 40, 80, 160, 320, 640 ms, then 1 s each time,
//! until an accept succeeds; the connections wait in the accept queue.

use std::io;
use std::time::{Duration, Instant};

use crate::program::complain;

use rustix::io::Errno;

/// Short against what a client notices, long against what an answer takes.
const PAUSE_MIN: Duration = Duration::from_millis(5);

/// A second after descriptors are free again, at the latest, the server accepts again.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A failure so long after the one before begins another episode, about which a line is written.
/// At the brink accepts fail and succeed by turns; that is one episode.
const EPISODE_GAP: Duration = Duration::from_secs(10);

/// The state of one accept loop's patience.
#[derive(Debug)]
pub struct AcceptBackoff {
    server: &'static str,
    cannot: &'static str,
    and_so: &'static str,
    pause: Duration,
    failed_at: Option<Instant>,
}

impl AcceptBackoff {
    /// Of a loop in which nothing has failed yet; `server` begins the lines on stderr.
    #[must_use]
    pub fn new(server: &'static str) -> Self {
        Self::of(server, "accept connections", "trying on")
    }

    /// Of a loop that does something else for its connections as well: what it `cannot` do then,
    /// `and_so` does instead.
    #[must_use]
    pub fn of(server: &'static str, cannot: &'static str, and_so: &'static str) -> Self {
        Self {
            server,
            cannot,
            and_so,
            pause: PAUSE_MIN,
            failed_at: None,
        }
    }

    /// It has succeeded.
    pub fn succeeded(&mut self) {
        self.pause = PAUSE_MIN;
    }

    /// It has failed with something other than an empty accept queue: how long to wait before the
    /// next attempt; `None` means not at all. The first failure of an episode is told on stderr.
    pub fn failed(&mut self, error: &io::Error) -> Option<Duration> {
        if concerns_one_connection(error) {
            return None;
        }
        let now = Instant::now();
        let before = self.failed_at.replace(now);
        if before.is_none_or(|before| now - before > EPISODE_GAP) {
            let (cannot, and_so) = (self.cannot, self.and_so);
            let line = format!("cannot {cannot} for the moment: {error}; {and_so}");
            complain(self.server, &line);
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(PAUSE_MAX);
        Some(pause)
    }
}

/// The errors of accept(2) that are gone with the connection that brought them.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::CONNABORTED
                | Errno::CONNRESET
                | Errno::INTR
                | Errno::PROTO
                | Errno::NOPROTOOPT
                | Errno::NETDOWN
                | Errno::NETUNREACH
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::NONET
                | Errno::PERM
                | Errno::TIMEDOUT
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause_ms(backoff: &mut AcceptBackoff, errno: Errno) -> Option<u128> {
        backoff.failed(&errno.into()).map(|pause| pause.as_millis())
    }

    #[test]
    fn out_of_descriptors_the_pause_doubles_to_a_second_and_starts_anew_after_a_success() {
        let mut backoff = AcceptBackoff::new("test");
        let mut pauses = Vec::new();
        for _ in 0..10 {
            pauses.extend(pause_ms(&mut backoff, Errno::MFILE));
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        backoff.succeeded();
        assert_eq!(pause_ms(&mut backoff, Errno::NOMEM), Some(5));
    }

    #[test]
    fn a_connection_that_is_gone_stops_nobody() {
        let mut backoff = AcceptBackoff::new("test");
        assert_eq!(pause_ms(&mut backoff, Errno::CONNABORTED), None);
        assert_eq!(pause_ms(&mut backoff, Errno::INTR), None);
    }

    #[test]
    fn an_unknown_error_is_waited_out_rather_than_spun_on() {
        let mut backoff = AcceptBackoff::new("test");
        assert_eq!(pause_ms(&mut backoff, Errno::INVAL), Some(5));
    }
}
