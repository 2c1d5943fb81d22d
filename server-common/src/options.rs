//! What a server is told, apart from its model and its addresses.

use std::time::Duration;

/// How connections are treated, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What each connection is granted.
    pub connection: wire::connection::Options,
    /// How long a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// Threads of a model that has a choice; `None` means the model's own number.
    pub threads: Option<usize>,
    /// Connections open at a time; further ones wait in the accept queue.
    pub connections_max: Option<u32>,
}
