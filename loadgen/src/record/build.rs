//! From what was planned, counted and measured to the record: nothing is computed after this.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;

use super::{
    Background, BackgroundMeasured, Bench, Client, Distribution, Environment, GateResult,
    Histograms, LatencyMs, LatencyNs, Metrics, Network, Path, Plan, Record, Requests, SCHEMA,
    Schedule, Second, Server, Shard, Target, TlsSettings, Tool, Validity, WebSocketSettings,
    encode_histogram, timestamp,
};
use crate::engine::samples::Samples;
use crate::engine::{Crowd, Summary, own_requests};
use crate::plan;
use crate::recorder::{Recorder, SecondTally, Times};
use crate::shard::Membership;
use crate::system;
use crate::system::affinity::CpuSet;
use crate::system::kernel_counters::KernelCounters;
use crate::system::process::ProcessCost;
use crate::system::server_watch::ServerPeaks;
use crate::system::thread_cpu::BusyShare;

/// Memory is known to some 100 KiB, and of fewer connections than this each would be known to over
/// 1 KiB.
pub(crate) const CONNECTIONS_MIN: u64 = 100;

/// What a run has to do with beside its plan: what its record says of it, who may end it, and who
/// else wants to know.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The command line, passwords masked.
    pub argv: Vec<String>,
    /// The run's place in a benchmark.
    pub bench: Option<Bench>,
    /// Ends the run early when it is set.
    pub interrupted: Arc<AtomicBool>,
    /// Where each request goes when it has ended, if somebody collects them.
    pub samples: Option<Samples>,
    /// The run that this one is a part of.
    pub membership: Option<Membership>,
    /// When to begin, warm-up included; at once if that is over.
    pub start_at: Option<SystemTime>,
    /// Who says, while the run lasts, how many of its connections are used.
    pub crowd: Option<Arc<Crowd>>,
}

/// What the machine said of a run: the differences between its beginning and its end.
#[derive(Clone, Debug)]
pub struct Measured {
    /// When the measured part began.
    pub started_at: SystemTime,
    /// How long after the time that was set for it the load began, if one was.
    pub late: Option<Duration>,
    /// How far the clock could be trusted when the run had ended.
    pub clock: system::clock_quality::ClockQuality,
    /// Which machine it was.
    pub machine: system::machine::Machine,
    /// Where the run took place.
    pub environment: system::environment::Environment,
    /// CPU time that the hypervisor gave to others, 0 to 1.
    pub steal_share: Option<f64>,
    /// What the kernel's TCP counted.
    pub network: KernelCounters,
    /// What the load generator paid.
    pub client: Option<ProcessCost>,
    /// Its peak of memory, in bytes.
    pub client_rss_bytes_peak: Option<u64>,
    /// What was seen of the connections beside the load, if there were to be any.
    pub background: Option<BackgroundMeasured>,
    /// What the server paid, if its process was named and still there.
    pub server: Option<ServerMeasured>,
}

/// What was seen of the server's process.
#[derive(Clone, Copy, Debug)]
pub struct ServerMeasured {
    /// Between beginning and end.
    pub cost: ProcessCost,
    /// Processes at the end.
    pub processes: u64,
    /// Resident memory before the first connection, in bytes.
    pub rss_bytes_at_rest: Option<u64>,
    /// Seen in between.
    pub peaks: ServerPeaks,
}

/// Freezes one run.
#[must_use]
pub fn build(
    plan: &plan::Plan,
    context: &Context,
    summary: &Summary,
    measured: &Measured,
) -> Record {
    let seconds = summary.recorder.seconds.tallies();
    let series = series(&seconds, elapsed_s(summary));
    freeze(plan, context, summary, measured, series)
}

/// Freezes what a run has done between two hand-overs: see [`Parts`](crate::run::Parts).
///
/// A part has only those seconds in which something ended, each with its place in the run; another
/// part may have more of the same second.
#[must_use]
pub fn build_part(
    plan: &plan::Plan,
    context: &Context,
    part: &Summary,
    measured: &Measured,
) -> Record {
    let seconds = part.recorder.seconds.tallies();
    let rows = seconds.iter();
    let series = rows.map(|(start_s, tally)| row(*start_s, tally, elapsed_s(part)));
    freeze(plan, context, part, measured, series.collect())
}

fn freeze(
    plan: &plan::Plan,
    context: &Context,
    summary: &Summary,
    measured: &Measured,
    series: Vec<Second>,
) -> Record {
    let recorder = &summary.recorder;
    let elapsed_s = elapsed_s(summary);
    let rate_per_second = rate(recorder.requests.succeeded, elapsed_s);
    let latency_ns = latency(recorder);
    let schedule = schedule(recorder);
    let background = measured.background.as_ref();
    let background = background.map(|measured| Background::of(&plan.background, measured));
    let started_at = timestamp(measured.started_at);
    let record = Record {
        schema: SCHEMA.to_owned(),
        id: format!("{started_at}-{}", std::process::id()),
        started_at,
        tool: Tool::this(context.argv.clone()),
        target: target(plan, summary),
        plan: settings(plan),
        environment: environment(plan, measured),
        bench: context.bench.clone(),
        elapsed_s,
        requests: recorder.requests,
        failures: recorder.failures,
        statuses: recorder.statuses.to_map(),
        connections: recorder.connections,
        bytes: recorder.bytes,
        rate_per_second,
        metrics: metrics(
            &recorder.requests,
            rate_per_second,
            latency_ns.total.as_ref(),
        ),
        imported: None,
        shard: context
            .membership
            .as_ref()
            .map(|membership| Shard::of(membership, measured)),
        merged: None,
        latency_ns,
        histograms: histograms(recorder, context.membership.is_some()),
        series,
        paths: paths(
            plan.scenario.paths.list().iter().map(|path| &**path),
            recorder,
        ),
        client: client(plan, summary, measured, schedule.as_ref()),
        schedule,
        server: server(plan, recorder, measured, background.as_ref()),
        background,
        network: Some(Network::from(&measured.network)),
        validity: Validity::from(Vec::new()),
        gates: Vec::new(),
        interrupted: summary.interrupted,
    };
    let gates = gates(plan, &record);
    Record { gates, ..record }.judged()
}

fn elapsed_s(summary: &Summary) -> f64 {
    summary.elapsed_ns as f64 / 1e9
}

/// How the finished run stands against the limits set for it.
fn gates(plan: &plan::Plan, record: &Record) -> Vec<GateResult> {
    let gates = plan.gates.iter().filter(|_| !record.interrupted);
    gates.map(|gate| GateResult::of(gate, record)).collect()
}

fn target(plan: &plan::Plan, summary: &Summary) -> Target {
    let route = &plan.target.route;
    Target {
        url: plan.target.url.masked.clone(),
        addresses: route
            .addresses()
            .map(|address| address.to_string())
            .collect(),
        unix_path: route.unix_path().map(|path| path.display().to_string()),
        server_software: summary.server_software(),
        document_bytes: summary.first_length,
        dns_error: plan.target.dns_error.clone(),
        tls: summary.firsts.tls.clone(),
        tls_error: summary.firsts.tls_error.clone(),
        proxy_error: summary.firsts.proxy_error.clone(),
        websocket_error: summary.firsts.websocket_error.clone(),
    }
}

/// Every setting in effect: of a shard its share.
pub(crate) fn settings(plan: &plan::Plan) -> Plan {
    let scenario = &plan.scenario;
    let schedule = plan.load.schedule();
    let rate = schedule.map(|schedule| schedule.rate);
    let route = &plan.target.route;
    let shards = plan.shard.map_or(1.0, |shard| shard.of as f64);
    Plan {
        scenario: plan.engine.websocket().map(|_| "websocket".to_owned()),
        websocket: plan.engine.websocket().map(|shape| websocket(plan, shape)),
        method: scenario.method.as_str().to_owned(),
        http_version: scenario.version.label().to_owned(),
        headers: scenario.headers.iter().map(plan::Header::masked).collect(),
        request_body_bytes: scenario.body.as_ref().map_or(0, Vec::len) as u64,
        keep_alive: scenario.keep_alive,
        concurrency: plan.load.concurrency() as u64,
        connections: plan.connections() as u64,
        pipeline: plan.load.pipeline as u64,
        threads: plan.load.threads as u64,
        engine: plan.engine.label().to_owned(),
        driver: plan.engine.driver().map(|driver| driver.label().to_owned()),
        requests: own_requests(plan),
        duration_s: plan.stop.duration.map(|duration| duration.as_secs_f64()),
        warmup_s: plan.warmup.as_secs_f64(),
        rate_per_second: rate.map(|rate| rate.from_per_second / shards),
        rate_to_per_second: rate
            .filter(plan::Rate::is_ramp)
            .map(|rate| rate.to_per_second / shards),
        arrival: schedule.map(|schedule| schedule.spacing.label().to_owned()),
        seed: schedule.and_then(|schedule| schedule.spacing.seed()),
        max_in_flight: schedule.map(|_| plan.load.concurrency() as u64),
        spin: schedule.map(|schedule| schedule.spin),
        timeout_s: plan.timeout.as_secs_f64(),
        connect_timeout_s: plan.connect_timeout.as_secs_f64(),
        expect_statuses: plan.expect.statuses.labels(),
        expect_length: match plan.expect.length {
            plan::LengthRule::Any => None,
            rule => Some(rule.to_string()),
        },
        expect_body: plan.expect.body.is_some(),
        source_addresses: route.sources.iter().map(|from| from.to_string()).collect(),
        proxy: route.proxy.as_ref().map(ToString::to_string),
        connect_to: route.connect_to.iter().map(ToString::to_string).collect(),
        tls: plan.tls.as_ref().map(tls_settings),
        buffer_bytes: route.buffer_bytes.map(|bytes| bytes as u64),
        idle_connections: some(plan.background.idle),
        slow_readers: some(plan.background.slow_readers),
        slow_path: plan.background.slow_path.clone(),
        cpu_list: cores(plan.cores.as_ref()),
    }
}

fn websocket(plan: &plan::Plan, shape: &plan::WebSocket) -> WebSocketSettings {
    WebSocketSettings {
        pairs: plan.load.connections as u64,
        echo: shape.is_echo,
        client: shape.client.label().to_owned(),
        message_bytes: shape.message_bytes as u64,
        text: shape.is_text,
        framing: shape.framing.label().to_owned(),
    }
}

/// How many, if any.
fn some(count: usize) -> Option<u64> {
    (count > 0).then_some(count as u64)
}

fn tls_settings(tls: &plan::Tls) -> TlsSettings {
    TlsSettings {
        verify: tls.verifies,
        resumption: tls.resumes,
        client_certificate: tls.has_certificate,
        ciphers: tls.offered_ciphers(),
    }
}

fn cores(cores: Option<&CpuSet>) -> Vec<usize> {
    cores.into_iter().flat_map(CpuSet::cores).collect()
}

fn environment(plan: &plan::Plan, measured: &Measured) -> Environment {
    let server = plan.server.as_ref();
    Environment {
        cpu_steal_share: measured.steal_share,
        load_cores: cores(plan.cores.as_ref()),
        server_cores: cores(server.and_then(|server| server.cores.as_ref())),
        ..Environment::from(measured.environment.clone())
    }
}

pub(crate) fn latency(recorder: &Recorder) -> LatencyNs {
    let distribution = |times: &Times| Distribution::of(&times.0);
    let open_loop = recorder.open_loop.as_ref();
    LatencyNs {
        total: distribution(&recorder.total),
        connect: distribution(&recorder.connect),
        tls: distribution(&recorder.tls),
        first_byte: distribution(&recorder.first_byte),
        corrected: open_loop.and_then(|open_loop| distribution(&open_loop.corrected)),
        failed: distribution(&recorder.failed),
        cancelled: distribution(&recorder.cancelled),
    }
}

/// Those of a run that others make parts of are to be added up: these have everything in them that
/// percentiles are taken from.
pub(crate) fn histograms(recorder: &Recorder, is_part: bool) -> Histograms {
    let text = |times: &Times| encode_histogram(&times.0);
    let open_loop = recorder.open_loop.as_ref();
    let of_parts = match is_part {
        true => Histograms {
            cancelled: text(&recorder.cancelled),
            lag: open_loop.and_then(|open_loop| text(&open_loop.lag)),
            seconds: texts(
                (recorder.seconds.tallies().iter())
                    .map(|(second, tally)| (*second, tally.latencies())),
            ),
            paths: texts((0..).zip(recorder.paths.iter().map(|path| path.total.clone()))),
            ..Histograms::default()
        },
        false => Histograms::default(),
    };
    Histograms {
        total: text(&recorder.total),
        connect: text(&recorder.connect),
        tls: text(&recorder.tls),
        first_byte: text(&recorder.first_byte),
        corrected: open_loop.and_then(|open_loop| text(&open_loop.corrected)),
        failed: text(&recorder.failed),
        ..of_parts
    }
}

/// Those that are not empty, as text, by their places.
fn texts(histograms: impl Iterator<Item = (u64, Histogram<u64>)>) -> BTreeMap<u64, String> {
    let texts =
        histograms.filter_map(|(place, histogram)| Some((place, encode_histogram(&histogram)?)));
    texts.collect()
}

/// A row for each second of a run that lasted for `elapsed_s`.
pub(crate) fn series(seconds: &BTreeMap<u64, SecondTally>, elapsed_s: f64) -> Vec<Second> {
    // A server that falls silent has rows too, with nothing in them.
    let seen = seconds.keys().next_back().map_or(0, |last| last + 1);
    let nothing = SecondTally::default();
    (0..seen.max(elapsed_s.ceil() as u64))
        .map(|start_s| {
            row(
                start_s,
                seconds.get(&start_s).unwrap_or(&nothing),
                elapsed_s,
            )
        })
        .collect()
}

fn row(start_s: u64, tally: &SecondTally, elapsed_s: f64) -> Second {
    Second {
        start_s,
        elapsed_s: (elapsed_s - start_s as f64).clamp(0.0, 1.0),
        succeeded: tally.succeeded,
        failed: tally.failed,
        latency_ns_mean: (tally.succeeded > 0)
            .then(|| tally.latency_ns_sum as f64 / tally.succeeded as f64),
        latency_ns_p99: tally.latency_ns_p99(),
        latency_ns_max: (tally.succeeded > 0).then_some(tally.latency_ns_max),
    }
}

/// Of each of these paths what was counted for it.
pub(crate) fn paths<'a>(paths: impl Iterator<Item = &'a str>, recorder: &Recorder) -> Vec<Path> {
    let tallies = paths.zip(&recorder.paths);
    tallies.map(|(path, tally)| Path::of(path, tally)).collect()
}

pub(crate) fn schedule(recorder: &Recorder) -> Option<Schedule> {
    let open_loop = recorder.open_loop.as_ref()?;
    Some(Schedule {
        intended: open_loop.started + open_loop.unsent,
        late: open_loop.late,
        waited: open_loop.waited,
        unsent: open_loop.unsent,
        backlog_max: open_loop.backlog_max,
        behind_ns_max: open_loop.behind_ns_max,
        lag_ns: Distribution::of(&open_loop.lag.0),
    })
}

fn client(
    plan: &plan::Plan,
    summary: &Summary,
    measured: &Measured,
    schedule: Option<&Schedule>,
) -> Client {
    let cost = measured.client;
    let cpu_s = cost.map_or(0.0, |cost| cost.cpu.as_secs_f64());
    let of_workers = |share: fn(&BusyShare) -> f64| summary.workers_busy.iter().map(share);
    Client {
        threads: plan.load.threads as u64,
        cpu_s,
        cpu_user_s: cost
            .and_then(|cost| cost.user)
            .map(|time| time.as_secs_f64()),
        cpu_system_s: cost
            .and_then(|cost| cost.system)
            .map(|time| time.as_secs_f64()),
        cpu_us_per_request: per_request_us(cpu_s, &summary.recorder.requests),
        busiest_worker_cpu_share: of_workers(|busy| busy.cpu).fold(0.0, f64::max),
        busiest_worker_runnable_share: of_workers(|busy| busy.runnable).reduce(f64::max),
        workers_cpu_share: of_workers(|busy| busy.cpu).collect(),
        samples_wait_s: summary.samples_wait.map(|wait| wait.as_secs_f64()),
        late_share: schedule.map(Schedule::late_share),
        rss_bytes_peak: measured.client_rss_bytes_peak,
    }
}

fn server(
    plan: &plan::Plan,
    recorder: &Recorder,
    measured: &Measured,
    background: Option<&Background>,
) -> Option<Server> {
    let process = plan.server.as_ref()?;
    let ServerMeasured {
        cost,
        processes,
        rss_bytes_at_rest,
        peaks,
    } = measured.server?;
    let requests = &recorder.requests;
    let [cpu_s, user_s, system_s] =
        [Some(cost.cpu), cost.user, cost.system].map(|time| time.map(|time| time.as_secs_f64()));
    let per_request = |count: u64| each(count as f64, requests.ended());
    let rss_bytes_peak = cost.peak_rss_bytes.max(peaks.rss_bytes);
    let beside = background.map_or(0, Background::held_at_start);
    let connections = plan.connections() as u64 + beside;
    let (voluntary, involuntary) = (
        cost.switches.map(|switches| switches.voluntary),
        cost.switches.map(|switches| switches.involuntary),
    );
    Some(Server {
        pid: process.pid,
        label: process.label.clone(),
        model: process.model.clone(),
        processes: peaks
            .processes
            .max(Some(processes))
            .filter(|&count| count > 1),
        cpu_s: cost.cpu.as_secs_f64(),
        cpu_user_s: user_s,
        cpu_system_s: system_s,
        cpu_us_per_request: cpu_s.and_then(|cpu_s| per_request_us(cpu_s, requests)),
        cpu_user_us_per_request: user_s.and_then(|user_s| per_request_us(user_s, requests)),
        cpu_system_us_per_request: system_s.and_then(|system_s| per_request_us(system_s, requests)),
        rss_bytes_at_rest,
        rss_bytes_peak,
        connections: Some(connections),
        bytes_per_connection: rss_bytes_peak
            .zip(rss_bytes_at_rest)
            .filter(|_| connections >= CONNECTIONS_MIN)
            .and_then(|(peak, rest)| each(peak.saturating_sub(rest) as f64, connections)),
        threads_max: cost.threads.max(peaks.threads),
        voluntary_context_switches: voluntary,
        involuntary_context_switches: involuntary,
        voluntary_switches_per_request: voluntary.and_then(per_request),
        involuntary_switches_per_request: involuntary.and_then(per_request),
        accept_queue_peak: peaks.accept_queue_length.map(u64::from),
        backlog: peaks.accept_queue_backlog.map(u64::from),
    })
}

pub(crate) fn metrics(
    requests: &Requests,
    rate_per_second: f64,
    total: Option<&Distribution>,
) -> Metrics {
    Metrics {
        success_rate: rate(requests.succeeded, requests.ended() as f64),
        requests_per_sec: rate_per_second,
        latency_ms: total.map(LatencyMs::from),
    }
}

/// CPU microseconds for each request that ended; `None` if none did.
pub(crate) fn per_request_us(cpu_s: f64, requests: &Requests) -> Option<f64> {
    each(cpu_s * 1e6, requests.ended())
}

/// What of `sum` falls to each of `count`; `None` if there is none.
pub(crate) fn each(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// `count` over `whole`; 0 over nothing.
fn rate(count: u64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => count as f64 / whole,
        false => 0.0,
    }
}
