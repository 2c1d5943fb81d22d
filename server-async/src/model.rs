//! The concurrency models: who runs a connection, and when.

use std::num::NonZero;
use std::thread;

use clap::ValueEnum;
use server_common::threads::Threads;

/// A concurrency model; its name on the command line, in results and in the documentation is
/// [`Model::label`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Many threads, between which tokio moves connections that are ready.
    Tokio,
    /// One thread for all connections.
    TokioCurrentThread,
}

impl Model {
    /// Every model, the default first.
    pub const ALL: [Self; 2] = [Self::Tokio, Self::TokioCurrentThread];

    /// The model's name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::TokioCurrentThread => "tokio-current-thread",
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
        }
    }

    /// Threads that run connections when none are asked for: for [`Model::Tokio`] as many as
    /// cores that the process may use.
    #[must_use]
    pub fn default_threads(self) -> usize {
        match self {
            Self::Tokio => thread::available_parallelism().map_or(1, NonZero::get),
            Self::TokioCurrentThread => 1,
        }
    }

    /// Who decides how many threads there are.
    #[must_use]
    pub const fn threads(self) -> Threads {
        match self {
            Self::Tokio => Threads::AsAsked,
            Self::TokioCurrentThread => Threads::One,
        }
    }
}

impl ValueEnum for Model {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(self.label().into())
    }
}
