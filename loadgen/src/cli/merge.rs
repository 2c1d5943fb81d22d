//! Flags of `loadgen merge`.

use std::path::PathBuf;

use clap::Args;

/// Which shards to put together, and where the record goes.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Records of shards, or what a Locust master kept of its workers' reports
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the record to this file, which must not exist, in place of stdout
    #[arg(short, long, value_name = "RECORD")]
    pub output: Option<PathBuf>,
    /// Merge what there is of a run of which shards are lost; the record is marked as invalid
    #[arg(long)]
    pub allow_missing: bool,
}
