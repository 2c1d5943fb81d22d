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

use anyhow::Context;
use server_common::listener::Listener;
use server_common::stop::Stop;

pub use self::support::check;

use self::worker::Worker;
use crate::Options;
use crate::crew::{self, Loop, Ties};

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// A kernel without what is needed, no threads, or no descriptors.
pub fn run(listeners: Vec<Listener>, options: &Options, stop: &Stop) -> anyhow::Result<()> {
    let threads = options.threads.unwrap_or(1);
    crew::run::<Worker>(listeners, threads, options, stop)
}

impl Loop for Worker {
    fn prepare(
        listeners: Vec<Listener>,
        ties: Ties,
        options: Options,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        Self::new(listeners, options, stop, ties).map_err(|error| support::explain(&error))
    }

    fn serve(self) -> anyhow::Result<()> {
        self.run().context("a loop over io_uring has failed")
    }
}
