//! Of which parts a record was put together, and how well they fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Record;

/// The shards that `loadgen merge` made one record of. Counts and
/// distributions are theirs added up; `rate_per_second` is that of the time in
/// which all of them ran, and `elapsed_s` from the first one's start to the
/// last one's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Merged {
    /// The run that they are of.
    pub run_id: String,
    /// Machines that made the load.
    pub machines: u64,
    /// From the first shard's start to the last one's, in seconds, by their
    /// clocks.
    pub start_skew_s: f64,
    /// How long all of them ran at the same time, in seconds.
    pub overlap_s: f64,
    /// `overlap_s` as a share of `elapsed_s`, 0 to 1.
    pub overlap_share: f64,
    /// Shards on machines whose clock nothing keeps in step with others, or
    /// whose kernel does not tell.
    pub clocks_unsynchronised: u64,
    /// Furthest that any of the clocks may be off, in seconds; absent if none
    /// tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_error_s_max: Option<f64>,
    /// Shards that are not in it, by index; only `--allow-missing` merges then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u64>,
    /// Versions of the program that made them, if there was more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Whether the file of a Locust master's workers ended in the middle of a
    /// report, which is left out then; absent if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_short: bool,
    /// Each of them, by index.
    pub shards: Vec<MergedShard>,
}

/// One of the shards that were put together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergedShard {
    /// Its place among them.
    pub index: u64,
    /// Its machine, as its own record had it.
    pub machine: String,
    /// The name that a Locust master knew it by; absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Whether reports of it are missing, or its last one: it was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// Reports of it that are missing before the latest that there is.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reports_missing: u64,
    /// When its measured part began: UTC, RFC 3339, milliseconds.
    pub started_at: String,
    /// Length of its measured part, in seconds.
    pub elapsed_s: f64,
    /// Its requests that succeeded.
    pub succeeded: u64,
    /// Its requests that failed.
    pub failed: u64,
    /// Its successes per second while all shards ran.
    pub rate_per_second: f64,
    /// The 99th percentile of its own latencies, in nanoseconds, to be told
    /// from the others by; absent if nothing succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns_p99: Option<u64>,
    /// Share of time that its busiest worker was on a CPU or waited for one, 0
    /// to 1.
    pub busiest_worker_share: f64,
}

impl Merged {
    /// Whether they are workers of a Locust master.
    pub(super) fn is_of_locust(&self) -> bool {
        self.shards.iter().any(|shard| shard.worker.is_some())
    }

    /// `made by 4 shards on 2 machines, which ran together for 9.98 s of 10.03 s`; `elapsed_s` is
    /// the record's.
    #[must_use]
    pub fn made_by(&self, elapsed_s: f64) -> String {
        let noun = match (self.is_of_locust(), self.shards.len()) {
            (true, 1) => "worker of Locust",
            (true, _) => "workers of Locust",
            (false, 1) => "shard",
            (false, _) => "shards",
        };
        let machines = match self.machines {
            1 => "1 machine".to_owned(),
            many => format!("{many} machines"),
        };
        format!(
            "made by {} {noun} on {machines}, which ran together for {:.2} s of {elapsed_s:.2} s",
            self.shards.len(),
            self.overlap_s
        )
    }
}

impl Record {
    /// Who made it, if several did.
    #[must_use]
    pub fn made_by(&self) -> Option<String> {
        let merged = self.merged.as_ref();
        merged.map(|merged| merged.made_by(self.elapsed_s))
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
