//! reqwest's blocking client, one for each worker and shared by its lanes, a thread for each
//! connection.
//!
//! Beneath it is the asynchronous client, on a thread of its own: each request is handed over to
//! that thread, and the answer back, which is what an application pays for the plain call. That
//! thread carries all connections of the client, so its share of a CPU stands for the worker's.

use std::io::{self, Read};
use std::panic;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::task::{Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use ::reqwest::blocking::{Client, ClientBuilder, Request, Response};

use super::answer::Reading;
use super::cause::cause_of_read;
use super::client;
use super::connects::Connects;
use crate::engine::Summary;
use crate::engine::control::{Control, Observer};
use crate::engine::crew::{self, Job};
use crate::engine::desk::Desk;
use crate::engine::foreman::Foreman;
use crate::engine::ledger::Report;
use crate::engine::messages::{Form, Head, Requests};
use crate::http1::{Answer, BodyCheck};
use crate::outcome::Cause;
use crate::plan::Plan;
use crate::recorder::Timing;
use crate::system::thread_cpu::OtherThreadBusy;

/// Stack of a lane's thread: it calls reqwest and nothing else, and there may be thousands.
const STACK_BYTES: usize = 512 * 1024;

/// Bytes of a body read at a time.
const BUFFER_BYTES: usize = 16 * 1024;

pub(in crate::engine) fn run(
    plan: &Plan,
    control: &Control,
    observer: &mut dyn Observer,
) -> io::Result<Summary> {
    let workers = vec![work; plan.load.threads];
    crew::run(plan, control, observer, workers)
}

/// A worker: watches over the threads of its lanes. One that is blocked when the run ends is left
/// alone with its request, which no one waits for any more.
fn work(job: Job<'_>) -> io::Result<Report> {
    let (plan, index) = (job.plan, job.index);
    let connections = plan.load.connections_of(index);
    let mut foreman = Foreman::new(job, connections);
    let shared = Arc::new(Shared::new(plan, index, foreman.desk())?);
    let lanes = Lane::several(plan, &shared, connections)?;
    let (threads, all_done) = start(lanes).inspect_err(|_| drop(foreman.desk().close()))?;
    let mut busy = None;
    let all_made = loop {
        match all_done.recv_timeout(foreman.time_to_look()) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => {
                if foreman.look() {
                    break false;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break true,
        }
        if busy.is_none() && foreman.is_measuring() {
            busy = shared.connects.thread().and_then(OtherThreadBusy::start);
        }
    };
    join_ended(threads, all_made);
    let share = busy.and_then(|busy| busy.share());
    let report = foreman.report();
    Ok(Report {
        busy: share.unwrap_or(report.busy),
        ..report
    })
}

/// Starts a thread for each lane. The channel hangs up when all have ended, even by a panic.
fn start(lanes: Vec<Lane>) -> io::Result<(Vec<JoinHandle<()>>, Receiver<()>)> {
    let (done, all_done) = mpsc::channel::<()>();
    let threads = lanes.into_iter().enumerate().map(|(index, lane)| {
        let done = done.clone();
        let thread = thread::Builder::new().name(format!("lane-{index}"));
        thread.stack_size(STACK_BYTES).spawn(move || {
            let _done = done;
            lane.carry(index);
        })
    });
    let threads = threads.collect::<io::Result<_>>()?;
    Ok((threads, all_done))
}

/// Joins the lanes that have ended, or `all` of them. The others may be blocked for long.
fn join_ended(lanes: Vec<JoinHandle<()>>, all: bool) {
    let ended = lanes.into_iter().filter(|lane| all || lane.is_finished());
    ended.for_each(join);
}

fn join(lane: JoinHandle<()>) {
    if let Err(panic) = lane.join() {
        // A lane's panic is a defect of ours, and no count may hide it.
        panic::resume_unwind(panic);
    }
}

/// What the lanes of a worker have in common.
struct Shared {
    desk: Desk,
    client: Client,
    connects: Connects,
    reading: Reading,
}

impl Shared {
    fn new(plan: &Plan, worker: usize, desk: &Desk) -> io::Result<Self> {
        let connects = Connects::new(plan, desk);
        let connections = plan.load.connections_of(worker);
        let builder = client::builder(
            plan,
            client::tls(plan),
            worker,
            connections,
            connects.clone(),
        );
        // The asynchronous client keeps the time; this limit only has to be behind its own.
        let client = ClientBuilder::from(builder).timeout(client::request_timeout(plan) * 2);
        Ok(Self {
            desk: desk.clone(),
            client: client.build().map_err(client::not_built)?,
            connects,
            reading: Reading::new(plan, desk),
        })
    }
}

/// A thread that sleeps until it is called.
struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits until `lane`, which is this thread, may begin a request.
fn begin(desk: &Desk, lane: usize, waker: &Waker) -> Option<Timing> {
    loop {
        match desk.poll_begin(lane, waker) {
            Poll::Ready(begun) => return begun,
            Poll::Pending => thread::park(),
        }
    }
}

/// A thread that makes one request at a time.
struct Lane {
    shared: Arc<Shared>,
    /// For each of the plan's paths.
    requests: Vec<Request>,
}

impl Lane {
    fn several(plan: &Plan, shared: &Arc<Shared>, count: usize) -> io::Result<Vec<Self>> {
        let requests = Requests::build(plan, Form::Absolute);
        let lane = |_| {
            let requests = requests.list().iter().cloned().map(Request::try_from);
            let requests = requests.collect::<Result<_, _>>();
            Ok(Self {
                shared: Arc::clone(shared),
                requests: requests.map_err(client::not_built)?,
            })
        };
        (0..count).map(lane).collect()
    }

    /// The lane's next request begins when one has ended, in open loop not before its time.
    fn carry(&self, index: usize) {
        let desk = &self.shared.desk;
        let mut buffer = vec![0; BUFFER_BYTES];
        let waker = Waker::from(Arc::new(Sleeper(thread::current())));
        while let Some(mut timing) = begin(desk, index, &waker) {
            let result = self.exchange(&mut timing, &mut buffer);
            if let Some(rest) = desk.end(index, timing, result) {
                thread::sleep(rest);
            }
        }
    }

    fn exchange(&self, timing: &mut Timing, buffer: &mut [u8]) -> Result<Answer, Cause> {
        let request = self.requests[timing.path].try_clone();
        let request = request.expect("a body in memory can be sent again");
        let made = self.shared.client.execute(request);
        self.read(self.shared.reading.made(timing, made)?, buffer)
    }

    fn read(&self, mut response: Response, buffer: &mut [u8]) -> Result<Answer, Cause> {
        let headers = std::mem::take(response.headers_mut());
        let head = Head {
            version: response.version(),
            status: response.status(),
            headers: &headers,
        };
        self.shared.reading.head(head)?;
        let mut check = BodyCheck::default();
        loop {
            match response.read(buffer) {
                Ok(0) => return Ok(self.shared.reading.answer(head, &check)),
                Ok(bytes) => self.shared.reading.body(&mut check, &buffer[..bytes]),
                Err(error) => return Err(cause_of_read(&error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use super::*;

    #[test]
    fn a_lane_that_panicked_is_told_of_though_others_are_blocked() {
        let (_never, blocked_on) = mpsc::channel::<()>();
        let blocked = thread::spawn(move || blocked_on.recv().unwrap_or_default());
        let panicked = thread::spawn(|| panic::resume_unwind(Box::new("a defect")));
        while !panicked.is_finished() {
            thread::yield_now();
        }
        let join = || join_ended(vec![blocked, panicked], false);
        let told = panic::catch_unwind(AssertUnwindSafe(join));
        assert_eq!(told.unwrap_err().downcast_ref(), Some(&"a defect"));
    }
}
