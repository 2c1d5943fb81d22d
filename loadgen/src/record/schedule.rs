//! How an open loop's schedule was kept, and who kept requests from starting on time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Distribution;

/// The schedule of an open loop against what came of it. Every arrival of the
/// measured part is in `intended`; those of the warm-up that were under way
/// when it began are in `requests` only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// Arrivals that came due: each was started, late or not, or is in
    /// `unsent`.
    pub intended: u64,
    /// Requests started over 1 ms after their intended time although a
    /// connection was free: the load generator's doing.
    pub late: u64,
    /// Requests started that found no connection free when they were due: the
    /// doing of the server, or of `plan.max_in_flight`.
    pub waited: u64,
    /// Arrivals that had not been started when the run ended. They count as
    /// issued and cancelled.
    pub unsent: u64,
    /// Most arrivals that waited at a time; with several threads, each one's
    /// most added up.
    pub backlog_max: u64,
    /// Furthest that a start was behind its intended time, for whatever reason,
    /// in nanoseconds.
    pub behind_ns_max: u64,
    /// Actual minus intended start, in nanoseconds, of the requests for which a
    /// connection was free: the load generator's own error. Absent if there
    /// were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ns: Option<Distribution>,
}

impl Schedule {
    /// Requests started late by the load generator, as a share of all arrivals,
    /// 0 to 1.
    #[must_use]
    pub fn late_share(&self) -> f64 {
        self.share(self.late)
    }

    /// Arrivals for which no connection was free, as a share of all, 0 to 1.
    #[must_use]
    pub fn waited_share(&self) -> f64 {
        self.share(self.waited + self.unsent)
    }

    fn share(&self, count: u64) -> f64 {
        count as f64 / self.intended.max(1) as f64
    }
}
