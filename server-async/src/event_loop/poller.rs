//! The question which descriptors are ready, whoever answers it.

use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::Duration;

/// What a descriptor is watched for. Its end and its errors are told with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Bytes, or a connection, to be taken.
    Input,
    /// Room for bytes.
    Output,
}

/// Whose descriptor it is, in the owner's own numbering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token(pub(super) u64);

/// Watches descriptors and says which are ready, level-triggered: what is not taken is said again.
///
/// A descriptor that is watched must be open: before it is closed comes [`Self::remove`] or
/// [`Self::forget`].
pub(super) trait Poller: Sized {
    /// The system call's name.
    const NAME: &'static str;

    /// Descriptors from this number on cannot be watched; `None` if all can.
    const DESCRIPTORS_END: Option<RawFd>;

    /// Watches nothing yet.
    fn new() -> io::Result<Self>;

    /// Begins to watch a descriptor.
    fn add(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()>;

    /// Watches a descriptor for something else.
    fn modify(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()>;

    /// Ceases to watch a descriptor, which stays open.
    fn remove(&mut self, descriptor: BorrowedFd<'_>) -> io::Result<()>;

    /// Ceases to watch a descriptor, which is closed next, whatever becomes of it.
    fn forget(&mut self, descriptor: BorrowedFd<'_>);

    /// Waits until a descriptor is ready or `timeout` is over, `None` being never, and appends to
    /// `ready` whose it is. May end early, with nobody.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Token>) -> io::Result<()>;
}

#[cfg(test)]
mod tests;
