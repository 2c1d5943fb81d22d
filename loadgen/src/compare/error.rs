//! Why two sides could not be compared at all. Each text is one line that says
//! what to do next.

use std::path::PathBuf;

use crate::record::ReadError;
use crate::statistics::ROUNDS_MAX;

/// Why two sides could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A record could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The directory could not be listed.
    #[error("{}: {source}; check the path", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What the directory says of its benchmark could not be read.
    #[error("{}: {source}; move it away to compare by the records alone", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// The directory holds no record.
    #[error(
        "{}: no record of a run in it; give a directory that `loadgen bench` wrote",
        path.display()
    )]
    NoRecords {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds runs by themselves.
    #[error(
        "{}: no rounds of a benchmark in it; give a second file or directory to compare it with, or \
         measure servers in rounds with `loadgen bench`",
        path.display()
    )]
    NoRounds {
        /// The directory.
        path: PathBuf,
    },
    /// No record fits what was asked for.
    #[error(
        "{}: no scenario and server in it fit --scenario and --server; without them all are shown",
        path.display()
    )]
    NothingSelected {
        /// The directory.
        path: PathBuf,
    },
    /// The server that was to be the baseline is not there.
    #[error(
        "{}: no server in it is called '{}'; give --baseline one of {}",
        path.display(), label.escape_debug(), known.join(", ")
    )]
    NoServer {
        /// The directory.
        path: PathBuf,
        /// What was asked for.
        label: String,
        /// What there is.
        known: Vec<String>,
    },
    /// One path alone that is no directory.
    #[error(
        "{}: a file alone has nothing to be compared with; give a second one, or the directory of \
         a benchmark",
        path.display()
    )]
    NoBenchmark {
        /// The path.
        path: PathBuf,
    },
    /// One side has more rounds than the other.
    #[error(
        "{a} has {rounds_a} and {b} has {rounds_b} rounds{}; rounds are compared in pairs: \
         measure both equally often, or move the records without a partner away",
        .scenario.as_ref().map(|name| format!(" of {name}")).unwrap_or_default()
    )]
    UnequalRounds {
        /// Scenario, if the records name one.
        scenario: Option<String>,
        /// Label of side A.
        a: String,
        /// Its number of records.
        rounds_a: usize,
        /// Label of side B.
        b: String,
        /// Its number of records.
        rounds_b: usize,
    },
    /// No scenario and server is on both sides.
    #[error(
        "nothing to compare: {a} and {b} have no scenario and server in common; give two \
         results of the same benchmark"
    )]
    NothingInCommon {
        /// What side A has.
        a: String,
        /// What side B has.
        b: String,
    },
    /// Records of a benchmark with fewer than two servers.
    #[error("nothing to compare: a benchmark of one server; name a second one")]
    OneServer,
    /// More rounds than the exact test takes.
    #[error("{rounds} rounds are more than the {ROUNDS_MAX} that can be compared; use fewer")]
    TooManyRounds {
        /// Rounds on each side.
        rounds: usize,
    },
}
