//! What a tool's file tells, and the one place where it becomes a record.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use super::Format;
use crate::outcome::Cause;
use crate::record::{
    Bench, Bytes, Client, Connections, Environment, Failures, Histograms, Imported, LatencyFrom,
    LatencyMs, LatencyNs, LatencyOf, Metrics, Percentile, Plan, Record, Requests, SCHEMA, Target,
    Tool, Validity, timestamp,
};

/// Stands where a text is to be that the file does not tell.
const UNKNOWN: &str = "unknown";

/// Everything that one of the tools' files may tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Of the tool.
    pub version: Option<String>,
    /// In the record's form.
    pub started_at: Option<String>,
    pub url: Option<String>,
    pub server_software: Option<String>,
    pub document_bytes: Option<u64>,
    pub method: Option<String>,
    pub http_version: Option<String>,
    pub keep_alive: Option<bool>,
    pub connections: Option<u64>,
    pub pipeline: Option<u64>,
    pub threads: Option<u64>,
    pub timeout_s: Option<f64>,
    /// The request count that was asked for.
    pub requests: Option<u64>,
    /// The length that was asked for.
    pub duration_s: Option<f64>,
    pub offered: Offered,
    /// Statuses that count as success below.
    pub expect: &'static [&'static str],
    pub elapsed_s: f64,
    pub succeeded: u64,
    pub cancelled: u64,
    /// Requests that failed, each once, by cause; `None` is a cause that is not told.
    pub failed: Vec<(Option<Cause>, u64)>,
    /// Answers by status, if each status is told.
    pub statuses: Option<BTreeMap<u16, u64>>,
    /// Requests on connections that had served one before.
    pub reused: Option<u64>,
    pub bytes_sent: Option<u64>,
    pub bytes_received: Option<u64>,
    pub bytes_received_body: Option<u64>,
    pub min_ns: Option<u64>,
    pub mean_ns: Option<f64>,
    pub max_ns: Option<u64>,
    /// In rising order.
    pub percentiles: Vec<Percentile>,
    pub latency_from: LatencyFrom,
    pub latency_of: LatencyOf,
    /// Requests that a schedule wanted and that were not begun.
    pub left_out: Option<u64>,
}

/// When requests started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Offered {
    /// When others ended, as far as is known.
    #[default]
    Closed,
    /// At this rate per second.
    Rate(f64),
    /// By a schedule that is not told.
    Unknown,
}

/// The place of a file among the rounds of one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub scenario: &'a str,
    pub server: &'a str,
    /// From 1.
    pub round: u64,
}

/// The unit of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
}

impl Unit {
    /// So many of it in nanoseconds; no time is longer than 584 years.
    pub(super) fn ns(self, number: f64) -> u64 {
        self.ns_exactly(number).round() as u64
    }

    /// The same of a mean.
    pub(super) fn ns_exactly(self, number: f64) -> f64 {
        number
            * match self {
                Self::Nanoseconds => 1.0,
                Self::Microseconds => 1e3,
                Self::Milliseconds => 1e6,
                Self::Seconds => 1e9,
            }
    }
}

/// The record's fields that no tool tells.
const NEVER_TOLD: [&str; 16] = [
    "bench.position",
    "client",
    "connections.closed_by_peer",
    "connections.opened",
    "connections.resumed",
    "environment",
    "histograms",
    "plan.connect_timeout_s",
    "plan.expect_body",
    "plan.headers",
    "plan.request_body_bytes",
    "plan.warmup_s",
    "series",
    "target.addresses",
    "tool.argv",
    "tool.profile",
];

/// The names of fields whose values only fill the place.
struct Gaps(Vec<String>);

impl Gaps {
    /// What was told of `field`, or else what fills the place.
    fn fill<T>(&mut self, field: &str, told: Option<T>, placeholder: T) -> T {
        told.unwrap_or_else(|| {
            self.0.push(field.to_owned());
            placeholder
        })
    }

    /// The same of text.
    fn text(&mut self, field: &str, told: Option<String>) -> String {
        self.fill(field, told, UNKNOWN.to_owned())
    }

    fn of(mut self) -> Vec<String> {
        self.0.sort();
        self.0
    }
}

impl Told {
    /// Requests that failed.
    fn failed(&self) -> u64 {
        self.failed.iter().map(|(_, count)| count).sum()
    }

    /// The record, judged. Nothing of this machine is in it.
    pub(super) fn into_record(
        self,
        format: Format,
        id: String,
        place: Option<Place<'_>>,
    ) -> Record {
        let mut gaps = Gaps(NEVER_TOLD.map(str::to_owned).to_vec());
        // What is not told keeps the order of the rounds, and no clock's time.
        let round = place.map_or(0, |place| place.round);
        let in_order = timestamp(UNIX_EPOCH + Duration::from_secs(round));
        let requests = self.requests();
        let rate_per_second = match self.elapsed_s > 0.0 {
            true => self.succeeded as f64 / self.elapsed_s,
            false => 0.0,
        };
        let record = Record {
            shard: None,
            merged: None,
            schema: SCHEMA.to_owned(),
            id,
            started_at: gaps.fill("started_at", self.started_at.clone(), in_order),
            tool: self.tool(format, &mut gaps),
            target: self.target(&mut gaps),
            plan: self.plan(format, rate_per_second, &mut gaps),
            environment: nowhere(),
            bench: place.map(bench),
            elapsed_s: self.elapsed_s,
            requests,
            failures: self.failures(&mut gaps),
            statuses: gaps.fill("statuses", self.statuses.clone(), BTreeMap::new()),
            connections: Connections {
                reused: gaps.fill("connections.reused", self.reused, 0),
                ..Connections::default()
            },
            bytes: Bytes {
                sent: gaps.fill("bytes.sent", self.bytes_sent, 0),
                received: gaps.fill("bytes.received", self.bytes_received, 0),
                received_body: gaps.fill("bytes.received_body", self.bytes_received_body, 0),
            },
            rate_per_second,
            latency_ns: LatencyNs::default(),
            histograms: Histograms::default(),
            series: Vec::new(),
            paths: Vec::new(),
            schedule: None,
            background: None,
            client: unobserved(self.threads),
            server: None,
            network: None,
            validity: Validity::from(Vec::new()),
            gates: Vec::new(),
            interrupted: false,
            metrics: Metrics {
                success_rate: requests.failed_share().map_or(0.0, |share| 1.0 - share),
                requests_per_sec: rate_per_second,
                latency_ms: self.latency_ms(),
            },
            imported: Some(self.imported(format, gaps)),
        };
        record.judged()
    }

    fn requests(&self) -> Requests {
        let failed = self.failed();
        Requests {
            issued: self.succeeded + failed + self.cancelled,
            succeeded: self.succeeded,
            failed,
            cancelled: self.cancelled,
        }
    }

    /// Those without a cause count as `other`.
    fn failures(&self, gaps: &mut Gaps) -> Failures {
        let mut failures = Failures::default();
        for &(cause, count) in &self.failed {
            failures[cause.unwrap_or(Cause::Other)] += count;
        }
        let mut failed = self.failed.iter();
        if failed.any(|&(cause, count)| cause.is_none() && count > 0) {
            gaps.0.push("failures".to_owned());
        }
        failures
    }

    fn tool(&self, format: Format, gaps: &mut Gaps) -> Tool {
        Tool {
            name: format.label().to_owned(),
            version: gaps.text("tool.version", self.version.clone()),
            git: None,
            profile: UNKNOWN.to_owned(),
            argv: Vec::new(),
        }
    }

    fn target(&self, gaps: &mut Gaps) -> Target {
        Target {
            url: gaps.text("target.url", self.url.clone()),
            addresses: Vec::new(),
            unix_path: None,
            server_software: self.server_software.clone(),
            document_bytes: self.document_bytes,
            dns_error: None,
            tls: None,
            tls_error: None,
            proxy_error: None,
            websocket_error: None,
        }
    }

    fn plan(&self, format: Format, rate_per_second: f64, gaps: &mut Gaps) -> Plan {
        let connections = gaps.fill("plan.connections", self.connections, 0);
        let pipeline = gaps.fill("plan.pipeline", self.pipeline, 1);
        if self.connections.and(self.pipeline).is_none() {
            gaps.0.push("plan.concurrency".to_owned());
        }
        Plan {
            scenario: None,
            websocket: None,
            method: gaps.text("plan.method", self.method.clone()),
            http_version: gaps.text("plan.http_version", self.http_version.clone()),
            headers: Vec::new(),
            request_body_bytes: 0,
            keep_alive: gaps.fill("plan.keep_alive", self.keep_alive, true),
            concurrency: connections.saturating_mul(pipeline),
            connections,
            pipeline,
            threads: gaps.fill("plan.threads", self.threads, 0),
            engine: format.label().to_owned(),
            driver: None,
            requests: self.requests,
            duration_s: self.duration_s,
            warmup_s: 0.0,
            rate_per_second: match self.offered {
                Offered::Closed => None,
                Offered::Rate(rate) => Some(rate),
                Offered::Unknown => {
                    gaps.0.push("plan.rate_per_second".to_owned());
                    Some(rate_per_second)
                }
            },
            rate_to_per_second: None,
            arrival: None,
            seed: None,
            max_in_flight: None,
            spin: None,
            timeout_s: gaps.fill("plan.timeout_s", self.timeout_s, 0.0),
            connect_timeout_s: 0.0,
            expect_statuses: self.expect.iter().map(|&class| class.to_owned()).collect(),
            expect_length: None,
            expect_body: false,
            source_addresses: Vec::new(),
            proxy: None,
            connect_to: Vec::new(),
            tls: None,
            buffer_bytes: None,
            idle_connections: None,
            slow_readers: None,
            slow_path: None,
            cpu_list: Vec::new(),
        }
    }

    /// Only whole: a zero would be taken for a time.
    fn latency_ms(&self) -> Option<LatencyMs> {
        let ms = |ns: u64| ns as f64 / 1e6;
        let percentile_ms = |wanted: f64| {
            let is_it = |told: &&Percentile| told.percentile == wanted;
            let told = self.percentiles.iter().find(is_it)?;
            Some(ms(told.ns))
        };
        Some(LatencyMs {
            min: ms(self.min_ns?),
            mean: self.mean_ns? / 1e6,
            p50: percentile_ms(50.0)?,
            p95: percentile_ms(95.0)?,
            p99: percentile_ms(99.0)?,
            max: ms(self.max_ns?),
        })
    }

    fn imported(self, format: Format, gaps: Gaps) -> Imported {
        let end = |percentile: f64, ns: Option<u64>| ns.map(|ns| Percentile { percentile, ns });
        let mut percentiles = self.percentiles;
        percentiles.extend(end(0.0, self.min_ns));
        percentiles.extend(end(100.0, self.max_ns));
        percentiles.sort_by(|a, b| a.percentile.total_cmp(&b.percentile));
        percentiles.dedup_by(|a, b| a.percentile == b.percentile);
        Imported {
            tool: format.label().to_owned(),
            version: self.version,
            percentiles,
            mean_ns: self.mean_ns,
            latency_from: self.latency_from,
            latency_of: self.latency_of,
            left_out: self.left_out,
            unknown: gaps.of(),
        }
    }
}

fn bench(place: Place<'_>) -> Bench {
    Bench {
        plan: None,
        scenario: place.scenario.to_owned(),
        server: place.server.to_owned(),
        round: place.round,
        position: 1,
    }
}

/// The machine of another tool's run is none that is known, and is not this one.
fn nowhere() -> Environment {
    Environment {
        os: UNKNOWN.to_owned(),
        kernel: UNKNOWN.to_owned(),
        cpu_model: None,
        cpu_count: None,
        cpu_usable_count: None,
        governor: None,
        clock_source: None,
        memory_bytes: 0,
        congestion_control: None,
        tcp_tw_reuse: None,
        somaxconn: None,
        port_range: None,
        file_limit: None,
        cpu_steal_share: None,
        load_cores: Vec::new(),
        server_cores: Vec::new(),
    }
}

/// Nobody measured what the tool spent.
fn unobserved(threads: Option<u64>) -> Client {
    Client {
        threads: threads.unwrap_or(0),
        cpu_s: 0.0,
        cpu_user_s: None,
        cpu_system_s: None,
        cpu_us_per_request: None,
        workers_cpu_share: Vec::new(),
        busiest_worker_cpu_share: 0.0,
        busiest_worker_runnable_share: None,
        late_share: None,
        samples_wait_s: None,
        rss_bytes_peak: None,
    }
}
