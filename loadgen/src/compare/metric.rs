//! What is compared: the metrics, which of them are judged, and which way is
//! better.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::{Record, Server};

/// A number that a record has, or may have, for its run. The name ends in the
/// unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Successful requests per second.
    RatePerSecond,
    /// The server's CPU microseconds per request.
    ServerCpuUsPerRequest,
    /// The part of the server's CPU microseconds per request in user mode.
    ServerCpuUserUsPerRequest,
    /// The part of them in the kernel.
    ServerCpuSystemUsPerRequest,
    /// Median latency of successes in nanoseconds; if both sides are open
    /// loops, counted from the intended start. What another tool measured is
    /// taken as it measured it; its record's validity says how.
    #[serde(rename = "latency_p50_ns")]
    LatencyP50Ns,
    /// 99th percentile of the latency of successes in nanoseconds; if both
    /// sides are open loops, counted from the intended start; likewise.
    #[serde(rename = "latency_p99_ns")]
    LatencyP99Ns,
    /// Failed requests as a share of those that ended, 0 to 1.
    FailedShare,
    /// Most memory that the server held, in bytes.
    ServerRssBytes,
    /// Memory that the server added, by connections open at a time, in bytes.
    ServerBytesPerConnection,
    /// Most threads of the server at a time.
    ServerThreads,
    /// The server's context switches per request, of both kinds.
    ServerSwitchesPerRequest,
    /// Those because a thread had to wait.
    ServerVoluntarySwitchesPerRequest,
    /// Those because another thread was to run.
    ServerInvoluntarySwitchesPerRequest,
    /// Most connections that waited to be accepted.
    AcceptQueuePeak,
    /// Connections that found an accept queue full.
    AcceptQueueOverflows,
}

/// When requests started in the records that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loops {
    /// In all of them when others ended.
    Closed,
    /// In all of them by a schedule.
    Open,
    /// In some of them by a schedule.
    Mixed,
}

impl Loops {
    /// Of all records of both sides.
    pub fn of<'a>(records: impl Iterator<Item = &'a Record> + Clone) -> Self {
        let mut is_open = records.map(|record| record.plan.rate_per_second.is_some());
        match (
            is_open.clone().all(|is_open| is_open),
            is_open.any(|is_open| is_open),
        ) {
            (true, _) => Self::Open,
            (false, true) => Self::Mixed,
            (false, false) => Self::Closed,
        }
    }
}

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
}

impl Metric {
    /// Every metric, in the order of the tables.
    pub const ALL: [Self; 15] = [
        Self::RatePerSecond,
        Self::ServerCpuUsPerRequest,
        Self::ServerCpuUserUsPerRequest,
        Self::ServerCpuSystemUsPerRequest,
        Self::LatencyP50Ns,
        Self::LatencyP99Ns,
        Self::FailedShare,
        Self::ServerRssBytes,
        Self::ServerBytesPerConnection,
        Self::ServerThreads,
        Self::ServerSwitchesPerRequest,
        Self::ServerVoluntarySwitchesPerRequest,
        Self::ServerInvoluntarySwitchesPerRequest,
        Self::AcceptQueuePeak,
        Self::AcceptQueueOverflows,
    ];

    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RatePerSecond => "rate_per_second",
            Self::ServerCpuUsPerRequest => "server_cpu_us_per_request",
            Self::ServerCpuUserUsPerRequest => "server_cpu_user_us_per_request",
            Self::ServerCpuSystemUsPerRequest => "server_cpu_system_us_per_request",
            Self::LatencyP50Ns => "latency_p50_ns",
            Self::LatencyP99Ns => "latency_p99_ns",
            Self::FailedShare => "failed_share",
            Self::ServerRssBytes => "server_rss_bytes",
            Self::ServerBytesPerConnection => "server_bytes_per_connection",
            Self::ServerThreads => "server_threads",
            Self::ServerSwitchesPerRequest => "server_switches_per_request",
            Self::ServerVoluntarySwitchesPerRequest => "server_voluntary_switches_per_request",
            Self::ServerInvoluntarySwitchesPerRequest => "server_involuntary_switches_per_request",
            Self::AcceptQueuePeak => "accept_queue_peak",
            Self::AcceptQueueOverflows => "accept_queue_overflows",
        }
    }

    /// The metric of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// The name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::RatePerSecond => "requests per second",
            Self::ServerCpuUsPerRequest => "server CPU per request",
            Self::ServerCpuUserUsPerRequest => "of it in user mode",
            Self::ServerCpuSystemUsPerRequest => "of it in the kernel",
            Self::LatencyP50Ns => "p50 latency",
            Self::LatencyP99Ns => "p99 latency",
            Self::FailedShare => "failed requests",
            Self::ServerRssBytes => "server memory",
            Self::ServerBytesPerConnection => "server memory per connection",
            Self::ServerThreads => "server threads",
            Self::ServerSwitchesPerRequest => "server switches per request",
            Self::ServerVoluntarySwitchesPerRequest => "of them voluntary",
            Self::ServerInvoluntarySwitchesPerRequest => "of them involuntary",
            Self::AcceptQueuePeak => "accept queue, longest",
            Self::AcceptQueueOverflows => "accept queue overflows",
        }
    }

    /// The same where something else than requests was counted.
    pub fn label_of(self, unit: &str) -> String {
        self.label().replace("request", unit)
    }

    /// Which way it is better.
    pub fn direction(self) -> Direction {
        match self {
            Self::RatePerSecond => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }

    /// Whether it gets a verdict. The server's cost always does. The rate does
    /// in closed loop; in open loop the rate is given, and p99 takes its place.
    /// If one side is open and the other closed, both answer different
    /// questions.
    pub fn is_judged(self, loops: Loops) -> bool {
        match self {
            Self::ServerCpuUsPerRequest => true,
            Self::RatePerSecond => loops == Loops::Closed,
            Self::LatencyP99Ns => loops == Loops::Open,
            _ => false,
        }
    }

    /// Whether a load generator at its limit makes it look worse than it is.
    pub fn is_bounded_by_generator(self) -> bool {
        matches!(
            self,
            Self::RatePerSecond | Self::LatencyP50Ns | Self::LatencyP99Ns
        )
    }

    /// The value in this record, in the unit of the name; `None` if the record
    /// does not know it. Latency is what all the `loops` know of it.
    pub fn of(self, record: &Record, loops: Loops) -> Option<f64> {
        let server = record.server.as_ref();
        match self {
            Self::RatePerSecond => Some(record.rate_per_second),
            Self::ServerCpuUsPerRequest => server?.cpu_us_per_request,
            Self::ServerCpuUserUsPerRequest => server?.cpu_user_us_per_request,
            Self::ServerCpuSystemUsPerRequest => server?.cpu_system_us_per_request,
            Self::LatencyP50Ns => number(latency_ns(record, loops, 50.0)),
            Self::LatencyP99Ns => number(latency_ns(record, loops, 99.0)),
            Self::FailedShare => record.requests.failed_share(),
            Self::ServerRssBytes => number(server?.rss_bytes_peak),
            Self::ServerBytesPerConnection => server?.bytes_per_connection,
            Self::ServerThreads => number(server?.threads_max),
            Self::ServerSwitchesPerRequest => {
                let ended = record.requests.ended();
                let switches = context_switches(server?)?;
                (ended > 0).then(|| switches / ended as f64)
            }
            Self::ServerVoluntarySwitchesPerRequest => server?.voluntary_switches_per_request,
            Self::ServerInvoluntarySwitchesPerRequest => server?.involuntary_switches_per_request,
            Self::AcceptQueuePeak => number(server?.accept_queue_peak),
            Self::AcceptQueueOverflows => number(accept_queue_overflows(record)),
        }
    }
}

/// Of a server elsewhere, or behind a UNIX socket, this machine's counters say nothing.
fn accept_queue_overflows(record: &Record) -> Option<u64> {
    let is_here = record.server.is_some() && record.target.unix_path.is_none();
    record.network.filter(|_| is_here)?.listen_overflows
}

fn number(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

fn latency_ns(record: &Record, loops: Loops, percentile: f64) -> Option<u64> {
    match loops {
        Loops::Open => record.corrected_percentile_ns(percentile),
        Loops::Closed | Loops::Mixed => record.percentile_ns(percentile),
    }
}

fn context_switches(server: &Server) -> Option<f64> {
    Some((server.voluntary_context_switches? + server.involuntary_context_switches?) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    #[test]
    fn each_metric_is_found_in_a_record() {
        let values = Metric::ALL.map(|metric| metric.of(&sample(), Loops::Closed));
        let mebibyte = 1024.0 * 1024.0;
        assert_eq!(
            values,
            [
                10_000.0,
                30.0,
                4.0,
                26.0,
                14.9e6,
                21e6,
                0.0,
                3.0 * mebibyte,
                0.0,
                1.0,
                0.011,
                0.01,
                0.001,
                149.0,
                0.0
            ]
            .map(Some)
        );
    }

    #[test]
    fn without_the_server_its_metrics_are_unknown() {
        let mut record = sample();
        record.server = None;
        let is_known = |metric: &Metric| metric.of(&record, Loops::Closed).is_some();
        let known: Vec<Metric> = Metric::ALL.into_iter().filter(is_known).collect();
        let of_the_load = [
            Metric::RatePerSecond,
            Metric::LatencyP50Ns,
            Metric::LatencyP99Ns,
            Metric::FailedShare,
        ];
        assert_eq!(known, of_the_load);
    }

    #[test]
    fn a_metric_has_the_name_that_documents_give_it() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
            assert_eq!(Metric::of_name(metric.name()), Some(metric));
        }
    }

    #[test]
    fn latency_counts_from_the_intended_start_if_both_sides_know_it() {
        let mut open = sample();
        open.plan.rate_per_second = Some(10_000.0);
        let mut corrected = open.latency_ns.total.unwrap();
        corrected.p99 = 999;
        open.latency_ns.corrected = Some(corrected);
        let p99 = |record, loops| Metric::LatencyP99Ns.of(record, loops);
        assert_eq!(p99(&open, Loops::Open), Some(999.0));
        assert_eq!(p99(&open, Loops::Mixed), Some(21e6));

        let loops = |records: &[Record]| Loops::of(records.iter());
        assert_eq!(loops(&[open.clone(), open.clone()]), Loops::Open);
        assert_eq!(loops(&[open, sample()]), Loops::Mixed);
        assert_eq!(loops(&[sample(), sample()]), Loops::Closed);
    }
}
