//! What the kernel's TCP counted while the run lasted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::system::kernel_counters::KernelCounters;

/// Kernel counters after the run minus before it (`/proc/net/snmp`,
/// `/proc/net/netstat`). They belong to the whole network namespace, so other
/// traffic on this machine is in them too. A counter that the kernel does not
/// have is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// Connections that this machine began (Tcp ActiveOpens).
    pub active_opens: Option<u64>,
    /// Connections that did not come about (Tcp AttemptFails).
    pub attempt_fails: Option<u64>,
    /// Segments sent again, SYNs included (Tcp RetransSegs).
    pub retransmitted_segments: Option<u64>,
    /// Resets sent (Tcp OutRsts).
    pub resets_sent: Option<u64>,
    /// SYNs and SYN-ACKs sent again: a connection that took a second longer
    /// (TCPSynRetrans).
    pub syn_retransmits: Option<u64>,
    /// Connections that found an accept queue full (ListenOverflows).
    pub listen_overflows: Option<u64>,
    /// SYNs dropped by a listening socket for any reason, overflows included
    /// (ListenDrops).
    pub listen_drops: Option<u64>,
    /// SYNs dropped because the queue of half-open connections was full
    /// (TCPReqQFullDrop).
    pub syn_queue_drops: Option<u64>,
    /// SYN cookies sent because that queue was full (TCPReqQFullDoCookies).
    pub syn_queue_cookies: Option<u64>,
    /// Retransmission timeouts (TCPTimeouts).
    pub timeouts: Option<u64>,
    /// Connections given up after too many timeouts (TCPAbortOnTimeout).
    pub aborts_on_timeout: Option<u64>,
    /// Connections that ended their TIME_WAIT (TW).
    pub time_wait_ended: Option<u64>,
    /// Local ports taken over from TIME_WAIT (TWRecycled).
    pub time_wait_reused: Option<u64>,
    /// Connections closed without TIME_WAIT because there were too many
    /// (TCPTimeWaitOverflow).
    pub time_wait_overflows: Option<u64>,
}

impl Network {
    /// Each counter made of two; null where one of them is.
    #[must_use]
    pub(crate) fn with(&self, other: &Self, of: fn(u64, u64) -> u64) -> Self {
        let each = |one: Option<u64>, other: Option<u64>| Some(of(one?, other?));
        Self {
            active_opens: each(self.active_opens, other.active_opens),
            attempt_fails: each(self.attempt_fails, other.attempt_fails),
            retransmitted_segments: each(self.retransmitted_segments, other.retransmitted_segments),
            resets_sent: each(self.resets_sent, other.resets_sent),
            syn_retransmits: each(self.syn_retransmits, other.syn_retransmits),
            listen_overflows: each(self.listen_overflows, other.listen_overflows),
            listen_drops: each(self.listen_drops, other.listen_drops),
            syn_queue_drops: each(self.syn_queue_drops, other.syn_queue_drops),
            syn_queue_cookies: each(self.syn_queue_cookies, other.syn_queue_cookies),
            timeouts: each(self.timeouts, other.timeouts),
            aborts_on_timeout: each(self.aborts_on_timeout, other.aborts_on_timeout),
            time_wait_ended: each(self.time_wait_ended, other.time_wait_ended),
            time_wait_reused: each(self.time_wait_reused, other.time_wait_reused),
            time_wait_overflows: each(self.time_wait_overflows, other.time_wait_overflows),
        }
    }
}

impl From<&KernelCounters> for Network {
    /// Takes a difference, as [`KernelCounters::since`] gives it.
    fn from(counters: &KernelCounters) -> Self {
        Self {
            active_opens: counters.active_opens,
            attempt_fails: counters.attempt_fails,
            retransmitted_segments: counters.retransmitted_segments,
            resets_sent: counters.resets_sent,
            syn_retransmits: counters.syn_retransmits,
            listen_overflows: counters.listen_overflows,
            listen_drops: counters.listen_drops,
            syn_queue_drops: counters.syn_queue_drops,
            syn_queue_cookies: counters.syn_queue_cookies,
            timeouts: counters.timeouts,
            aborts_on_timeout: counters.aborts_on_timeout,
            time_wait_ended: counters.time_wait_ended,
            time_wait_reused: counters.time_wait_reused,
            time_wait_overflows: counters.time_wait_overflows,
        }
    }
}
