//! The concurrency models: who runs a connection, and when.

use std::num::NonZero;
use std::thread;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use server_common::threads::Threads;
use wire::tls::Protocol;

/// A concurrency model; its name on the command line, in results and in the documentation is
/// [`Model::label`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Many threads, between which tokio moves connections that are ready.
    Tokio,
    /// One thread for all connections.
    TokioCurrentThread,
    /// An event loop that asks select(2) which connections are ready.
    Select,
    /// An event loop that asks poll(2).
    Poll,
    /// An event loop that asks epoll(7).
    Epoll,
    /// A loop over what io_uring(7) has completed.
    IoUring,
}

impl Model {
    /// Every model, the default first.
    pub const ALL: [Self; 6] = [
        Self::Tokio,
        Self::TokioCurrentThread,
        Self::Select,
        Self::Poll,
        Self::Epoll,
        Self::IoUring,
    ];

    /// The model's name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::TokioCurrentThread => "tokio-current-thread",
            Self::Select => "select",
            Self::Poll => "poll",
            Self::Epoll => "epoll",
            Self::IoUring => "io-uring",
        }
    }

    /// What the model does, in a sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Tokio => {
                "Threads (--threads, one per core) share the connections that are ready: hyper on tokio."
            }
            Self::TokioCurrentThread => "One thread runs every connection: hyper on tokio.",
            Self::Select => {
                "A loop (--threads, 1) asks select which of at most 1024 descriptors are ready."
            }
            Self::Poll => "A loop (--threads, 1) hands poll the list of all connections each time.",
            Self::Epoll => "A loop (--threads, 1) is told by epoll which connections are ready.",
            Self::IoUring => {
                "A loop (--threads, 1) hands the work to io_uring and is told what is done."
            }
        }
    }

    /// Threads that run connections when none are asked for: for [`Model::Tokio`] as many as
    /// cores that the process may use.
    #[must_use]
    pub fn default_threads(self) -> usize {
        match self {
            Self::Tokio => thread::available_parallelism().map_or(1, NonZero::get),
            _ => 1,
        }
    }

    /// What is spoken inside TLS (ALPN, RFC 7301), the preferred first.
    #[must_use]
    pub const fn protocols(self) -> &'static [Protocol] {
        match self {
            Self::Tokio | Self::TokioCurrentThread => &[Protocol::Http2, Protocol::Http11],
            Self::Select | Self::Poll | Self::Epoll | Self::IoUring => &[Protocol::Http11],
        }
    }

    /// Who decides how many threads there are.
    #[must_use]
    pub const fn threads(self) -> Threads {
        match self {
            Self::TokioCurrentThread => Threads::One,
            _ => Threads::AsAsked,
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
