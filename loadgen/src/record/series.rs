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
    /// Longest latency of those that succeeded, in nanoseconds; absent if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ns_max: Option<u64>,
}
