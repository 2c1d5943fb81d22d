//! Flags of `loadgen report`.

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::compare::percent;
use crate::compare::Options;

/// The file's name, unless it is given another.
pub(crate) const FILE_NAME: &str = "report.html";

const AFTER_HELP: &str = "\
Two results get a section each and one that compares them. The file needs no network and no
JavaScript.

Exit codes: 0 done; 1 could not read the results or write the file; 2 the command line is wrong";

/// Which results to show, and where.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ReportArgs {
    /// What to show: the directory of a benchmark, a directory of records, or a record
    #[arg(value_name = "DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Write to this file [default: report.html, in DIR if that is one directory, else here]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub force: bool,
    /// Differences up to this many percent do not matter
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub threshold: f64,
    /// Judge runs even if their records call them invalid
    #[arg(long)]
    pub allow_invalid: bool,
}

impl ReportArgs {
    /// By what it is judged.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            threshold: self.threshold / 100.0,
            allow_invalid: self.allow_invalid,
        }
    }

    /// The file to write.
    ///
    /// # Errors
    ///
    /// It exists and may not be overwritten: one line with the next step.
    pub fn file(&self) -> Result<PathBuf, UsageError> {
        let file = self.output.clone().unwrap_or_else(|| self.default_file());
        match file.is_file() && !self.force {
            true => Err(UsageError::line(format!(
                "{} exists; --force overwrites it, -o FILE names another",
                file.display()
            ))),
            false => Ok(file),
        }
    }

    /// Beside the records that it shows, if they are in one place.
    fn default_file(&self) -> PathBuf {
        match &self.paths[..] {
            [directory] if directory.is_dir() => directory.join(FILE_NAME),
            _ => PathBuf::from(FILE_NAME),
        }
    }
}
