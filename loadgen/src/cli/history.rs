//! Flags of `loadgen history`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;

use super::compare::percent;
use super::selected::Selected;
use crate::compare::Metric;
use crate::history::Options;

const AFTER_HELP: &str = "\
Runs on another machine, kernel or set of cores, or under another load, are not compared with each
other. Directories that are no benchmark are passed over, and stderr says so.

Exit codes: 0 done; 1 could not read or print; 2 the command line is wrong";

/// What to follow.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct HistoryArgs {
    /// The directory that benchmarks made their directories in
    #[arg(value_name = "DIR", default_value = "results")]
    pub directory: PathBuf,
    /// The metric, by its name in comparison.json
    #[arg(
        long,
        value_name = "METRIC",
        default_value = "rate_per_second",
        value_parser = metric()
    )]
    pub metric: Metric,
    #[command(flatten)]
    selected: Selected,
    /// Plain values instead of ratios to the baseline server of the same round: a change of the
    /// machine then looks like one of the server
    #[arg(long)]
    pub absolute: bool,
    /// Changes up to this many percent do not matter
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub threshold: f64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl HistoryArgs {
    /// What to follow, and what matters.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            metric: self.metric,
            selection: self.selected.selection(),
            absolute: self.absolute,
            threshold: self.threshold / 100.0,
        }
    }
}

/// Takes the names of metrics that documents have.
fn metric() -> impl TypedValueParser<Value = Metric> {
    PossibleValuesParser::new(Metric::ALL.map(Metric::name))
        .try_map(|name| Metric::of_name(&name).ok_or("no metric"))
}
