//! What the load generator spent: who measures has to weigh itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resources of the load generator during the measured part of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Client {
    /// Worker threads.
    pub threads: u64,
    /// CPU seconds of the process, user and system together (the process's CPU
    /// clock: nanoseconds).
    pub cpu_s: f64,
    /// The part of `cpu_s` in user mode, divided as the ticks of 10 ms in
    /// `/proc/self/stat` are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_user_s: Option<f64>,
    /// The part of `cpu_s` in the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_system_s: Option<f64>,
    /// CPU microseconds of the process for each request that ended; absent if
    /// none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_request: Option<f64>,
    /// For each worker its share of time on a CPU, 0 to 1
    /// (`CLOCK_THREAD_CPUTIME_ID` over `elapsed_s`).
    pub workers_cpu_share: Vec<f64>,
    /// The largest of `workers_cpu_share`.
    pub busiest_worker_cpu_share: f64,
    /// The largest share of time that a worker was on a CPU or waited for one
    /// that others had, 0 to 1 (`/proc/thread-self/schedstat`). Near 1 the
    /// generator was the limit, and the rate says how fast it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busiest_worker_runnable_share: Option<f64>,
    /// Open loop only: share of requests that the generator started over 1 ms
    /// late although a connection was free, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_share: Option<f64>,
    /// With `--samples` or `-g` only: how long workers waited for the file's
    /// writer, in seconds, all added up. Requests were not sent or read then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples_wait_s: Option<f64>,
    /// Most memory that the process held, in bytes (`/proc/self/status`, VmHWM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes_peak: Option<u64>,
}

impl Client {
    /// Share of time that the busiest worker had no more to give, 0 to 1: what waits for a CPU is
    /// as little free as what is on it. Where the kernel does not tell of the wait it is left out.
    #[must_use]
    pub fn busiest_worker_share(&self) -> f64 {
        let runnable_share = self.busiest_worker_runnable_share;
        runnable_share.unwrap_or(self.busiest_worker_cpu_share)
    }
}
