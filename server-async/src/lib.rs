//! A non-blocking HTTP server: few threads, many connections.
//!
//! In reading order:
//!
//! - [`cli`]: the command line;
//! - [`model`]: the concurrency models and their names;
//! - [`tokio_hyper`]: the models that are built on tokio and hyper.

pub mod cli;
pub mod model;
pub mod tokio_hyper;

use std::time::Duration;

use server_common::listener::Listener;
use server_common::stop::Stop;

use crate::model::Model;

/// The server's name, as it begins every message.
pub const SERVER: &str = "server-async";

/// What a server is to do, whatever its model.
#[derive(Clone, Debug)]
pub struct Options {
    /// What connections are granted.
    pub connection: wire::connection::Options,
    /// For a write that makes no progress.
    pub write_timeout: Duration,
    /// Connections open at a time; further ones wait in the accept queue.
    pub max_connections: Option<u32>,
    /// Threads that run connections.
    pub threads: usize,
}

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// What keeps the server from starting: no threads, no descriptors.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: &Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    match model {
        Model::Tokio | Model::TokioCurrentThread => {
            tokio_hyper::run(listeners, model, options, stop)
        }
    }
}
