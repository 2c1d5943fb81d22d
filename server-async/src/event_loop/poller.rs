//! The question which descriptors are ready, whoever answers it.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// What a descriptor is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Nothing but its end: the connection pauses.
    None,
    /// Bytes, or a connection, to be taken.
    Input,
    /// Room for bytes.
    Output,
}

/// Whose descriptor it is, in the owner's own numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(pub(super) u32);

/// Watches descriptors and says which are ready, level-triggered: what is not taken is said again.
pub(super) trait Poller: Sized {
    /// Most descriptors that can be watched, or their highest number: `None` if only the process's
    /// own limit is one.
    const DESCRIPTORS_MAX: Option<usize>;

    /// Watches nothing yet.
    fn new() -> io::Result<Self>;

    /// Begins to watch a descriptor.
    fn add(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()>;

    /// Watches it for something else.
    fn modify(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()>;

    /// Ceases to watch it. To be called before it is closed.
    fn remove(&mut self, descriptor: BorrowedFd<'_>, token: Token) -> io::Result<()>;

    /// Waits until a descriptor is ready or `timeout` is over, and puts into `ready` whose it is.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Token>) -> io::Result<()>;
}
