//! One thread asks which connections are ready, and serves those.
//!
//! - `poller`: the question, as a trait;
//! - `select`, `poll`, `epoll`: the system calls that answer it.

mod epoll;
mod poll;
mod poller;
mod select;

use anyhow::bail;
use server_common::listener::Listener;
use server_common::stop::Stop;

use self::epoll::Epoll;
use self::poll::Poll;
use self::poller::Poller;
use self::select::Select;
use crate::Options;
use crate::model::Model;

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// No threads, or no descriptors.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    match model {
        Model::Select => run_with::<Select>(listeners, options, stop),
        Model::Poll => run_with::<Poll>(listeners, options, stop),
        _ => run_with::<Epoll>(listeners, options, stop),
    }
}

fn run_with<P: Poller>(
    _listeners: Vec<Listener>,
    _options: Options,
    _stop: &Stop,
) -> anyhow::Result<()> {
    bail!("{} is not there yet", std::any::type_name::<P>())
}
