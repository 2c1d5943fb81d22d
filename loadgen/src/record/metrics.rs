//! The flat summary: names and units that CI scripts already know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::Distribution;

/// The run in a handful of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// Successes as a share of successes and failures, 0 to 1; 0 if there were
    /// neither.
    pub success_rate: f64,
    /// Successes per second.
    pub requests_per_sec: f64,
    /// Latency of successes in milliseconds; null if there were none.
    pub latency_ms: Option<LatencyMs>,
}

/// Latency of successes in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyMs {
    /// Smallest.
    pub min: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

impl From<&Distribution> for LatencyMs {
    fn from(distribution: &Distribution) -> Self {
        let ms = |ns: u64| ns as f64 / 1e6;
        Self {
            min: ms(distribution.min),
            mean: distribution.mean / 1e6,
            p50: ms(distribution.p50),
            p95: ms(distribution.p95),
            p99: ms(distribution.p99),
            max: ms(distribution.max),
        }
    }
}
