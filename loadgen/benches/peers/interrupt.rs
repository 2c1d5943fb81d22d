//! SIGINT and SIGTERM as something to wait for, so that who waits for a process can stop waiting,
//! and what was started is ended on the way out.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

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
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
