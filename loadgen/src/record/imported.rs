//! What another tool measured: its numbers as far as they are no others' of the record, and what it
//! does not tell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reason, Record};

/// Where the record comes from, if another tool measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// Name of the tool, such as `wrk`.
    pub tool: String,
    /// Its version, if its file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The percentiles of the latency that the file tells, in rising order: 0 is the smallest, 100
    /// the largest.
    pub percentiles: Vec<Percentile>,
    /// Mean latency in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_ns: Option<f64>,
    /// From when on these latencies count.
    pub latency_from: LatencyFrom,
    /// Which requests these latencies are of.
    pub latency_of: LatencyOf,
    /// Requests that the tool's schedule wanted, and that it left out for want of a free virtual
    /// user or connection; absent if the tool does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// Fields of the record that the file does not tell, such as `plan.threads`. What the record
    /// has there (0, `unknown`, nothing) only fills the place. A name stands for all below it.
    pub unknown: Vec<String>,
}

/// One percentile of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Percentile {
    /// Share of the samples that do not exceed it, in percent, 0 to 100.
    pub percentile: f64,
    /// Nanoseconds.
    pub ns: u64,
}

/// From when on a request's latency counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatencyFrom {
    /// The moment at which the schedule wanted it to start.
    IntendedStart,
    /// Its start: the opening of the connection, if it opened one.
    #[default]
    Start,
    /// Its sending: the connection was open by then.
    Send,
}

/// Which requests latencies are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatencyOf {
    /// Those that succeeded.
    Succeeded,
    /// Those that were answered, whatever the answer.
    #[default]
    Answered,
    /// All, those without an answer included.
    All,
}

impl Imported {
    /// Whether the record's `field` is what the file told, and does not only fill the place.
    #[must_use]
    pub fn tells(&self, field: &str) -> bool {
        let covers = |unknown: &String| {
            let below = field.strip_prefix(unknown.as_str());
            below.is_some_and(|below| below.is_empty() || below.starts_with('.'))
        };
        !self.unknown.iter().any(covers)
    }

    /// This percentile, in nanoseconds, if the file tells it.
    #[must_use]
    pub fn percentile_ns(&self, percentile: f64) -> Option<u64> {
        let is_it = |told: &&Percentile| (told.percentile - percentile).abs() < 1e-9;
        self.percentiles.iter().find(is_it).map(|told| told.ns)
    }

    /// What a reader has to know of numbers that were measured elsewhere.
    pub(super) fn reasons(&self, record: &Record) -> Vec<Reason> {
        let requests = &record.requests;
        let mut reasons = vec![Reason::GeneratorUnobserved];
        if let Some(left_out) = self.left_out.filter(|&left_out| left_out > 0) {
            let share = left_out as f64 / (requests.issued + left_out) as f64;
            reasons.push(Reason::ArrivalsLeftOut { share });
        }
        if requests.failed > 0 && !self.tells("failures") {
            reasons.push(Reason::CausesUnknown);
        }
        if self.percentiles.is_empty() && self.mean_ns.is_none() {
            return reasons;
        }
        if self.latency_from != LatencyFrom::IntendedStart {
            reasons.push(Reason::LatencyFromSend);
        }
        let is_kept = record.plan.keep_alive && self.tells("plan.keep_alive");
        if self.latency_from == LatencyFrom::Send && !is_kept {
            reasons.push(Reason::ConnectLeftOut);
        }
        if requests.failed > 0 && self.latency_of != LatencyOf::Succeeded {
            reasons.push(Reason::FailuresInLatency);
        }
        reasons
    }
}

impl Record {
    /// Whether `field` (`plan.threads`) says something, and does not only fill a place that the
    /// file of another tool left empty.
    #[must_use]
    pub fn tells(&self, field: &str) -> bool {
        let imported = self.imported.as_ref();
        imported.is_none_or(|imported| imported.tells(field))
    }

    /// The text of the record's `field`, whose value this is; `unknown` if it only fills the place.
    pub(crate) fn told(&self, field: &str, value: impl Copy + ToString) -> String {
        match self.tells(field) {
            true => value.to_string(),
            false => "unknown".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::record::sample::imported;

    #[test]
    fn a_name_stands_for_all_below_it() {
        let imported = imported();
        for (field, tells) in [
            ("client", false),
            ("client.cpu_s", false),
            ("clients", true),
            ("plan.threads", false),
            ("plan", true),
        ] {
            assert_eq!(imported.tells(field), tells, "{field}");
        }
    }

    #[test]
    fn a_percentile_is_told_or_not_and_never_guessed() {
        assert_eq!(imported().percentile_ns(99.9), Some(7));
        assert_eq!(imported().percentile_ns(99.0), None);
    }
}
