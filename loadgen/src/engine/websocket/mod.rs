//! Pairs of WebSocket clients that send a message to and fro by way of a server. A round trip is
//! here what a request is elsewhere.
//!
//! - `message`: what is sent; `pair`: whose turn it is, and whether what came is right;
//! - `framing`: messages as bytes and back, in frames or raw; `upgrade`: the way from HTTP to
//!   frames; `endpoint`: one client's end of a connection, of these and TLS; `input`, what it has
//!   not read yet; `failed`, what went wrong on it. None has sockets or a clock;
//! - `line`: how connections come about;
//! - `worker`: readiness loops over many pairs; `lane`: a thread for each pair, on a `connection`
//!   that blocks;
//! - `client`: the same connection for a program that answers messages.

mod client;
mod connection;
mod endpoint;
mod failed;
mod framing;
mod input;
mod lane;
mod line;
mod message;
mod pair;
mod upgrade;
mod worker;

use std::io;

pub use client::Client;
pub use failed::Failed;
pub use framing::{Kind, Received};

use lane::Lane;
use line::{Line, Turnstile};
use worker::Worker;

use super::Summary;
use super::control::{Control, Observer};
use super::crew::{self, Job};
use super::fast::readiness::Readiness;
use crate::plan::{Plan, WebSocket, WebSocketClient};

pub(super) fn run(
    plan: &Plan,
    shape: WebSocket,
    control: &Control,
    observer: &mut dyn Observer,
) -> io::Result<Summary> {
    let turnstile = &Turnstile::default();
    match shape.client {
        WebSocketClient::Async => {
            let clients = shape.clients_of_pair();
            let slots = (0..plan.load.threads).map(|index| plan.load.connections_of(index));
            let drivers = slots
                .map(|pairs| Readiness::new(pairs * clients, false))
                .collect::<io::Result<Vec<_>>>()?;
            let workers = drivers.into_iter().map(|driver| {
                move |job: Job<'_>| {
                    let line = Line::new(plan, shape, turnstile);
                    Ok(Worker::new(job, driver, line).run())
                }
            });
            crew::run(plan, control, observer, workers.collect())
        }
        WebSocketClient::Blocking => {
            let lane = move |job: Job<'_>| {
                let line = Line::new(plan, shape, turnstile);
                Ok(Lane::new(job, line).run())
            };
            crew::run(plan, control, observer, vec![lane; plan.load.threads])
        }
    }
}
