//! Flags of `loadgen compare`.

use std::path::PathBuf;

use clap::Args;

use crate::compare::Selection;

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 could not compare or print; 2 the command line is wrong; 3 B is worse than A;
4 with --strict, a verdict is inconclusive; 5 a run cannot be believed";

/// Which results to compare, and how strictly.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompareArgs {
    /// The result to compare with: a file, or a directory with a record for each round
    #[arg(value_name = "A")]
    pub baseline: PathBuf,
    /// The result that is judged: of the same kind as A. Without it the servers in A, the directory
    /// of a benchmark, are compared with each other again
    #[arg(value_name = "B")]
    pub candidate: Option<PathBuf>,
    /// Only scenarios of these names, in which * and ? are wildcards; repeatable
    #[arg(long, value_name = "NAME", conflicts_with = "candidate")]
    pub scenario: Vec<String>,
    /// Only servers of these labels, likewise; up to eight pairs are told in sentences
    #[arg(long, value_name = "LABEL", conflicts_with = "candidate")]
    pub server: Vec<String>,
    /// Compare the servers of a benchmark with this one [default: the benchmark's own]
    #[arg(long = "baseline", value_name = "LABEL", conflicts_with = "candidate")]
    pub against: Option<String>,
    /// Print the comparison as JSON
    #[arg(long)]
    pub json: bool,
    /// Print it as Markdown
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Differences up to this many percent do not matter
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub threshold: f64,
    /// Exit with 4 if a verdict is inconclusive
    #[arg(long)]
    pub strict: bool,
    /// Compare runs even if their records call them invalid
    #[arg(long)]
    pub allow_invalid: bool,
}

impl CompareArgs {
    /// The part of a benchmark that is compared.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection {
            scenarios: self.scenario.clone(),
            servers: self.server.clone(),
        }
    }
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    text.trim_end_matches('%')
        .parse()
        .ok()
        .filter(|percent: &f64| *percent > 0.0 && *percent < 100.0)
        .ok_or_else(|| "give a number above 0 and below 100, such as 5".to_owned())
}
