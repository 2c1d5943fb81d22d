//! What a connection's socket says of the requests on it. hyper has fewer words for how a
//! connection may end than there are causes, and none for when bytes come and go.

use std::cell::Cell;
use std::io::{self, ErrorKind};

use crate::engine::failure::{self, Phase};
use crate::outcome::Cause;

/// Most bytes before the head of an answer has been read. hyper has a limit for a head, a good
/// third of this, but passes over interim answers (1xx) without end.
const HEAD_BYTES_MAX: u64 = 1 << 20;

/// Of one connection. Of what it says of a request, the requests of an HTTP/2 connection that are
/// under way at a time have only one gauge.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Since the request began.
    received_bytes: Cell<u64>,
    first_byte_ns: Cell<Option<u64>>,
    sent_ns: Cell<Option<u64>>,
    awaits_head: Cell<bool>,
    /// Whether the kernel takes no more of what is to be sent.
    is_blocked: Cell<bool>,
    /// Whether the server has said anything yet.
    has_spoken: Cell<bool>,
    has_failed: Cell<bool>,
    cause: Cell<Option<Cause>>,
}

impl Gauge {
    /// A request begins.
    pub(super) fn begin(&self) {
        self.received_bytes.set(0);
        self.first_byte_ns.set(None);
        self.sent_ns.set(None);
        self.awaits_head.set(true);
    }

    /// Its answer's head has come.
    pub(super) fn head(&self) {
        self.awaits_head.set(false);
    }

    /// When the first byte of the answer came.
    pub(super) fn first_byte_ns(&self) -> Option<u64> {
        self.first_byte_ns.get()
    }

    /// When the last byte was written before that.
    pub(super) fn sent_ns(&self) -> Option<u64> {
        self.sent_ns.get()
    }

    /// Whether something of the answer has come.
    pub(super) fn has_begun(&self) -> bool {
        self.received_bytes.get() > 0
    }

    /// Whether the connection has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// Why it has failed, if that is the same for all that is under way on it.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.cause.get()
    }

    /// How far the request has come.
    pub(super) fn phase(&self) -> Phase {
        match self.is_blocked.get() {
            true => Phase::Sending,
            false => Phase::Receiving,
        }
    }

    /// Bytes came in.
    pub(super) fn received(&self, bytes: usize, now_ns: u64) -> io::Result<()> {
        self.received_bytes
            .set(self.received_bytes.get() + bytes as u64);
        self.has_spoken.set(true);
        if self.first_byte_ns.get().is_none() {
            self.first_byte_ns.set(Some(now_ns));
        }
        if self.awaits_head.get() && self.received_bytes.get() > HEAD_BYTES_MAX {
            self.cause.set(Some(Cause::ResponseTooLarge));
            return Err(io::Error::other("a head without end"));
        }
        Ok(())
    }

    /// Bytes went out.
    pub(super) fn sent(&self, now_ns: u64) {
        self.is_blocked.set(false);
        if self.first_byte_ns.get().is_none() {
            self.sent_ns.set(Some(now_ns));
        }
    }

    /// The kernel takes no more for now.
    pub(super) fn blocked(&self) {
        self.is_blocked.set(true);
    }

    /// The kernel has taken everything.
    pub(super) fn flushed(&self) {
        self.is_blocked.set(false);
    }

    /// The connection has failed.
    pub(super) fn failed(&self, phase: Phase, error: &io::Error) {
        self.has_failed.set(true);
        self.cause.set(match (error.raw_os_error(), error.kind()) {
            // Ended without the word of farewell that TLS has: what that means depends on how far
            // an answer has come.
            (None, ErrorKind::UnexpectedEof) => None,
            (None, ErrorKind::InvalidData) => Some(self.cause_of_what_breaks_tls()),
            _ => Some(failure::cause(phase, error)),
        });
    }

    /// A server that takes exception to the handshake may do so after we think it done; until it
    /// has said something, the connection was never secured.
    fn cause_of_what_breaks_tls(&self) -> Cause {
        match self.has_spoken.get() {
            false => Cause::TlsHandshake,
            true => Cause::MalformedResponse,
        }
    }
}
