//! Why results could not be exported. Each text is one line that says what to do next.

use crate::compare::CompareError;
use crate::record::{HistogramError, ReadError};

/// Why results could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A path holds no results, or some that cannot be read.
    #[error(transparent)]
    Read(#[from] CompareError),
    /// No record fits what was asked for.
    #[error(
        "no scenario and server fit --scenario and --server; without them everything is exported"
    )]
    NothingSelected,
    /// Every run says of itself that it cannot be believed, and the format has no place to say so.
    #[error(
        "nothing to export: none of {runs} runs can be believed ({reasons}); measure again, or \
         export to csv, which says so in each row"
    )]
    NothingValid {
        /// How many runs there are.
        runs: usize,
        /// The codes of what they say against themselves.
        reasons: String,
    },
    /// A distribution is wanted of several servers.
    #[error(
        "a {label} file is one distribution, and here are {groups} ({first}, {second}{more}); \
         choose one with --scenario and --server, or export to hdr-log, which holds them all"
    )]
    SeveralGroups {
        /// The format.
        label: &'static str,
        /// How many there are.
        groups: usize,
        /// The name of the first.
        first: String,
        /// That of the second.
        second: String,
        /// An ellipsis, if there are more.
        more: &'static str,
    },
    /// The records do not have the distributions.
    #[error(
        "{name}: no histogram in the record of run {id}: records that are packed keep none, nor do \
         those without a success; measure with --records files, or export to csv for the percentiles"
    )]
    NoHistogram {
        /// The scenario and server.
        name: String,
        /// The run.
        id: String,
    },
    /// Another tool measured, and told percentiles.
    #[error(
        "{name}: no histogram in the record of run {id}: {tool} told percentiles alone; export to csv \
         or openmetrics, which take these"
    )]
    NoHistogramTold {
        /// The scenario and server.
        name: String,
        /// The run.
        id: String,
        /// The tool.
        tool: String,
    },
    /// A histogram in a record is damaged.
    #[error("{name}: the histogram in the record of run {id} is {source}; measure again")]
    Histogram {
        /// The scenario and server.
        name: String,
        /// The run.
        id: String,
        /// What is wrong with it.
        source: HistogramError,
    },
}

impl From<ReadError> for ExportError {
    fn from(error: ReadError) -> Self {
        Self::Read(error.into())
    }
}
