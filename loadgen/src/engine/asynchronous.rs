//! Workers of an asynchronous client: a tokio runtime of one thread for each worker, and a task
//! for each lane.

use std::future::poll_fn;
use std::io;
use std::panic;

use tokio::runtime::{Builder, Runtime};
use tokio::select;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use super::alarm::Alarm;
use super::crew::Job;
use super::desk::Desk;
use super::foreman::Foreman;
use super::ledger::Report;
use crate::http1::Answer;
use crate::outcome::Cause;
use crate::plan::Plan;
use crate::recorder::Timing;

/// What makes the requests of one lane.
pub(super) trait Client {
    /// Makes a request, noting in `timing` what happens when.
    async fn exchange(&mut self, timing: &mut Timing) -> Result<Answer, Cause>;

    /// What is to be done between two requests, which is no part of either.
    async fn settle(&mut self);
}

/// A runtime for each worker, before the first thread, so that a process without descriptors says
/// so at once.
pub(super) fn runtimes(plan: &Plan) -> io::Result<Vec<Runtime>> {
    (0..plan.load.threads)
        .map(|_| Builder::new_current_thread().enable_all().build())
        .collect()
}

/// Carries out `job` on `runtime` with the lanes that `clients` makes, `lanes` of them.
///
/// # Errors
///
/// Those of `clients`.
pub(super) fn run<C: Client + 'static>(
    job: Job<'_>,
    runtime: &Runtime,
    lanes: usize,
    clients: impl FnOnce(&Desk) -> io::Result<Vec<C>>,
) -> io::Result<Report> {
    let alarm = match job.plan.load.schedule() {
        Some(_) => Alarm::exact(runtime)?,
        None => Alarm::Coarse,
    };
    let mut foreman = Foreman::new(job, lanes);
    let clients = clients(foreman.desk())?;
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        let mut lanes = JoinSet::new();
        for (index, client) in clients.into_iter().enumerate() {
            lanes.spawn_local(carry(foreman.desk().clone(), index, client));
        }
        loop {
            select! {
                ended = lanes.join_next() => match ended {
                    None => return,
                    Some(Ok(())) => {}
                    // A panic is a defect of ours, and no count may hide it.
                    Some(Err(error)) => panic::resume_unwind(error.into_panic()),
                },
                () = alarm.after(foreman.time_to_look()) => if foreman.look() {
                    return;
                }
            }
        }
    });
    Ok(foreman.report())
}

/// The lane's next request begins when one has ended, in open loop not before its time.
async fn carry<C: Client>(desk: Desk, lane: usize, mut client: C) {
    while let Some(mut timing) = poll_fn(|context| desk.poll_begin(lane, context.waker())).await {
        let result = client.exchange(&mut timing).await;
        if let Some(rest) = desk.end(lane, timing, result) {
            sleep(rest).await;
        }
        client.settle().await;
    }
}
