//! What the server paid. The rate says what the weaker side could do; the cost
//! says what a request takes from the server, whichever side was the limit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resources of the server's process during the measured part of the run,
/// unless said otherwise; of several processes, added up. What could not be
/// read is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Process id.
    pub pid: u32,
    /// What the user calls this server.
    pub label: String,
    /// Concurrency model, if the server has a choice of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Most processes seen at a time, if there was more than one: the one with
    /// this id, and all that came from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// CPU seconds, user and system, threads that ended included (the process's
    /// CPU clock, `clock_getcpuclockid`: nanoseconds).
    pub cpu_s: f64,
    /// The part of `cpu_s` in user mode, divided as the ticks of 10 ms in
    /// `/proc/PID/stat` are: of half a second it is exact to about 2 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_user_s: Option<f64>,
    /// The part of `cpu_s` in the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_system_s: Option<f64>,
    /// CPU microseconds for each request that ended: the server's cost. Absent
    /// if none ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_request: Option<f64>,
    /// The part of it in user mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_user_us_per_request: Option<f64>,
    /// The part of it in the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_system_us_per_request: Option<f64>,
    /// Memory before any connection of the run was opened, in bytes
    /// (`/proc/PID/status`, VmRSS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_bytes_at_rest: Option<u64>,
    /// Most memory held during the run, in bytes (`/proc/PID/status`, VmHWM);
    /// since the process began where the peak may not be set back. Of several
    /// processes the most that was seen at a time (VmRSS, sampled: a lower
    /// bound); pages that they share count for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_peak: Option<u64>,
    /// Connections open at a time at most: those of the load, and those beside
    /// it that were held when the measured part began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// `rss_bytes_peak` less `rss_bytes_at_rest`, by `connections`, in bytes.
    /// What the kernel holds for a socket is not in it. Absent with fewer than
    /// 100 connections: memory is known to some 100 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_connection: Option<f64>,
    /// Most threads seen at a time (`/proc/PID/status`, Threads, sampled: a
    /// lower bound).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads_max: Option<u64>,
    /// Switches because a thread had to wait (`/proc/PID/task/*/status`). Absent
    /// if threads that ended meanwhile, whose switches are lost, did a real part
    /// of the work, or if there are more than 2000 threads to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voluntary_context_switches: Option<u64>,
    /// Switches because another thread was to run; from the same source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub involuntary_context_switches: Option<u64>,
    /// Voluntary switches for each request that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voluntary_switches_per_request: Option<f64>,
    /// Involuntary switches for each request that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involuntary_switches_per_request: Option<f64>,
    /// Most connections seen waiting to be accepted (`sock_diag`, sampled: a
    /// lower bound).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_queue_peak: Option<u64>,
    /// How many could have waited: what the server asked `listen` for, at most
    /// `somaxconn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
}
