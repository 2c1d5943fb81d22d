//! SIGINT and SIGTERM as something to wait for, so that who waits for a process can stop waiting,
//! and what was started is ended on the way out.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// Readable once a signal has asked for the end.
pub(crate) struct Interrupt(UnixStream);

impl Interrupt {
    /// From now on these signals no longer end the process by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        let (readable, written) = UnixStream::pair()?;
        pipe::register(SIGINT, written.try_clone()?)?;
        pipe::register(SIGTERM, written)?;
        Ok(Self(readable))
    }

    /// Whether a signal has asked for the end.
    pub(crate) fn has_come(&self) -> bool {
        let mut looked_at = [PollFd::new(self, PollFlags::IN)];
        matches!(poll(&mut looked_at, Some(&Timespec::default())), Ok(1..))
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
