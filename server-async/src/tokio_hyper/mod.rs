//! tokio decides when a connection runs, hyper speaks HTTP on it.
//!
//! hyper by itself would answer broken requests in its own words, let some of them pass, and wait
//! for ever for a body. So each connection's bytes pass a gate before they reach hyper, and both
//! servers refuse the same requests with the same bytes. From the socket inwards:
//!
//! - `accept`: connections become tasks;
//! - `refused`: those beyond the most that are taken;
//! - `connection`: a task, from the first byte to the close;
//! - `socket`: a client that does not read is given up;
//! - `tls`: the handshake, and what is spoken behind it;
//! - `gate`: which bytes reach hyper, and how long they may take;
//! - `head`: a request's head, as hyper is shown it;
//! - `landing`: where reads land;
//! - `deadline`: a timer for a connection's whole life;
//! - `exchange`: what the gate and the service tell each other;
//! - `service`: from hyper's request to the answer of `wire`;
//! - `body`: the answer's body in the pieces that hyper asks for;
//! - `http2`: the same for connections that speak HTTP/2;
//! - `websocket`: what follows HTTP on a connection that asks for it;
//! - `push`: numbered messages to whoever connects.

mod accept;
#[cfg(test)]
mod agreement;
mod body;
mod connection;
mod deadline;
mod exchange;
#[cfg(test)]
mod fixture;
mod gate;
mod head;
mod http2;
mod landing;
mod push;
mod refused;
mod service;
mod socket;
mod tls;
mod websocket;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use anyhow::Context;
use server_common::listener::Listener;
use server_common::stop::{GRACE_PERIOD, Stop};
use tokio::net::unix::pipe;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use self::accept::Acceptor;
use crate::Options;
use crate::model::Model;

/// What all connections have in common.
struct Server {
    options: Options,
    stop: Stop,
    /// Readable once the stop is asked for.
    stop_pipe: pipe::Receiver,
    /// One for each connection that may be open, if that is limited.
    permits: Option<Arc<Semaphore>>,
    /// One for each refused connection that may be given time to hear it.
    leaving: Semaphore,
    /// What connections are encrypted with, if they are.
    tls: Option<TlsAcceptor>,
    http1: hyper::server::conn::http1::Builder,
    http2: hyper::server::conn::http2::Builder<http2::Spawn>,
}

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// No threads, or no descriptors for epoll.
pub fn run(
    listeners: Vec<Listener>,
    model: Model,
    options: Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    let runtime = build_runtime(model, options.threads.unwrap_or(model.default_threads()))
        .context("cannot start tokio; see the limits (ulimit -n, ulimit -u)")?;
    let result = runtime.block_on(serve(listeners, options, stop));
    // What is still under way has had its time.
    runtime.shutdown_background();
    result
}

fn build_runtime(model: Model, threads: usize) -> io::Result<Runtime> {
    let mut builder = match model {
        Model::TokioCurrentThread => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads).enable_all().build()
}

async fn serve(listeners: Vec<Listener>, options: Options, stop: &Stop) -> anyhow::Result<()> {
    let server = Arc::new(Server::new(options, stop).context("cannot wait for the stop")?);
    let (finish, finishing) = watch::channel(());
    let finish = Arc::new(finish);
    let mut loops = JoinSet::new();
    for listener in listeners {
        let acceptor = Acceptor::new(listener).context("cannot wait for connections")?;
        // A task of the runtime's own, so that the tasks it makes start on its worker's queue.
        loops.spawn(acceptor.run(server.clone(), finish.clone(), finishing.clone()));
    }
    drop(finishing);
    loops.join_all().await;
    // Whoever waits for a next request is woken, and closes. All others see the stop as they go.
    let _ = finish.send(());
    let _ = timeout(GRACE_PERIOD, finish.closed()).await;
    Ok(())
}

impl Server {
    fn new(options: Options, stop: &Stop) -> io::Result<Self> {
        let permits = options.connections_max.map(|max| {
            let max = usize::try_from(max).unwrap_or(Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(max))
        });
        Ok(Self {
            tls: options.tls.as_ref().map(tls::acceptor),
            options,
            stop: stop.clone(),
            stop_pipe: pipe::Receiver::from_owned_fd(stop.as_fd().try_clone_to_owned()?)?,
            permits,
            leaving: Semaphore::new(refused::LEAVING_MAX),
            http1: connection::http1(),
            http2: http2::builder(),
        })
    }
}
