//! One thread asks which connections are ready, and serves those.
//!
//! In reading order:
//!
//! - `poller`: the question, as a trait;
//! - `select`, `poll`, `epoll`: the system calls that answer it;
//! - `worker`: the loop that asks, whichever it is;
//! - `acceptor`: connections out of the accept queues;
//! - `connection`: one connection, as far as it can go without waiting.
//!
//! With `--threads N` there are N loops that share nothing: a connection stays with the loop that
//! accepted it. Over TCP each has an accept queue of its own, and which one a client comes to is a
//! matter of its address and port: with few connections one loop may have all the work and
//! another none.

mod acceptor;
mod connection;
mod epoll;
mod poll;
mod poller;
mod select;
mod worker;

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use anyhow::{Context, anyhow};
use server_common::listener::Listener;
use server_common::stop::Stop;

use self::epoll::Epoll;
use self::poll::Poll;
use self::poller::Poller;
use self::select::Select;
use self::worker::Worker;
use crate::Options;
use crate::cli::SERVER;
use crate::model::Model;
use crate::places::Places;

/// What may be missing at the start, and where to look.
const TAKES: &str =
    "cannot start, which takes a few descriptors and threads: see ulimit -n and ulimit -u";

/// Why a loop ends that should not.
const ENDED: &str = "cannot wait for connections";

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// No threads, or no descriptors; a loop that could not go on.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    let threads = options.threads.unwrap_or(model.default_threads());
    match model {
        Model::Select => run_with::<Select>(listeners, threads, options, stop),
        Model::Poll => run_with::<Poll>(listeners, threads, options, stop),
        _ => run_with::<Epoll>(listeners, threads, options, stop),
    }
}

/// Runs no loop before all can.
fn run_with<P: Poller>(
    listeners: Vec<Listener>,
    threads: usize,
    options: Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    let mut places = Places::new(options.connections_max, threads).context(TAKES)?;
    let mut crew = Vec::new();
    // The last is for this thread and the listeners as they were given.
    for places in places.drain(1..) {
        let shared: Result<Vec<_>, _> = listeners.iter().map(Listener::share).collect();
        crew.push(Loop::prepare::<P>(shared?, places, options.clone(), stop)?);
    }
    let own = Worker::<P>::new(listeners, places.remove(0), options, stop);
    let own = own.context(TAKES)?;
    let crew: Vec<_> = crew.into_iter().map(Loop::go).collect();
    let mut result = own.run().context(ENDED);
    for thread in crew {
        result = result.and(join(thread));
    }
    result
}

/// A loop on a thread of its own, which waits to be told to go and ends if it is not.
struct Loop {
    thread: JoinHandle<anyhow::Result<()>>,
    go: Sender<()>,
}

impl Loop {
    fn prepare<P: Poller>(
        listeners: Vec<Listener>,
        places: Places,
        options: Options,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let stop = stop.clone();
        let (go, start) = channel();
        let (prepared, is_prepared) = channel();
        let thread = thread::Builder::new().name(SERVER.to_owned());
        let thread = thread.spawn(move || {
            let worker = Worker::<P>::new(listeners, places, options, &stop).context(TAKES)?;
            let _ = prepared.send(());
            match start.recv() {
                Ok(()) => worker.run().context(ENDED),
                Err(_) => Ok(()),
            }
        });
        let thread = thread.context(TAKES)?;
        match is_prepared.recv() {
            Ok(()) => Ok(Self { thread, go }),
            Err(_) => Err(join(thread).err().unwrap_or_else(panicked)),
        }
    }

    fn go(self) -> JoinHandle<anyhow::Result<()>> {
        // It waits for it.
        let _ = self.go.send(());
        self.thread
    }
}

fn join(thread: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    thread.join().unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> anyhow::Error {
    anyhow!("the thread of a loop panicked")
}
