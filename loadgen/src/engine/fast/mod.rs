//! The fast engine: one thread per worker, each with its own connections, its own recorder and
//! its own way of moving bytes. On the path of a request nothing is locked, allocated or shared.
//!
//! - `worker`: when a request begins, how it ends, and what comes next;
//! - `slot`: one of a worker's connections;
//! - `budget`: whether another request may begin;
//! - `driver`: moving bytes, as a trait, and `readiness`, which does it with epoll or kqueue.

mod budget;
mod driver;
mod failure;
mod readiness;
mod slot;
mod worker;

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use budget::Budget;
use readiness::Readiness;
use worker::{Job, Report, Worker};

use super::Summary;
use super::control::{Clock, Control, Observer, nanoseconds};
use crate::plan::Plan;
use crate::recorder::Recorder;

/// How often the observer hears of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

pub(super) fn run(
    plan: &Plan,
    control: &Control,
    observer: &mut dyn Observer,
) -> io::Result<Summary> {
    let request = plan.scenario.request(&plan.target);
    let first_length = OnceLock::new();
    // Before the first thread, so that a process without descriptors says so at once.
    let drivers = (0..plan.load.threads)
        .map(|index| Readiness::new(plan, &request, plan.load.connections_of(index)))
        .collect::<io::Result<Vec<_>>>()?;
    if plan.warmup.is_zero() {
        observer.begins();
    }
    let clock = Clock::start();
    let reports = thread::scope(|scope| {
        let (done, all_done) = mpsc::channel();
        let workers: Vec<_> = drivers
            .into_iter()
            .enumerate()
            .map(|(index, driver)| {
                let job = Job {
                    index,
                    plan,
                    control,
                    clock,
                    budget: Budget::of_worker(plan, index),
                    first_length: &first_length,
                };
                let done: Sender<()> = done.clone();
                thread::Builder::new()
                    .name(format!("worker-{index}"))
                    .spawn_scoped(scope, move || {
                        // Dropped when the worker ends, even by a panic.
                        let _done = done;
                        Worker::new(job, driver).run()
                    })
            })
            .collect::<io::Result<_>>()
            // Those that have started must not carry out a plan that nobody will hear of.
            .inspect_err(|_| control.abandon())?;
        drop(done);
        watch(plan, control, clock, &all_done, observer);
        observer.ends();
        Ok::<_, io::Error>(join(workers))
    })?;
    Ok(summarise(
        plan,
        control,
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

fn join(workers: Vec<thread::ScopedJoinHandle<'_, Report>>) -> Vec<Report> {
    workers
        .into_iter()
        .map(|worker| match worker.join() {
            Ok(report) => report,
            // A worker's panic is a defect of ours, and no count may hide it.
            Err(panic) => std::panic::resume_unwind(panic),
        })
        .collect()
}

fn summarise(
    plan: &Plan,
    control: &Control,
    reports: &[Report],
    first_length: Option<u64>,
) -> Summary {
    let measured_from_ns = nanoseconds(plan.warmup);
    let mut recorder = Recorder::new(measured_from_ns, plan.ab_times);
    let mut first_head = None;
    for report in reports {
        recorder += &report.recorder;
        first_head = first_head.or_else(|| report.first_head.clone());
    }
    let ended_ns = reports.iter().map(|report| report.ended_ns).max();
    Summary {
        recorder,
        elapsed_ns: ended_ns
            .unwrap_or_default()
            .saturating_sub(measured_from_ns),
        workers_cpu_share: reports.iter().map(|report| report.cpu_share).collect(),
        interrupted: control.is_interrupted(),
        first_head,
        first_length,
    }
}
