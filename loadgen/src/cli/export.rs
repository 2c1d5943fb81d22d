//! Flags of `loadgen export`.

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::selected::Selected;
use crate::compare::Selection;
use crate::export::Format;
use crate::output::is_taken;

const AFTER_HELP: &str = "\
A run that cannot be believed says so in the export; formats without a place for that go without
it, and stderr says what was left out.

Exit codes: 0 done; 1 could not export or write; 2 the command line is wrong";

/// Which results to export, and how.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ExportArgs {
    /// Records of runs, directories of a benchmark, or both
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// The format
    #[arg(long = "to", value_name = "FORMAT", value_enum)]
    pub format: Format,
    /// Write to this file, which must not exist, instead of stdout; github-action-benchmark makes
    /// FILE.bigger.json and FILE.smaller.json of it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    selected: Selected,
}

impl ExportArgs {
    /// The part of the results that is exported.
    #[must_use]
    pub fn selection(&self) -> Selection {
        self.selected.selection()
    }

    /// The file that is wanted with this added to its name; none for stdout.
    ///
    /// # Errors
    ///
    /// It exists, or there is none and stdout will not do: one line with the next step.
    pub fn file(&self, suffix: &str) -> Result<Option<PathBuf>, UsageError> {
        let Some(output) = &self.output else {
            return match self.format.suffixes().len() > 1 {
                true => Err(UsageError::line(format!(
                    "{} takes two files, by which way is better; give -o PREFIX, which makes \
                     PREFIX.bigger.json and PREFIX.smaller.json",
                    self.format.label()
                ))),
                false => Ok(None),
            };
        };
        let mut name = output.clone().into_os_string();
        name.push(suffix);
        let file = PathBuf::from(name);
        match is_taken(&file) {
            true => Err(UsageError::line(format!(
                "{} exists; choose another name with -o, or remove it",
                file.display()
            ))),
            false => Ok(Some(file)),
        }
    }
}
