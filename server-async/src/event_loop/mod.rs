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
//! With `--threads N` there are N loops that share no connection: each stays with the loop that
//! accepted it, and what WebSocket clients say to each other goes by the loops' posts. Over TCP each
//! has an accept queue of its own, and which one a client comes to is a matter of its address and
//! port: with few connections one loop may have all the work and another none.

mod acceptor;
mod connection;
mod epoll;
mod poll;
mod poller;
mod select;
mod worker;

use anyhow::Context;
use server_common::listener::Listener;
use server_common::stop::Stop;

use self::epoll::Epoll;
use self::poll::Poll;
use self::poller::Poller;
use self::select::Select;
use self::worker::Worker;
use crate::Options;
use crate::crew::{self, Loop, TAKES, Ties};
use crate::model::Model;

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// No threads, or no descriptors; a loop that could not go on.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: &Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    let threads = options.threads.unwrap_or(model.default_threads());
    match model {
        Model::Select => crew::run::<Worker<Select>>(listeners, threads, options, stop),
        Model::Poll => crew::run::<Worker<Poll>>(listeners, threads, options, stop),
        _ => crew::run::<Worker<Epoll>>(listeners, threads, options, stop),
    }
}

impl<P: Poller> Loop for Worker<P> {
    fn prepare(
        listeners: Vec<Listener>,
        ties: Ties,
        options: Options,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        Self::new(listeners, ties, options, stop).context(TAKES)
    }

    fn serve(self) -> anyhow::Result<()> {
        self.run().context("cannot wait for connections")
    }
}
