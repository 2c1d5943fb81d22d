//! Flags of `loadgen merge`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::UsageError;

const AFTER_HELP: &str = "\
Counts and latency histograms are added, percentiles never. The rate is that of the time in which
all shards ran. What does not belong together is refused: shards of another run or plan, one that is
there twice, one that is missing.

Exit codes: 0 done; 1 could not read, write or merge, or nothing succeeded; 2 the command line is
wrong; 3 a gate was missed; 5 gates were kept by a run that cannot be believed; 130 a shard was
interrupted";

/// Which shards to put together, and where the record goes.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct MergeArgs {
    /// Records of shards, directories of them (*.json), or what a Locust master kept of its
    /// workers' reports; a file may hold many, one after another; - is stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the record to this file, which must not exist, in place of stdout
    #[arg(short, long, value_name = "RECORD")]
    pub output: Option<PathBuf>,
    /// Merge what there is of a run of which shards are lost; the record is marked as invalid
    #[arg(long)]
    pub allow_missing: bool,
}

impl MergeArgs {
    /// What clap cannot see.
    ///
    /// # Errors
    ///
    /// One line: stdin cannot be read twice.
    pub fn check(&self) -> Result<(), UsageError> {
        let is_stdin = |file: &&PathBuf| file.as_path() == Path::new("-");
        match self.files.iter().filter(is_stdin).count() {
            0 | 1 => Ok(()),
            _ => Err(UsageError::line("stdin can be read once; give - once")),
        }
    }
}
