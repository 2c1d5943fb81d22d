//! Moving bytes: what a worker asks for, and what it hears.

use std::io;
use std::time::Duration;

/// A way to move a worker's bytes.
///
/// Connections are named by their slot, a number below the worker's concurrency. The request is
/// the same for all and known to the driver from the start.
pub(super) trait Driver {
    /// Opens a connection in an empty slot and sends the request on it.
    fn open(&mut self, slot: usize) -> io::Result<Progress>;

    /// Sends the request on the slot's connection.
    fn send(&mut self, slot: usize) -> io::Result<Progress>;

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

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// The request has come further.
    Progress(Progress),
    /// Bytes came, and with `ended` the server has said that no more will.
    Received { bytes: &'a [u8], ended: bool },
    /// The server has said that no more bytes will come.
    Ended,
    /// The connection is of no use any more.
    Failed(io::Error),
}
