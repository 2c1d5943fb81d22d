//! The concurrency models: who runs a connection, and when.

mod sequential;
mod thread_per_connection;
mod thread_pool;

use std::io;
use std::sync::Arc;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use server_common::options::Options;
use server_common::threads::Threads;

use crate::acceptor::Acceptor;
use crate::connection::Server;
use crate::stack;

/// A concurrency model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// One thread, one connection at a time.
    Sequential,
    /// A thread for each connection.
    ThreadPerConnection,
    /// A fixed number of threads, each with one connection at a time.
    ThreadPool,
}

impl Model {
    /// Every model, the default first.
    pub const ALL: [Self; 3] = [
        Self::Sequential,
        Self::ThreadPerConnection,
        Self::ThreadPool,
    ];

    /// The model's name, everywhere.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::ThreadPerConnection => "thread-per-connection",
            Self::ThreadPool => "thread-pool",
        }
    }

    /// What the model does, in a sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Sequential => {
                "One thread accepts a connection, answers it and closes it; no WebSockets."
            }
            Self::ThreadPerConnection => "Each connection gets a thread of its own.",
            Self::ThreadPool => {
                "A fixed number of threads (--threads, 256) take connections from a queue (--queue)."
            }
        }
    }

    /// Whether connections are kept for further requests unless the flags say otherwise. Where
    /// one thread serves everybody, a client that only sits there would be its owner.
    #[must_use]
    pub const fn keeps_connections(self) -> bool {
        !matches!(self, Self::Sequential)
    }

    /// Whether WebSocket clients are let in. Where one thread serves everybody, a client that stays
    /// would be its owner, and the relay's other clients would never have a turn.
    #[must_use]
    pub const fn holds_clients(self) -> bool {
        !matches!(self, Self::Sequential)
    }

    /// Who decides how many threads there are.
    #[must_use]
    pub const fn threads(self) -> Threads {
        match self {
            Self::Sequential => Threads::One,
            Self::ThreadPerConnection => Threads::OneForEachConnection,
            Self::ThreadPool => Threads::AsAsked,
        }
    }

    /// Whether connections wait for a thread in the server.
    #[must_use]
    pub const fn has_queue(self) -> bool {
        matches!(self, Self::ThreadPool)
    }

    /// Connections that the model can take at a time, given its threads and its queue.
    pub(crate) fn places(self, options: &Options) -> usize {
        match self {
            Self::Sequential => usize::MAX,
            Self::ThreadPerConnection => stack::connections_max(),
            Self::ThreadPool => thread_pool::places(options),
        }
    }

    /// Serves the acceptor's connections to the last; fails only if threads cannot be started.
    pub(crate) fn run(self, acceptor: Acceptor, server: &Arc<Server>) -> io::Result<()> {
        match self {
            Self::Sequential => sequential::run(acceptor, server),
            Self::ThreadPerConnection => thread_per_connection::run(acceptor, server),
            Self::ThreadPool => thread_pool::run(acceptor, server),
        }
    }
}

impl ValueEnum for Model {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.label()).help(self.description()))
    }
}
