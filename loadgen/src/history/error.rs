//! Why there is no history. Each text is one line that says what to do next.

use std::path::PathBuf;

use crate::compare::CompareError;

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The directory could not be listed.
    #[error("{}: {source}; give a directory with benchmarks in it", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A benchmark in it could not be read.
    #[error(transparent)]
    Read(#[from] CompareError),
    /// There is no benchmark in it.
    #[error(
        "{}: no directory of a benchmark in it; give the one that `loadgen bench` makes its \
         directories in, such as results",
        path.display()
    )]
    NoBenchmarks {
        /// The directory.
        path: PathBuf,
    },
    /// It is a benchmark itself.
    #[error(
        "{}: one benchmark, which has no history; give the directory that it is in, or see \
         `loadgen compare` for its servers",
        path.display()
    )]
    OneBenchmark {
        /// The directory.
        path: PathBuf,
    },
    /// Nothing fits what was asked for.
    #[error(
        "no scenario and server that fit --scenario and --server have this metric; without them \
         all are shown, and with --absolute the baseline too"
    )]
    NothingSelected,
}
