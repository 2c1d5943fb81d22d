//! Why records do not become one: a line each, with the next step.

use std::io;

use super::origin::Origin;
use crate::record::ReadError;

/// Why nothing was merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file or directory could not be read.
    #[error("{name}: {source}; check the path")]
    Input {
        /// The path.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A directory without a record.
    #[error("{0}: no file in it ends in .json; give the records of a run's shards")]
    NoFiles(String),
    /// No record at all.
    #[error("{0}: no record in it; give what loadgen --shard, or a Locust master, wrote")]
    Empty(String),
    /// A record is damaged, or none.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Something stands between the records.
    #[error(
        "{origin}: not JSON ({text}); leave out what is no record, or give the shards' files (-o)"
    )]
    Stray {
        /// Where.
        origin: Origin,
        /// How it begins.
        text: String,
    },
    /// A record is longer than any is.
    #[error("{origin}: over {} MiB; give the records of a run's shards", limit >> 20)]
    TooLong {
        /// Where it begins.
        origin: Origin,
        /// What would have been admitted, in bytes.
        limit: usize,
    },
    /// Somebody writes to the file.
    #[error("{0}: changed while it was read; merge again when it is whole")]
    Changed(Origin),
    /// It is all of a run.
    #[error(
        "{0}: a whole run, not a shard of one; merge records of loadgen --shard, and give whole \
         runs to loadgen compare"
    )]
    Whole(Origin),
    /// It was put together before.
    #[error("{0}: merged already; leave it out, and give all shards of the run at once")]
    Merged(Origin),
    /// Another tool measured.
    #[error(
        "{origin}: measured by {tool}, whose percentiles cannot be added; leave it out, and give \
         it to loadgen compare"
    )]
    Imported {
        /// Where.
        origin: Origin,
        /// The tool.
        tool: String,
    },
    /// Two runs.
    #[error("{a} is of run {run_a} and {b} of run {run_b}; give the shards of one run")]
    OtherRun {
        /// A record.
        a: Origin,
        /// Its run.
        run_a: String,
        /// Another.
        b: Origin,
        /// Its run.
        run_b: String,
    },
    /// Shards of as many and as many.
    #[error(
        "{a} is one of {of_a} and {b} one of {of_b}; start every shard with the same count, and \
         run them all again"
    )]
    OtherCount {
        /// A record.
        a: Origin,
        /// How many it is one of.
        of_a: String,
        /// Another.
        b: Origin,
        /// How many that is one of.
        of_b: String,
    },
    /// Two plans.
    #[error(
        "{a} and {b} are shards of different plans: {difference}; start every shard with the same \
         flags, and run them all again"
    )]
    OtherPlan {
        /// A record.
        a: Origin,
        /// Another.
        b: Origin,
        /// A setting that is not the same.
        difference: String,
    },
    /// An index that cannot be.
    #[error("{origin}: shard {index} of {of} there cannot be; run it again")]
    NoSuchShard {
        /// Where.
        origin: Origin,
        /// What it says that it is.
        index: u64,
        /// Of how many.
        of: u64,
    },
    /// One record, given twice.
    #[error("{a} and {b} are the same record; give it once")]
    Same {
        /// Where.
        a: Origin,
        /// And where.
        b: Origin,
    },
    /// Two records of one shard.
    #[error(
        "{a} and {b} are both shard {index}: one of them was started again, and the server bore \
         both; run all again, without retries"
    )]
    Doubled {
        /// Where.
        a: Origin,
        /// And where.
        b: Origin,
        /// The shard.
        index: u64,
    },
    /// Two records of one report.
    #[error("{a} and {b} are both report {sequence} of worker {worker}; give each once")]
    ReportedTwice {
        /// Where.
        a: Origin,
        /// And where.
        b: Origin,
        /// The worker.
        worker: String,
        /// Which of its reports.
        sequence: u64,
    },
    /// Shards are not there.
    #[error(
        "run {run_id} lacks {} of its {of} shards: {missing}; give their records too, or merge \
         what there is with --allow-missing",
        count
    )]
    Missing {
        /// The run.
        run_id: String,
        /// How many are not there.
        count: usize,
        /// Which.
        missing: String,
        /// How many there are.
        of: u64,
    },
    /// Shards that never ran at the same time.
    #[error(
        "shards {a} and {b} did not run at the same time: {a} had ended {gap_s:.3} s before {b} \
         began; {next_step}"
    )]
    Apart {
        /// The one that ended first.
        a: u64,
        /// The one that began last.
        b: u64,
        /// The time between them, in seconds.
        gap_s: f64,
        /// What to do, which depends on their clocks and on whether they were to begin together.
        next_step: String,
    },
    /// Starts so far apart that no run lasts as long.
    #[error(
        "{a} and {b} began or ended {days:.0} days apart: set the machines' clocks, and run all \
         again"
    )]
    DaysApart {
        /// A record.
        a: Origin,
        /// Another.
        b: Origin,
        /// How far.
        days: f64,
    },
    /// A record contradicts itself.
    #[error("{origin}: {trouble}; run this shard's run again, with one version of loadgen for all")]
    Broken {
        /// Where.
        origin: Origin,
        /// What.
        trouble: String,
    },
}
