//! Why a file became no record: one line each, with the next step.

use std::io;
use std::path::PathBuf;

use super::Format;

/// Why a file could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("{}: {source}; check the path", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is binary.
    #[error("{}: no text; give the tool's report, such as vegeta report -type=json", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// The file is longer than any summary.
    #[error(
        "{}: over {} MiB; give a tool's summary, not its log of all requests",
        path.display(),
        super::source::BYTES_MAX >> 20
    )]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The file begins as JSON and does not go on as such.
    #[error("{}: not JSON as a whole ({source}); have the tool write it again", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
    /// The file is of no tool that is known.
    #[error(
        "{}: not recognised; known are {}: name the tool with --from, and see loadgen import --help",
        path.display(),
        known()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// The file is what this program writes.
    #[error("{}: is a record already; give it to loadgen compare as it is", path.display())]
    IsRecord {
        /// The file.
        path: PathBuf,
    },
    /// The file is not as the tool writes it.
    #[error(
        "{}: not as {} writes it: {trouble}; make it with: {}",
        path.display(),
        format.label(),
        format.made_by()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// What it was taken for.
        format: Format,
        /// What is wrong with it.
        trouble: Trouble,
    },
    /// Two files have the same contents: one run is no two rounds.
    #[error(
        "{} and {}: the same contents; give each round once",
        first.display(),
        second.display()
    )]
    Twice {
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

/// What is wrong with a tool's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A field is missing.
    #[error("the field {0} is missing")]
    Missing(String),
    /// A field has a value that it cannot have.
    #[error("the field {field} is not {wanted}")]
    Wrong {
        /// Where it is.
        field: String,
        /// What it ought to be.
        wanted: &'static str,
    },
    /// A line is missing.
    #[error("a line with \"{0}\" is missing")]
    NoLine(&'static str),
    /// A line has not in it what it ought to.
    #[error("line {number} has not {wanted} where it ought to")]
    Line {
        /// Which, from 1.
        number: usize,
        /// What is missing.
        wanted: &'static str,
    },
    /// The tool gave up, and measured nothing.
    #[error("line {number} says that there was no run")]
    NoRun {
        /// Which, from 1.
        number: usize,
    },
}

fn known() -> String {
    Format::ALL.map(Format::label).join(", ")
}
