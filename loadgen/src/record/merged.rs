//! Of which parts a record was put together, and how well they fit.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Record, epoch_ms};

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

    /// Which rows of `series` are wholly of the time in which all ran; `started_at` is the record's.
    pub(super) fn common_rows(&self, started_at: &str) -> Range<usize> {
        let first_ms = epoch_ms(started_at);
        let rows = self.shards.iter().filter_map(|shard| {
            let later_s = shift_s(epoch_ms(&shard.started_at)?, first_ms?);
            Some((later_s, later_s as f64 + shard.elapsed_s))
        });
        let common = rows.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)));
        common.map_or(0..0, |(from_s, to_s)| from_s as usize..to_s as usize)
    }

    /// `made by 4 shards on 2 machines`
    fn makers(&self) -> String {
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
        format!("made by {} {noun} on {machines}", self.shards.len())
    }
}

impl Record {
    /// Who made it, if several did: `made by 4 shards on 2 machines, which ran together for 9.98 s
    /// of 10.03 s`.
    #[must_use]
    pub fn made_by(&self) -> Option<String> {
        let merged = self.merged.as_ref()?;
        Some(format!(
            "{}, which ran together for {:.2} s of {:.2} s",
            merged.makers(),
            merged.overlap_s,
            self.elapsed_s
        ))
    }
}

/// Who made these records, as far as several did: a line for all that as many made, `made by 4
/// shards on 2 machines, which ran together for at least 97.3 % of the time`.
pub(crate) fn made_by<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<String> {
    let mut records_by_makers: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        if let Some(merged) = &record.merged {
            let makers = records_by_makers.entry(merged.makers());
            makers.or_default().push(record);
        }
    }
    let lines = records_by_makers
        .into_iter()
        .filter_map(|(makers, records)| {
            if let [record] = records[..] {
                return record.made_by();
            }
            let merged = records.iter().filter_map(|record| record.merged.as_ref());
            let least = merged
                .map(|merged| merged.overlap_share)
                .fold(1.0, f64::min);
            Some(format!(
                "{makers}, which ran together for at least {:.1} % of the time",
                (least * 1000.0).floor() / 10.0
            ))
        });
    lines.collect()
}

/// By how many whole seconds the rows are shifted of a shard that began then.
pub(crate) fn shift_s(started_ms: u64, first_ms: u64) -> u64 {
    (started_ms.saturating_sub(first_ms) + 500) / 1000
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::{merged, sample};

    #[test]
    fn many_rounds_of_as_many_shards_are_one_line() {
        let round = |overlap_share| Record {
            merged: Some(Merged {
                overlap_share,
                ..merged()
            }),
            ..sample()
        };
        let mut rounds: Vec<Record> = [0.99, 0.9239, 0.95].map(round).into();
        rounds.push(sample());
        let line = "made by 2 shards on 2 machines, which ran together for at least 92.3 % of the \
                    time";
        assert_eq!(made_by(&rounds), [line]);
        assert_eq!(made_by(&rounds[..1]), [rounds[0].made_by().unwrap()]);
        assert_eq!(made_by(&rounds[3..]), [""; 0]);
        if let Some(merged) = &mut rounds[1].merged {
            merged.machines = 1;
        }
        assert_eq!(made_by(&rounds).len(), 2);
    }
}
