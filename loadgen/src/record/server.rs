//! What the server paid. The rate says what the weaker side could do; the cost
//! says what a request takes from the server, whichever side was the limit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resources of the server's process during the measured part of the run,
/// unless said otherwise. What could not be read is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Process id.
    pub pid: u32,
    /// What the user calls this server.
    pub label: String,
    /// Concurrency model, if the server has a choice of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// CPU seconds in user mode (`/proc/PID/stat`, ticks of 10 ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_user_s: Option<f64>,
    /// CPU seconds in the kernel (`/proc/PID/stat`, ticks of 10 ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_system_s: Option<f64>,
    /// CPU seconds, user and system, threads that ended included (the process's
    /// CPU clock, `clock_getcpuclockid`: nanoseconds).
    pub cpu_s: f64,
    /// CPU microseconds for each request that ended: the server's cost. Absent
    /// if none ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_request: Option<f64>,
    /// Most memory held since the process began, in bytes (`/proc/PID/status`,
    /// VmHWM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_peak: Option<u64>,
    /// Memory added since before the run, by connections open at a time, in
    /// bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_connection: Option<f64>,
    /// Most threads seen at a time (`/proc/PID/status`, Threads, sampled).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads_max: Option<u64>,
    /// Switches because a thread had to wait (`voluntary_ctxt_switches` of its
    /// threads; those of threads that ended between two samples are missing).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voluntary_context_switches: Option<u64>,
    /// Switches because a thread had used up its turn
    /// (`nonvoluntary_ctxt_switches`, read in the same way).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub involuntary_context_switches: Option<u64>,
    /// Most connections seen waiting to be accepted (`/proc/net/tcp`, rx_queue
    /// of the LISTEN row, sampled).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_queue_peak: Option<u64>,
    /// Longest accept queue that the server asked for, in connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
}
