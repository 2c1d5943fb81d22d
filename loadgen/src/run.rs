//! One run, from plan to record: probes before, load, probes after.

mod parts;

use std::io;
use std::time::{Duration, SystemTime};

pub use parts::Parts;

use crate::engine::background::{Background, Held};
use crate::engine::{self, Control, Observer, Progress, Summary};
use crate::plan::{Plan, ServerProcess};
use crate::record::{self, BackgroundMeasured, Context, Measured, Record, ServerMeasured};
use crate::shard::await_start;
use crate::system::clock_quality::ClockQuality;
use crate::system::cpu_time::CpuTimeSample;
use crate::system::environment::Environment;
use crate::system::kernel_counters::KernelCounters;
use crate::system::machine::Machine;
use crate::system::memory::own_peak_rss_bytes;
use crate::system::process::{ProcessSample, reset_peak_rss};
use crate::system::process_tree::TreeSample;
use crate::system::server_watch::{ServerPeaks, ServerWatch, Watched};

/// Carries out `plan`. The observer hears what the engine tells.
///
/// # Errors
///
/// What kept the run from being begun: [`io::ErrorKind::Interrupted`] if it was a signal while its
/// time to start was awaited.
pub fn run(
    plan: &Plan,
    context: &Context,
    observer: &mut dyn Observer,
) -> io::Result<(Record, Summary)> {
    let (summary, measured) = measure(plan, context, observer)?;
    let record = record::build(plan, context, &summary, &measured);
    Ok((record, summary))
}

/// The same, without the record.
///
/// # Errors
///
/// As [`run`].
pub fn measure(
    plan: &Plan,
    context: &Context,
    observer: &mut dyn Observer,
) -> io::Result<(Summary, Measured)> {
    let control = Control::new(plan.load.threads, context.interrupted.clone())
        .with_samples(context.samples.clone())
        .with_crowd(context.crowd.clone());
    let control = match observer.wants_live() {
        true => control.with_live(),
        false => control,
    };
    let mut probes = Probes::new(plan, observer);
    // The server's memory without a connection is known now.
    probes.background = Background::open(plan, &context.interrupted)?;
    if let Some(start_at) = context.start_at {
        let late = await_start(start_at, &context.interrupted, probes.observer)?;
        probes.late = Some(late);
    }
    probes.observer.starts();
    let summary = engine::run(plan, &control, &mut probes)?;
    Ok((summary, probes.finish()))
}

/// Reads the machine's counters when the measured part begins and when it ends.
struct Probes<'a> {
    plan: &'a Plan,
    observer: &'a mut dyn Observer,
    environment: Environment,
    /// The server before the first connection.
    at_rest: Option<TreeSample>,
    background: Option<Background>,
    /// How long after the time that was set for it the load began, if one was.
    late: Option<Duration>,
    held_at_start: Option<Held>,
    background_measured: Option<BackgroundMeasured>,
    before: Option<Samples>,
    after: Option<Samples>,
    watch: Option<ServerWatch>,
    peaks: ServerPeaks,
}

struct Samples {
    at: SystemTime,
    cpu_time: Option<CpuTimeSample>,
    network: KernelCounters,
    client: Option<ProcessSample>,
    server: Option<TreeSample>,
}

impl Samples {
    /// Samples processes of the server that are `known` before it looks for others.
    fn take(plan: &Plan, known: &[u32]) -> Self {
        Self {
            cpu_time: CpuTimeSample::read(),
            network: KernelCounters::read(),
            client: ProcessSample::read(std::process::id()),
            server: plan.server.as_ref().and_then(|it| sample(it, known)),
            at: SystemTime::now(),
        }
    }

    /// What was measured since `before`, but for the server, the connections beside the load and
    /// its beginning.
    fn since(&self, before: &Self, environment: Environment) -> Measured {
        let client = self.client.as_ref().zip(before.client.as_ref());
        let steal_share = match (self.cpu_time, before.cpu_time) {
            (Some(now), Some(before)) => now.share_since(&before),
            _ => None,
        };
        Measured {
            started_at: before.at,
            late: None,
            clock: ClockQuality::read(),
            machine: Machine::read(),
            environment,
            steal_share,
            network: self.network.since(&before.network),
            background: None,
            client: client.map(|(now, before)| now.since(before)),
            client_rss_bytes_peak: own_peak_rss_bytes(),
            server: None,
        }
    }

    /// The server's processes.
    fn pids(&self) -> Vec<u32> {
        self.server
            .as_ref()
            .map(TreeSample::pids)
            .unwrap_or_default()
    }
}

fn sample(server: &ServerProcess, known: &[u32]) -> Option<TreeSample> {
    match server.is_family {
        true => TreeSample::of_family(server.pid, known),
        false => TreeSample::of_process(server.pid),
    }
}

impl<'a> Probes<'a> {
    fn new(plan: &'a Plan, observer: &'a mut dyn Observer) -> Self {
        Self {
            plan,
            observer,
            environment: Environment::read(),
            at_rest: plan.server.as_ref().and_then(|server| sample(server, &[])),
            background: None,
            late: None,
            held_at_start: None,
            background_measured: None,
            before: None,
            after: None,
            watch: None,
            peaks: ServerPeaks::default(),
        }
    }

    fn finish(self) -> Measured {
        // A run that was interrupted in its warm-up has neither.
        let after = self.after.unwrap_or_else(|| Samples::take(self.plan, &[]));
        let before = self.before.as_ref().unwrap_or(&after);
        let server = after.server.as_ref().zip(before.server.as_ref());
        Measured {
            late: self.late,
            background: self.background_measured,
            server: server.map(|(after, before)| ServerMeasured {
                cost: after.since(before),
                processes: after.processes(),
                rss_bytes_at_rest: self.at_rest.as_ref().and_then(TreeSample::rss_bytes),
                peaks: self.peaks,
            }),
            ..after.since(before, self.environment)
        }
    }
}

impl Observer for Probes<'_> {
    fn begins(&mut self) {
        self.held_at_start = self.background.as_ref().map(Background::held);
        let known = self.at_rest.as_ref().map(TreeSample::pids);
        let before = Samples::take(self.plan, &known.unwrap_or_default());
        if let Some(server) = &self.plan.server {
            // Where it is not permitted, the peak is that of the server's whole life.
            reset_peak_rss(server.pid);
            let watched = Watched {
                // A UNIX socket has none, and what listens on the URL's is another server.
                port: match self.plan.target.route.unix_path() {
                    None => Some(self.plan.target.server_port()),
                    Some(_) => None,
                },
                pids: match server.is_family {
                    true => before.pids(),
                    false => vec![server.pid],
                },
                root: server.is_family.then_some(server.pid),
            };
            self.watch = ServerWatch::start(watched).ok();
        }
        self.before = Some(before);
        self.observer.begins();
    }

    fn progresses(&mut self, progress: Progress<'_>) {
        self.observer.progresses(progress);
    }

    fn ends(&mut self) {
        let known = self.before.as_ref().map(Samples::pids).unwrap_or_default();
        self.after = Some(Samples::take(self.plan, &known));
        if let Some(watch) = self.watch.take() {
            self.peaks = watch.stop();
        }
        // Not before what it costs to close them can be taken for the load's.
        if let Some(background) = self.background.take() {
            let opening = background.opening().clone();
            let at_end = background.close();
            self.background_measured = Some(BackgroundMeasured {
                opening,
                at_start: self.held_at_start.unwrap_or(at_end),
                at_end,
            });
        }
        self.observer.ends();
    }
}
