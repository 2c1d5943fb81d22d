//! One thread hands its work to the kernel and goes on with what is done: io_uring(7).
//!
//! The other loops ask which connection is ready and then do the work themselves, a system call
//! for each read and each write. Here the work itself is asked for, and one system call hands over
//! all that was asked for in a turn and brings back all that is done. From the kernel inwards:
//!
//! - `ring`: the queues that are shared with the kernel; `operation`: the names of what it is to
//!   do;
//! - `buffers`: the memory that it receives into;
//! - `support`: whether the system offers all that;
//! - `door`: listening sockets;
//! - `connection`: one connection from its first byte to its last; `lent`: its session, which
//!   nobody touches while the kernel reads the session's output;
//! - `crowd`: the connections of a loop, each with its time;
//! - `worker`: the loop.

mod buffers;
mod connection;
mod crowd;
mod door;
mod lent;
mod operation;
mod ring;
mod support;
mod worker;

use std::convert::identity;
use std::io;
use std::thread::{self, JoinHandle};

use anyhow::Context;
use server_common::listener::Listener;
use server_common::stop::Stop;

pub use self::support::check;

use self::worker::Worker;
use crate::Options;
use crate::places::Places;

/// What a loop is to listen on, and its share of the places.
type Share = (Vec<Listener>, Places);

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// A kernel without what is needed, no threads, or no descriptors.
pub fn run(listeners: Vec<Listener>, options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let shares = shares(listeners, options)?;
    let worker = |(listeners, places)| Worker::new(listeners, options.clone(), stop, places);
    let workers = shares.into_iter().map(worker).collect();
    let mut workers: Vec<_> = Result::map_err(workers, |error| support::explain(&error))?;
    let own = workers.pop();
    let start = |worker: Worker| {
        let thread = thread::Builder::new().name("io-uring".to_owned());
        thread.spawn(move || worker.run())
    };
    let threads: Vec<_> = workers
        .into_iter()
        .map(start)
        .collect::<io::Result<_>>()
        .context("cannot start the threads of io-uring; try fewer with --threads")?;
    let own = own.into_iter().map(Worker::run);
    let panicked = |_| io::Error::other("a thread panicked");
    let join = |thread: JoinHandle<_>| thread.join().map_err(panicked).and_then(identity);
    // All are waited for, whatever has become of the first.
    let ended: Vec<io::Result<()>> = own.chain(threads.into_iter().map(join)).collect();
    let ended: io::Result<()> = ended.into_iter().collect();
    ended.context("a loop over io_uring has failed")
}

/// A share for each thread.
fn shares(listeners: Vec<Listener>, options: &Options) -> anyhow::Result<Vec<Share>> {
    let threads = options.threads.unwrap_or(1).max(1);
    let mut shares = Vec::new();
    for _ in 1..threads {
        let others: Result<_, _> = listeners.iter().map(Listener::share).collect();
        shares.push(others?);
    }
    shares.push(listeners);
    let places = Places::new(options.connections_max, threads)
        .context("cannot start, which takes a few descriptors for each thread: see ulimit -n")?;
    Ok(shares.into_iter().zip(places).collect())
}
