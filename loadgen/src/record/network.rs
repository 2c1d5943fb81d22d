//! What the kernel's TCP counted while the run lasted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kernel counters after the run minus before it. They belong to the whole
/// network namespace, so other traffic on this machine is in them too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// Segments sent again (`/proc/net/snmp`, Tcp RetransSegs).
    pub tcp_retransmits: u64,
    /// SYN and SYN/ACK segments sent again: a connection took a second or more
    /// to open (`/proc/net/netstat`, TCPSynRetrans).
    pub syn_retransmits: u64,
    /// Times that an accept queue was full (`/proc/net/netstat`,
    /// ListenOverflows).
    pub listen_overflows: u64,
    /// Connections dropped by a listener for any reason
    /// (`/proc/net/netstat`, ListenDrops).
    pub listen_drops: u64,
    /// Retransmission timers that ran out (`/proc/net/netstat`, TCPTimeouts).
    pub tcp_timeouts: u64,
    /// Resets sent (`/proc/net/snmp`, Tcp OutRsts).
    pub resets_sent: u64,
    /// Connections refused or given up while opening (`/proc/net/snmp`, Tcp
    /// AttemptFails).
    pub connects_failed: u64,
}
