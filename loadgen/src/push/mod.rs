//! What a server pushes, and clients that take it: where messages wait, and for how long.
//!
//! In reading order:
//!
//! - [`plan`]: what is asked for;
//! - [`message`] and `numbering`: what comes, and whether it is whole;
//! - `connect`, `incoming`: a connection, and messages out of its bytes;
//! - `worker`, at its `pace`: the work on messages, alike for both clients:
//! - `blocking`, which reads when it has worked, and `readiness`, which reads into a `queue`
//!   meanwhile;
//! - `gauge`, `sampler`: what is written down every 100 ms;
//! - [`record`], `text`, `trouble`: what is kept and shown of it;
//! - [`ending`]: how a stream ended;
//! - [`mod@bench`]: every client against several servers.

pub mod bench;
mod blocking;
mod connect;
pub mod ending;
mod gauge;
mod incoming;
pub mod message;
mod numbering;
mod pace;
pub mod plan;
mod queue;
mod readiness;
pub mod record;
mod sampler;
mod stop;
mod text;
mod trouble;
mod worker;

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use connect::{Connection, connect_all};
use ending::Ending;
use gauge::Gauge;
use message::MESSAGE_BYTES;
use plan::{Client, Plan};
use queue::Queue;
use record::{
    ClientEnd, Course, Messages, Record, Row, SCHEMA, Server, Settings, Target, WorkTime,
};
use sampler::{Outside, PERIOD, Sampled, Sampler};
use stop::Stop;
pub use text::render;
pub use trouble::{is_spoilt, troubles};

use crate::record::{Environment, Finding, Reason, Severity, Tool, Validity, timestamp};
use crate::system;
use crate::system::process::{ProcessSample, reset_peak_rss};

/// What is read at a time where there is no reason to read less: 256 KiB.
const PIECE_MESSAGES: usize = 256 * 1024 / MESSAGE_BYTES;

/// How often a thread that waits looks whether the run is over.
const TICK: Duration = Duration::from_millis(20);

/// Carries out `plan`, called with `argv`; `interrupted` ends it early.
///
/// # Errors
///
/// No threads or descriptors are to be had. What the server does is no error but in the record.
pub fn run(plan: &Plan, argv: Vec<String>, interrupted: &AtomicBool) -> io::Result<Record> {
    let environment = system::environment::Environment::read();
    let connected = connect_all(plan);
    let gauges: Vec<Gauge> = connected.iter().map(|_| Gauge::default()).collect();
    let clients = connected.iter().zip(&gauges).map(|(connection, gauge)| {
        let addresses = connection.as_ref().ok().map(|client| client.addresses);
        Sampled { gauge, addresses }
    });
    let mut sampler = Sampler::new(clients.collect(), plan.server_pid);
    let costs = Costs::begin(plan.server_pid);
    let started_at = timestamp(SystemTime::now());
    let (ends, elapsed) = carry_out(plan, &connected, &gauges, &mut sampler, interrupted)?;
    let (cpu_s, server) = costs.end();
    let clients = ends.into_iter().zip(&gauges);
    let clients: Vec<ClientEnd> = clients.map(|(end, gauge)| client_end(end, gauge)).collect();
    let messages = Messages::sum(clients.iter().map(|client| client.messages));
    let elapsed_s = elapsed.as_secs_f64();
    let (rows, late_rows) = (sampler.rows, sampler.late);
    Ok(Record {
        schema: SCHEMA.to_owned(),
        started_at,
        validity: validity(&rows, late_rows),
        tool: Tool::this(argv),
        target: Target {
            name: plan.target.clone(),
            address: address(plan, &connected),
        },
        plan: settings(plan),
        environment: Environment::from(environment),
        elapsed_s,
        messages,
        received_per_second: per_second(messages.received, elapsed_s),
        processed_per_second: per_second(messages.processed, elapsed_s),
        work_us: work_time(plan, &gauges),
        course: Course::of(&rows),
        rss_growth_bytes_per_second: rss_growth(&rows, &clients),
        clients,
        cpu_s,
        server,
        rows,
        late_rows,
        interrupted: interrupted.load(Ordering::Relaxed),
    })
}

/// Runs the clients while rows are taken; how each ended, and after how long all had or were stopped.
fn carry_out(
    plan: &Plan,
    connected: &[Result<Connection, Ending>],
    gauges: &[Gauge],
    sampler: &mut Sampler,
    interrupted: &AtomicBool,
) -> io::Result<(Vec<End>, Duration)> {
    let stop = Stop::default();
    let mut streams = Vec::new();
    for (connection, gauge) in connected.iter().zip(gauges) {
        match connection {
            Ok(connection) => streams.push((&connection.stream, gauge)),
            Err(_) => stop.note_end(),
        }
    }
    let bound = plan.queue.map(NonZeroUsize::get);
    let queues: Vec<Queue> = streams.iter().map(|_| Queue::new(bound)).collect();
    let started = Instant::now();
    let mut elapsed = Duration::ZERO;
    let mut outside = Outside::default();
    let watch = || {
        let is_interrupted = || interrupted.load(Ordering::Relaxed);
        sampler.run(started, plan.duration, &stop, is_interrupted);
        // Who is stopped makes room, and gives memory back.
        outside = sampler.look();
        let ended_at = stop.all_ended_at(connected.len());
        // Where nobody was connected that was before.
        let ended_at = ended_at.unwrap_or_else(Instant::now);
        elapsed = ended_at.saturating_duration_since(started);
        stop.set();
    };
    let ends = match plan.client {
        Client::Blocking => blocking::run(plan, &streams, &stop, watch),
        Client::Async => readiness::run(plan, &streams, &queues, &stop, watch),
    };
    let mut ends = ends?.into_iter();
    sampler.end(elapsed, &outside);
    let ends = connected.iter().map(|connection| match connection {
        // There is an end for each stream.
        Ok(_) => ends.next().unwrap_or(End::before(Ending::Reset)),
        Err(ending) => End::before(*ending),
    });
    Ok((ends.collect(), elapsed))
}

/// How a client ended.
#[derive(Clone, Copy, Debug)]
struct End {
    ending: Ending,
    /// Messages that it had read, and not done.
    queued: u64,
}

impl End {
    /// Of one that held nothing.
    fn before(ending: Ending) -> Self {
        Self { ending, queued: 0 }
    }
}

fn client_end(mut end: End, gauge: &Gauge) -> ClientEnd {
    let reading = gauge.read();
    // The first message is due at once: a run in which none came has seen nothing, however short.
    if end.ending == Ending::Done && reading.received == 0 {
        end.ending = Ending::Silent;
    }
    let errors = reading.errors;
    ClientEnd {
        ending: end.ending,
        messages: Messages {
            received: reading.received,
            processed: reading.processed,
            queued: end.queued,
            gaps: errors.gaps,
            missing: errors.missing,
            repeated: errors.repeated,
            malformed: u64::from(end.ending == Ending::Malformed),
        },
    }
}

/// What processes paid between two moments.
struct Costs {
    own: Option<ProcessSample>,
    server: Option<(u32, ProcessSample)>,
}

impl Costs {
    fn begin(server_pid: Option<u32>) -> Self {
        let server = server_pid.and_then(|pid| {
            // Where it may not, the peak is that of its whole life, and documented so.
            let _ = reset_peak_rss(pid);
            Some((pid, ProcessSample::read(pid)?))
        });
        Self {
            own: ProcessSample::read(std::process::id()),
            server,
        }
    }

    /// CPU seconds of this process, and the server's costs.
    fn end(&self) -> (Option<f64>, Option<Server>) {
        let since = |pid, earlier: &ProcessSample| Some(ProcessSample::read(pid)?.since(earlier));
        let own = self.own.as_ref();
        let own = own.and_then(|own| since(std::process::id(), own));
        let server = self.server.as_ref();
        let server = server.and_then(|(pid, earlier)| since(*pid, earlier));
        let server = server.map(|cost| Server {
            cpu_s: cost.cpu.as_secs_f64(),
            rss_bytes_peak: cost.peak_rss_bytes,
        });
        (own.map(|cost| cost.cpu.as_secs_f64()), server)
    }
}

/// That of the server that the first client came to; where none came to any, the first.
fn address(plan: &Plan, connected: &[Result<Connection, Ending>]) -> String {
    let mut reached = connected.iter().flatten().map(|it| it.addresses.1);
    let address = reached.next().or(plan.addresses.first().copied());
    address.map_or(String::new(), |address| address.to_string())
}

fn settings(plan: &Plan) -> Settings {
    Settings {
        client: plan.client,
        clients: plan.clients as u64,
        work: plan.work,
        delay_us: plan.delay.as_secs_f64() * 1e6,
        queue_messages: plan.queue.map(|bound| bound.get() as u64),
        queue_memory_bytes: plan.queue_memory_bytes,
        receive_buffer_bytes: plan.receive_buffer_bytes.map(|bytes| bytes as u64),
        duration_s: plan.duration.as_secs_f64(),
        timeout_s: plan.timeout.as_secs_f64(),
        connect_timeout_s: plan.connect_timeout.as_secs_f64(),
    }
}

fn work_time(plan: &Plan, gauges: &[Gauge]) -> Option<WorkTime> {
    let readings: Vec<_> = gauges.iter().map(Gauge::read).collect();
    let processed: u64 = readings.iter().map(|reading| reading.processed).sum();
    let worked: Duration = readings.iter().map(|reading| reading.worked).sum();
    let max = readings.iter().map(|reading| reading.worked_max).max();
    (!plan.delay.is_zero() && processed > 0).then(|| WorkTime {
        asked: plan.delay.as_secs_f64() * 1e6,
        mean: worked.as_secs_f64() * 1e6 / processed as f64,
        max: max.unwrap_or_default().as_secs_f64() * 1e6,
    })
}

/// A client that has all the memory that it may take has stopped growing long before the end.
fn rss_growth(rows: &[Row], clients: &[ClientEnd]) -> Option<f64> {
    let is_full = |client: &ClientEnd| client.ending == Ending::MemoryLimit;
    let first = rows.first()?;
    let last = match clients.iter().any(is_full) {
        true => rows.iter().rev().max_by_key(|row| row.rss_bytes)?,
        false => rows.last()?,
    };
    let passed_s = (last.at_ms - first.at_ms) / 1e3;
    let grown = last.rss_bytes? as f64 - first.rss_bytes? as f64;
    (passed_s > 0.0).then(|| grown / passed_s)
}

fn per_second(count: u64, elapsed_s: f64) -> f64 {
    match elapsed_s > 0.0 {
        true => count as f64 / elapsed_s,
        false => 0.0,
    }
}

/// What a reader of the numbers has to know.
fn validity(rows: &[Row], late_rows: u64) -> Validity {
    let mut reasons = Vec::new();
    if cfg!(debug_assertions) {
        reasons.push(Finding::from(&Reason::DebugBuild));
    }
    if late_rows > 0 {
        reasons.push(Finding {
            code: "late_rows".to_owned(),
            severity: Severity::Note,
            message: format!("{late_rows} rows were taken over {PERIOD:?} late"),
            advice: "give the load generator a core of its own, or fewer clients".to_owned(),
        });
    }
    let has_received = rows.iter().any(|row| row.received > 0);
    if has_received && rows.iter().all(|row| row.send_queue_bytes.is_none()) {
        reasons.push(Finding {
            code: "send_queue_unknown".to_owned(),
            severity: Severity::Note,
            message: "the server's Send-Q is unknown: its sockets are not on this machine"
                .to_owned(),
            advice: "run loadgen beside the server to see it".to_owned(),
        });
    }
    let is_invalid = |finding: &Finding| finding.severity == Severity::Invalid;
    Validity {
        valid: !reasons.iter().any(is_invalid),
        reasons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of 100 ms with so much memory.
    fn rows(rss_bytes: &[u64]) -> Vec<Row> {
        let row = |(index, &rss_bytes): (usize, &u64)| Row {
            at_ms: 100.0 * (index + 1) as f64,
            rss_bytes: Some(rss_bytes),
            ..Row::default()
        };
        rss_bytes.iter().enumerate().map(row).collect()
    }

    #[test]
    fn memory_that_has_come_to_its_limit_grows_no_more() {
        let rows = rows(&[100, 200, 300, 300, 299]);
        let growth = |ending| {
            let messages = Messages::default();
            rss_growth(&rows, &[ClientEnd { ending, messages }])
        };
        assert_eq!(growth(Ending::MemoryLimit), Some(1000.0));
        assert_eq!(growth(Ending::Done), Some(497.5));
    }
}
