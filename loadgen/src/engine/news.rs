//! What lanes hand in at their desk, on its way to the ledger.

use crate::http1::Answer;
use crate::outcome::Cause;
use crate::record::Bytes;
use crate::recorder::Timing;

/// What has happened since somebody last asked.
#[derive(Default)]
pub(super) struct News {
    /// Whether the measured part has begun. Of what happened before that, only requests are in here
    /// then, each with its time.
    pub(super) is_measured: bool,
    /// In open loop, in the order of their beginnings.
    pub(super) started: Vec<Started>,
    /// In open loop, most requests that waited for a lane at a time.
    pub(super) backlog_max: u64,
    /// In the order of their ends.
    pub(super) ended: Vec<Ended>,
    /// How long each connection took that was opened.
    pub(super) connects_ns: Vec<u64>,
    /// Connections that were secured.
    pub(super) handshakes: Vec<Handshake>,
    pub(super) bytes: Bytes,
    pub(super) closed_by_peer: u64,
}

impl News {
    /// Forgets what has no time of its own and happened before the measured part, which begins now.
    pub(super) fn begin_measuring(&mut self) {
        self.connects_ns.clear();
        self.handshakes.clear();
        self.bytes = Bytes::default();
        self.closed_by_peer = 0;
    }
}

/// A request that has begun by a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) intended_ns: u64,
    pub(super) started_ns: u64,
    /// Whether no lane was free when it came due.
    pub(super) had_to_wait: bool,
}

/// A request that has ended.
pub(super) struct Ended {
    pub(super) timing: Timing,
    pub(super) result: Result<Answer, Cause>,
    /// Whether its connection had served another.
    pub(super) is_reused: bool,
}

/// A TLS handshake that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handshake {
    pub(super) took_ns: u64,
    /// Whether it resumed a session.
    pub(super) is_resumed: bool,
}
