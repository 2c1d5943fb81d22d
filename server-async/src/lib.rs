//! A non-blocking HTTP server: few threads, many connections.
//!
//! In reading order:
//!
//! - [`cli`]: the command line;
//! - [`model`]: the concurrency models and their names;
//! - [`event_loop`]: the models that ask the system who is ready: select, poll, epoll;
//! - [`io_uring`]: the model that asks what is done;
//! - `crew`: loops on threads, of which none serves before all can, for both;
//! - `slots`, `places`, `timers` and `post`: who is there, how many may be, what is to happen
//!   later, and who has mail, for both;
//! - [`tokio_hyper`]: the models that are built on tokio and hyper.

pub mod cli;
mod crew;
pub mod event_loop;
pub mod io_uring;
pub mod model;
mod places;
mod post;
mod slots;
mod timers;
pub mod tokio_hyper;

use server_common::listener::Listener;
pub use server_common::options::Options;
use server_common::stop::Stop;

pub use crate::model::Model;

/// Looks whether the system offers what `model` is built on, before anybody is told that it can be
/// connected to.
///
/// # Errors
///
/// A line that says what is missing and what to do.
pub fn check(model: Model) -> anyhow::Result<()> {
    match model {
        Model::IoUring => io_uring::check(),
        _ => Ok(()),
    }
}

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// What keeps the server from starting: no threads, no descriptors.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    match model {
        Model::Tokio | Model::TokioCurrentThread => {
            tokio_hyper::run(listeners, model, options, stop)
        }
        Model::Select | Model::Poll | Model::Epoll => {
            event_loop::run(listeners, model, &options, stop)
        }
        Model::IoUring => io_uring::run(listeners, &options, stop),
    }
}
