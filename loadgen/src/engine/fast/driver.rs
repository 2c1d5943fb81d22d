//! Moving bytes: what a worker asks for, and what it hears.

use std::io;
use std::time::Duration;

/// A way to move a worker's bytes.
///
/// Connections are named by their slot, a number below the worker's concurrency. The request is
/// the same for all and known to the driver from the start.
pub(super) trait Driver {
    /// Begins to open a connection in an empty slot.
    fn connect(&mut self, slot: usize) -> io::Result<()>;

    /// Sends the request on the slot's connection, once that is open.
    fn send(&mut self, slot: usize) -> io::Result<Progress>;

    /// How much of the slot's request has been sent, in bytes.
    fn sent_bytes(&self, slot: usize) -> usize;

    /// Closes the slot's connection, if it has one. No event of it follows.
    fn close(&mut self, slot: usize);

    /// Waits until something happens or `timeout` is over.
    fn wait(&mut self, timeout: Duration) -> io::Result<()>;

    /// The next thing that has happened, until there is none: then `wait` again.
    fn next(&mut self) -> Option<(usize, Event<'_>)>;
}

/// How far a request has come on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The connection is being opened.
    Connecting,
    /// It is open; some of the request is still to be written.
    Sending,
    /// The request's last byte is in the kernel's hands.
    Sent,
}

/// What is known, as bytes are received, of what comes after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing: there may be more.
    Open,
    /// The server has said that no more will come.
    Ended,
    /// The connection has failed; its error is the next event.
    Failed,
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// The request has come further.
    Progress(Progress),
    /// Bytes came.
    Received { bytes: &'a [u8], then: Then },
    /// The server has said that no more bytes will come.
    Ended,
    /// The connection is of no use any more.
    Failed(io::Error),
}
