//! A blocking HTTP server in three concurrency models.
//!
//! Each thread does one thing after another: it accepts, reads, waits and writes by system calls
//! that return when they are done. The models differ in which thread that is. In reading order:
//!
//! - [`cli`]: what the server is told;
//! - [`model`]: who runs a connection, and when;
//! - `acceptor`: connections out of the accept queue, with `places` for so many at a time, and
//!   those `refused` for whom there is none;
//! - `connection`: one connection from its first byte to its last, on a `socket` with time limits;
//! - `websocket`: clients of the relay, for whom others write while their threads listen;
//! - `stack`: how much of it a thread has, and how many there may be;
//! - `kept`: connections that wait for a next request, to be woken at a stop.

mod acceptor;
pub mod cli;
mod connection;
mod kept;
pub mod model;
mod places;
mod refused;
mod socket;
mod stack;
mod websocket;

use std::sync::Arc;
use std::thread;

use anyhow::{Context, anyhow};
use rustix::event::{PollFd, PollFlags, poll};
use server_common::listener::Listener;
pub use server_common::options::Options;
use server_common::program::complain;
use server_common::stop::{GRACE_PERIOD, Stop};

use crate::acceptor::Acceptor;
use crate::cli::SERVER;
use crate::connection::Server;
pub use crate::model::Model;

/// What may be missing at the start, and where to look.
const TAKES: &str =
    "cannot start, which takes a few descriptors and a thread: see ulimit -n and ulimit -u";

/// Serves until `stop` is asked for, then finishes what is under way and returns.
///
/// A stop keeps newcomers out, serves who is in the accept queue already, closes connections that
/// wait for a next request, and lets the others end. What takes longer than [`GRACE_PERIOD`] is
/// abandoned: its threads go on until the process ends.
///
/// # Errors
///
/// The model's threads could not be started, or its accepting thread panicked.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    let server = Arc::new(Server::new(model, options.clone(), stop.clone()));
    let asked = options.connections_max.and_then(|max| max.try_into().ok());
    let places = model.places(&options).min(asked.unwrap_or(usize::MAX));
    let acceptor = Acceptor::new(listeners, places, options, stop.clone());
    // Held by the model's thread, so that its end, a panic as well, is a thing to wait for.
    let (running, ended) = Stop::new().context(TAKES)?;
    let model_thread = thread::Builder::new().name(SERVER.to_owned()).spawn({
        let server = Arc::clone(&server);
        move || {
            let _running = running;
            model.run(acceptor, &server)
        }
    });
    let model_thread = model_thread.context(TAKES)?;
    wait_for_either(stop, &ended);
    if stop.is_asked() {
        server.kept.wake_all();
    }
    if !ended.wait(GRACE_PERIOD) {
        let seconds = GRACE_PERIOD.as_secs();
        let line = format!("requests are still under way after {seconds} s and are abandoned");
        complain(SERVER, &line);
        return Ok(());
    }
    match model_thread.join() {
        Ok(result) => result.with_context(|| {
            format!(
                "cannot start the threads of {}, try fewer with --threads or see ulimit -u",
                model.label()
            )
        }),
        Err(_) => Err(anyhow!("the thread that accepts connections panicked")),
    }
}

fn wait_for_either(stop: &Stop, ended: &Stop) {
    while !stop.is_asked() && !ended.is_asked() {
        let mut both = [stop, ended].map(|it| PollFd::new(it, PollFlags::IN));
        // Fails only when a signal comes in between.
        let _ = poll(&mut both, None);
    }
}
