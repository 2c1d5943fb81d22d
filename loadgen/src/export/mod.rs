//! Results in the formats of other tools: one file for each format, siblings of the same shape.
//!
//! A format gets [`Results`], records in groups of scenario and server, and gives the text of one or
//! two files. What a run says against itself goes along as far as the format has a place for it;
//! where it has none the run is left out, and that is said.

mod bencher;
mod csv;
mod error;
mod github_action_benchmark;
mod go_bench;
mod hdr_log;
mod hgrm;
mod markdown;
mod openmetrics;
mod results;

#[cfg(test)]
mod tests;

use clap::ValueEnum;

pub use error::ExportError;
pub use results::{Figure, Group, Results};

/// A format that results can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people, with what was found in comparing the servers
    Markdown,
    /// A row for each run (RFC 4180)
    Csv,
    /// Text that Go's benchstat reads, a line for each run
    GoBench,
    /// JSON for github-action-benchmark, a file for what should be big and one for what should be
    /// small
    GithubActionBenchmark,
    /// Bencher Metric Format, JSON
    Bencher,
    /// A latency distribution in milliseconds as HdrHistogram prints it
    Hgrm,
    /// HdrHistogram interval log 1.3, a line for each run
    HdrLog,
    /// OpenMetrics text, for Prometheus
    #[value(name = "openmetrics")]
    OpenMetrics,
}

/// What a format makes of results.
#[derive(Debug, Default, PartialEq)]
pub struct Exported {
    /// What is added to the name that was asked for, empty if there is one file, and its text.
    pub files: Vec<(&'static str, String)>,
    /// What is not in it, and why: lines without an end.
    pub left_out: Vec<String>,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] = [
        Self::Markdown,
        Self::Csv,
        Self::GoBench,
        Self::GithubActionBenchmark,
        Self::Bencher,
        Self::Hgrm,
        Self::HdrLog,
        Self::OpenMetrics,
    ];

    /// Its name, as `--to` takes it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::GoBench => "go-bench",
            Self::GithubActionBenchmark => "github-action-benchmark",
            Self::Bencher => "bencher",
            Self::Hgrm => "hgrm",
            Self::HdrLog => "hdr-log",
            Self::OpenMetrics => "openmetrics",
        }
    }

    /// What is added to the name that was asked for, by file. Of several stdout will not do.
    #[must_use]
    pub fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::GithubActionBenchmark => &[".bigger.json", ".smaller.json"],
            _ => &[""],
        }
    }

    /// The results in this format.
    ///
    /// # Errors
    ///
    /// The records lack what the format is about, or nothing is left to be believed.
    pub fn write(self, results: &Results) -> Result<Exported, ExportError> {
        let mut exported = match self {
            Self::Markdown => markdown::write(results),
            Self::Csv => csv::write(results),
            Self::GoBench => go_bench::write(results),
            Self::GithubActionBenchmark => github_action_benchmark::write(results)?,
            Self::Bencher => bencher::write(results)?,
            Self::Hgrm => hgrm::write(results)?,
            Self::HdrLog => hdr_log::write(results)?,
            Self::OpenMetrics => openmetrics::write(results),
        };
        let given_up = results.given_up.iter().map(ToString::to_string);
        exported.left_out.splice(0..0, given_up);
        Ok(exported)
    }
}

impl Exported {
    /// One file.
    fn one(text: String, left_out: Vec<String>) -> Self {
        Self {
            files: vec![("", text)],
            left_out,
        }
    }
}
