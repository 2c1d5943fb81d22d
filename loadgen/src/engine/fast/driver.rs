//! Moving bytes: what a worker asks for, and what it hears.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use crate::engine::socket::Hop;

/// A way to move a worker's bytes, `'a` being the life of the run.
///
/// Connections are named by their slot, a number below the worker's connections.
pub(in crate::engine) trait Driver<'a> {
    /// Begins to open a connection in an empty slot.
    fn connect(&mut self, slot: usize, hop: Hop<'a>) -> io::Result<()>;

    /// Sends `bytes` on the slot's connection, once that is open, after what was to be sent
    /// before. A driver may take its time: if they are not all in the kernel's hands on return, an
    /// [`Event::Progress`] tells when they are. Of a connection on which nothing is to be sent yet,
    /// [`Readiness`] tells so when it is open; a ring is told nothing without an operation.
    ///
    /// [`Readiness`]: super::readiness::Readiness
    fn send(&mut self, slot: usize, bytes: Cow<'a, [u8]>) -> io::Result<Progress>;

    /// How much of what was to be sent on the slot's connection is not in the kernel's hands.
    fn unsent_bytes(&self, slot: usize) -> usize;

    /// Whether the slot's connection is known to be open, or to have been.
    fn is_connected(&self, slot: usize) -> bool;

    /// Closes the slot's connection, if it has one. No event of it follows.
    fn close(&mut self, slot: usize);

    /// Waits until something happens or `timeout` is over, or, to the microsecond, until `start`.
    fn wait(&mut self, timeout: Duration, start: Option<Start>) -> io::Result<()>;

    /// The next thing that has happened, until there is none: then `wait` again.
    fn next(&mut self) -> Option<(usize, Event<'_>)>;
}

/// When the next request of an open loop is to begin.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Start {
    /// In nanoseconds since the run began, by which it is known as the same.
    pub(in crate::engine) at_ns: u64,
    /// How long the worker may sleep until then.
    pub(in crate::engine) after: Duration,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Progress {
    /// It is being opened.
    Connecting,
    /// It is open; some of what is to be sent is still to be written.
    Sending,
    /// The last byte is in the kernel's hands.
    Sent,
}

/// What is known, as bytes are received, of what comes after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Then {
    /// Nothing: there may be more.
    Open,
    /// The server has said that no more will come.
    Ended,
    /// The connection has failed; its error is the next event.
    Failed,
}

/// What happened on a connection.
#[derive(Debug)]
pub(in crate::engine) enum Event<'a> {
    /// What is to be sent has come further.
    Progress(Progress),
    /// Bytes came.
    Received { bytes: &'a [u8], then: Then },
    /// The server has said that no more bytes will come.
    Ended,
    /// The connection is of no use any more.
    Failed(io::Error),
}
