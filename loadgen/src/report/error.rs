//! Why there is no page. Each text is one line that names the file and the next step.

use std::path::PathBuf;

use crate::compare::CompareError;

/// Why no page could be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing was given.
    #[error("nothing to show; give the directory of a result, such as results/TIME-COMMIT")]
    Nothing,
    /// A result could not be read.
    #[error(transparent)]
    Read(#[from] CompareError),
    /// The records are one directory further down.
    #[error(
        "{}: no record of a run in it, but in directories below; give these, such as {}",
        path.display(), example.display()
    )]
    Below {
        /// What was given.
        path: PathBuf,
        /// One that could have been.
        example: PathBuf,
    },
}
