//! What a server is told, apart from its model and its addresses.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use wire::push;
use wire::relay::Relay;
use wire::session::Session;
use wire::tls::Tls;

use crate::listener::{Caller, Service};

/// How many waits make up the write timeout of a blocking server.
///
/// A `send` that is short has waited in vain for as long as `SO_SNDTIMEO` says, in all or at the
/// end, and does not say when its peer last took something. So each waits for a part only, and it
/// is parts in a row in which nothing was taken that are counted: a client that takes nothing is
/// cut after the write timeout and, at most, this part of it; one that is slow never is.
pub const WRITE_WAITS: u32 = 10;

/// Shortest wait: to the system call, 0 means no limit.
const WRITE_WAIT_MIN: Duration = Duration::from_millis(1);

/// How long one blocking `send` may wait (`SO_SNDTIMEO`).
#[must_use]
pub fn write_wait(write_timeout: Duration) -> Duration {
    (write_timeout / WRITE_WAITS).max(WRITE_WAIT_MIN)
}

/// What becomes of connections beyond the most that are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Overload {
    /// They wait in the accept queue.
    #[default]
    Wait,
    /// They are answered with 503 and closed.
    Refuse,
}

/// How connections are treated, and how many.
#[derive(Clone, Debug)]
pub struct Options {
    /// What each connection is granted.
    pub connection: wire::connection::Options,
    /// How long a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// Threads of a model that has a choice; `None` means the model's own number.
    pub threads: Option<usize>,
    /// Connections that may wait in the server for a thread, in a model that has such a queue;
    /// `None` means the model's own number.
    pub queue: Option<usize>,
    /// Connections open at a time.
    pub connections_max: Option<u32>,
    /// What becomes of further ones.
    pub overload: Overload,
    /// Certificate and key, if connections are encrypted.
    pub tls: Option<Tls>,
    /// What clients of the push stream are granted.
    pub push: push::Options,
    /// Where WebSocket clients meet, whichever loop or thread serves them.
    pub relay: Arc<Relay>,
}

/// Most clients of the relay unless told otherwise: as many as have been tried.
pub const RELAY_CLIENTS_MAX: u32 = 20_000;

impl Options {
    /// What is to go on with a client that has connected. The push stream is in the clear.
    #[must_use]
    pub fn session(&self, caller: Caller) -> Session {
        match caller.service {
            Service::Http => Session::new(caller.peer, self.connection, self.tls.as_ref()),
            Service::Push => Session::push(self.push),
        }
    }
}

/// What the flags' defaults are.
impl Default for Options {
    fn default() -> Self {
        Self {
            connection: wire::connection::Options {
                read_timeout: Duration::from_secs(5),
                idle_timeout: Duration::from_secs(60),
                keep_alive: true,
                access_log: false,
            },
            write_timeout: Duration::from_secs(10),
            threads: None,
            queue: None,
            connections_max: None,
            overload: Overload::Wait,
            tls: None,
            push: push::Options::default(),
            relay: Relay::new(RELAY_CLIENTS_MAX as usize),
        }
    }
}
