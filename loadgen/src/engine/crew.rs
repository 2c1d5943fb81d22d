//! The worker threads of a run: they are started, watched over, and their counts added up.

use std::cell::Cell;
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, SystemTime};

use super::Summary;
use super::budget::{Budget, Span};
use super::control::{Clock, Control, Observer, nanoseconds};
use super::firsts::Firsts;
use super::ledger::{Ledger, Report};
use crate::plan::Plan;
use crate::recorder::Recorder;

/// How often the observer hears of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What a worker is to do.
pub(super) struct Job<'a> {
    pub(super) index: usize,
    pub(super) plan: &'a Plan,
    pub(super) control: &'a Control,
    pub(super) clock: Clock,
    pub(super) span: Span,
    pub(super) budget: Budget,
    /// Where it counts.
    pub(super) ledger: Ledger<'a>,
    pub(super) rest: &'a Rest,
}

impl Job<'_> {
    /// When the run ended for this worker, which has no more to do.
    pub(super) fn ended_ns(&self) -> u64 {
        let now_ns = self.clock.now_ns();
        self.ledger.ended_ns(now_ns, self.control.is_interrupted())
    }
}

/// How a worker that has counted its last request keeps its connections until the machine's counters
/// are read: what it costs a server that its clients leave is no request's, and the threads that it
/// has for them would end.
pub(super) struct Rest {
    /// Dropped when the worker is done, even by a panic.
    done: Cell<Option<Sender<()>>>,
    /// Hangs up when the counters are read.
    noted: Receiver<()>,
}

impl Rest {
    /// Says that the worker is done, and waits until that is noted.
    pub(super) fn until_noted(&self) {
        drop(self.done.take());
        // Nothing is ever sent.
        let _ = self.noted.recv();
    }
}

/// Carries out `plan` with a thread for each of `workers`.
///
/// # Errors
///
/// What a worker lacked to begin; the others end then.
pub(super) fn run<W>(
    plan: &Plan,
    control: &Control,
    observer: &mut dyn Observer,
    workers: Vec<W>,
) -> io::Result<Summary>
where
    W: FnOnce(Job<'_>) -> io::Result<Report> + Send,
{
    let first_length = OnceLock::new();
    if plan.warmup.is_zero() {
        observer.begins();
    }
    let began_at = SystemTime::now();
    let clock = Clock::start();
    if let Some(crowd) = control.crowd() {
        crowd.begins(began_at);
    }
    let reports = thread::scope(|scope| {
        let (done, all_done) = mpsc::channel();
        let mut noting = Vec::with_capacity(workers.len());
        let threads: Vec<_> = workers
            .into_iter()
            .enumerate()
            .map(|(index, work)| {
                let first_length = &first_length;
                let (note, noted) = mpsc::channel();
                noting.push(note);
                let rest = Rest {
                    done: Cell::new(Some(done.clone())),
                    noted,
                };
                thread::Builder::new()
                    .name(format!("worker-{index}"))
                    .spawn_scoped(scope, move || {
                        if let Some(cores) = &plan.cores {
                            // The plan knows that they are there; a worker that is kept from them
                            // still measures.
                            let _ = cores.pin_this_thread();
                        }
                        let span = Span::of(plan);
                        work(Job {
                            index,
                            plan,
                            control,
                            clock,
                            span,
                            budget: Budget::of_worker(plan, index),
                            ledger: Ledger::new(
                                plan,
                                span.measured_from_ns,
                                first_length,
                                control.live(index),
                                control.sampler(),
                            ),
                            rest: &rest,
                        })
                        .inspect_err(|_| control.abandon())
                    })
            })
            .collect::<io::Result<_>>()
            // Those that have started must not carry out a plan that nobody will hear of.
            .inspect_err(|_| control.abandon())?;
        drop(done);
        watch(plan, control, clock, &all_done, observer);
        observer.ends();
        drop(noting);
        join(threads)
    })?;
    Ok(summarise(
        plan,
        control,
        began_at,
        &reports,
        first_length.into_inner(),
    ))
}

/// Waits for all workers, which is when `all_done` hangs up.
fn watch(
    plan: &Plan,
    control: &Control,
    clock: Clock,
    all_done: &Receiver<()>,
    observer: &mut dyn Observer,
) {
    let measured_from_ns = nanoseconds(plan.warmup);
    let mut has_begun = plan.warmup.is_zero();
    loop {
        let now_ns = clock.now_ns();
        if !has_begun && now_ns >= measured_from_ns {
            observer.begins();
            has_begun = true;
        }
        let wait = match has_begun {
            true => PROGRESS_EVERY,
            false => PROGRESS_EVERY.min(Duration::from_nanos(measured_from_ns - now_ns)),
        };
        if all_done.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        if has_begun {
            let elapsed_ns = clock.now_ns().saturating_sub(measured_from_ns);
            observer.progresses(control.progress(Duration::from_nanos(elapsed_ns)));
        }
    }
}

fn join(threads: Vec<thread::ScopedJoinHandle<'_, io::Result<Report>>>) -> io::Result<Vec<Report>> {
    threads
        .into_iter()
        .map(|thread| match thread.join() {
            Ok(report) => report,
            // A worker's panic is a defect of ours, and no count may hide it.
            Err(panic) => std::panic::resume_unwind(panic),
        })
        .collect()
}

fn summarise(
    plan: &Plan,
    control: &Control,
    began_at: SystemTime,
    reports: &[Report],
    first_length: Option<u64>,
) -> Summary {
    let measured_from_ns = nanoseconds(plan.warmup);
    let mut recorder = Recorder::of_plan(plan);
    let mut firsts = Firsts::default();
    for report in reports {
        recorder += &report.recorder;
        firsts = firsts.or(&report.firsts);
    }
    let ended_ns = reports.iter().map(|report| report.ended_ns).max();
    Summary {
        recorder,
        began_at,
        elapsed_ns: ended_ns
            .unwrap_or_default()
            .saturating_sub(measured_from_ns),
        workers_busy: reports.iter().map(|report| report.busy).collect(),
        samples_wait: reports.iter().map(|report| report.samples_wait).sum(),
        interrupted: control.is_interrupted(),
        firsts,
        first_length,
    }
}
