//! What is asked of a push client, in types.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who reads while a message is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// Nobody: a thread reads a message, works on it and reads the next
    Blocking,
    /// A loop of its own, into a queue that a worker empties
    Async,
}

/// What the work on a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Waiting, as for a database.
    Wait,
    /// The CPU's.
    Cpu,
}

/// A run against a server that pushes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The address as it was given.
    pub target: String,
    /// What it resolved to, at least one: each client takes the first that accepts it.
    pub addresses: Vec<SocketAddr>,
    /// Who reads.
    pub client: Client,
    /// What the work is.
    pub work: Work,
    /// How long the work on a message takes.
    pub delay: Duration,
    /// Clients, each with a connection and a worker.
    pub clients: usize,
    /// Length of the run.
    pub duration: Duration,
    /// Most messages that a client's queue holds; only asynchronous clients have one.
    pub queue: Option<NonZeroUsize>,
    /// Most bytes that all queues together hold.
    pub queue_memory_bytes: u64,
    /// `SO_RCVBUF`; the system's choice if none.
    pub receive_buffer_bytes: Option<usize>,
    /// Longest time without a byte while one is waited for.
    pub timeout: Duration,
    /// Longest time for a connection to come about.
    pub connect_timeout: Duration,
    /// The server's process, whose memory is then recorded.
    pub server_pid: Option<u32>,
}
