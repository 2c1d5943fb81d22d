//! The run second by second, to see whether it was one steady thing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What ended within one second of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Second {
    /// Start of this row, in seconds since the run's start.
    pub start_s: u64,
    /// Length of this row in seconds: 1, or less in the last row.
    pub elapsed_s: f64,
    /// Requests that succeeded in it.
    pub succeeded: u64,
    /// Requests that failed in it.
    pub failed: u64,
    /// Mean latency of those that succeeded, in nanoseconds; absent if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ns_mean: Option<f64>,
    /// 99th percentile of their latencies, in nanoseconds: the smallest time, to two significant
    /// digits and at most the longest, that at least 99 % of them did not exceed; absent if none
    /// succeeded, and in records from before there was this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ns_p99: Option<u64>,
    /// Longest latency of those that succeeded, in nanoseconds; absent if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ns_max: Option<u64>,
}
