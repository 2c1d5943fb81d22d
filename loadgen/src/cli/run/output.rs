//! What is shown of a run, and where.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::super::UsageError;
use crate::output::{AbOptions, Format, ShowProgress};

/// Flags about output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// What to print on stdout: json (the record), ab (ab's text) or text (for people)
    /// [default: json; ab when called as ab]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<Format>,
    /// Write the record, as JSON, to this file too
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write every request that was begun as it ends, as CSV: its start, times to connect, to first byte and in
    /// all, and outcome
    #[arg(long, value_name = "FILE")]
    pub(super) samples: Option<PathBuf>,
    /// Show neither progress nor summary on stderr
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Show how the run is going on stderr: auto (on a terminal), always (elsewhere a line a
    /// second) or never
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true)]
    #[arg(default_value = "auto")]
    progress: ShowProgress,
    /// Show on stderr: 2 the request, 3 and the first answer's status line, 4 and its head; in
    /// ab's format on stdout, as ab does: 2 the request and the first answer's head, 3 its status
    #[arg(short, value_name = "LEVEL", default_value = "0", value_parser = verbosity)]
    #[arg(allow_negative_numbers = true)]
    pub(super) verbosity: u8,
}

/// What is shown of a run, and where.
#[derive(Clone, Debug)]
pub struct OutputPlan {
    /// On stdout.
    pub format: Format,
    /// The record's file, besides.
    pub file: Option<PathBuf>,
    /// ab's `-e`: the file of percentiles.
    pub percentiles_file: Option<PathBuf>,
    /// ab's `-g`: the file of its rows, one for each request.
    pub gnuplot_file: Option<PathBuf>,
    /// The file of every request as it ended.
    pub samples_file: Option<PathBuf>,
    /// Neither progress nor summary.
    pub quiet: bool,
    /// When to show how the run is going.
    pub progress: ShowProgress,
    /// ab's levels: how much of the traffic is shown.
    pub verbosity: u8,
    /// What ab's text is to have.
    pub ab: AbOptions,
}

impl OutputPlan {
    /// Each result needs a file of its own; a device takes them all.
    pub(super) fn check_files(&self) -> Result<(), UsageError> {
        let files = [
            ("-o", &self.file),
            ("-e", &self.percentiles_file),
            ("-g", &self.gnuplot_file),
            ("--samples", &self.samples_file),
        ];
        let named = files.map(|(flag, file)| Some((flag, file.as_ref()?)));
        let named: Vec<_> = named.into_iter().flatten().collect();
        for (index, (flag, file)) in named.iter().enumerate() {
            let is_device = fs::metadata(file).is_ok_and(|metadata| !metadata.is_file());
            let same = named[..index].iter().find(|(_, other)| other == file);
            if let (Some((other, _)), false) = (same, is_device) {
                let file = file.display();
                return Err(UsageError::line(format!(
                    "{other} and {flag} both name {file}; give each a file of its own"
                )));
            }
        }
        Ok(())
    }
}

impl Output {
    /// What these flags say, in this form.
    pub(super) fn plan(self, format: Format, ab: AbOptions) -> OutputPlan {
        OutputPlan {
            format,
            file: self.output,
            percentiles_file: None,
            gnuplot_file: None,
            samples_file: self.samples,
            quiet: self.quiet,
            progress: self.progress,
            verbosity: self.verbosity,
            ab,
        }
    }

    /// What is printed: what was said, or else what another flag implies, or the program's name.
    pub(super) fn format(&self, implied: Option<Format>, called_as_ab: bool) -> Format {
        self.format.or(implied).unwrap_or(match called_as_ab {
            true => Format::Ab,
            false => Format::Json,
        })
    }
}

/// ab takes any number and knows levels up to 4.
fn verbosity(text: &str) -> Result<u8, String> {
    text.parse()
        .map_err(|_| "give a whole number from 0 to 4".to_owned())
}
