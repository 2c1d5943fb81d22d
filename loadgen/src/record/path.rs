//! What became of the requests for each of several paths.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::recorder::PathTally;

/// The requests for one path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// With its query, as the request line has it.
    pub path: String,
    /// Requests whose whole answer arrived and was as expected.
    pub succeeded: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests under way when the run ended.
    pub cancelled: u64,
    /// How long those that succeeded took; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns: Option<PathLatency>,
}

/// A distribution of durations in nanoseconds, accurate to 2 significant digits and a microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathLatency {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// Largest.
    pub max: u64,
}

impl Path {
    /// Sums up what was counted for `path`.
    #[must_use]
    pub fn of(path: &str, tally: &PathTally) -> Self {
        let total = &tally.total;
        let latency_ns = (!total.is_empty()).then(|| PathLatency {
            mean: total.mean(),
            p50: total.value_at_percentile(50.0),
            p90: total.value_at_percentile(90.0),
            p99: total.value_at_percentile(99.0),
            max: total.max(),
        });
        Self {
            path: path.to_owned(),
            succeeded: tally.succeeded,
            failed: tally.failed,
            cancelled: tally.cancelled,
            latency_ns,
        }
    }
}
