//! One record of the shards of a run: counts and distributions are added, never percentiles.
//!
//! Records are read twice. The first time only their heads are looked at: who is there
//! (`roll.rs`). Whatever does not belong together is refused then, before anything is added. The
//! second time they are added one after the other, in the order of their shards (`sum.rs`), so that
//! one is in memory at a time, and the outcome is the same in whatever order they were given.
//!
//! What is added becomes a [`crate::recorder::Recorder`] again (`counts.rs`), which is what the
//! workers of one process are added up in; and the record is made of it by the functions that make
//! every record (`record/build.rs`).

mod client;
mod counts;
mod documents;
mod environment;
mod error;
mod header;
mod held;
mod histogram;
mod limits;
mod member;
mod network;
mod origin;
mod plan;
mod ranges;
mod roll;
mod server;
mod source;
mod sum;
mod target;
mod tool;
mod window;

#[cfg(test)]
mod tests;

pub use error::MergeError;
pub use origin::Origin;
pub use source::Sources;

use crate::plan::Gate;
use crate::record::Record;
use roll::Roll;
use sum::Sum;

/// The record of a run, and what a person should know who does not read it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The record.
    pub record: Record,
    /// The limits that it was held against, unless it is of an interrupted run.
    pub gates: Vec<Gate>,
    /// What was passed over, a line each.
    pub warnings: Vec<String>,
}

/// Puts the shards in these sources together; those that are not there are left out only if
/// `allow_missing`.
///
/// # Errors
///
/// One line that names the files, why they do not belong together, and the next step.
pub fn merge(mut sources: Sources, allow_missing: bool) -> Result<Outcome, MergeError> {
    let roll = Roll::call(&sources, allow_missing)?;
    let mut sum = Sum::of(&roll);
    for entry in roll.entries() {
        sum.add(sources.record(entry)?, entry)?;
    }
    sum.into_outcome(&roll)
}
