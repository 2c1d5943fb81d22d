//! Flags of `loadgen bench`. One file for each heading of `--help`.

mod instead;
mod part;

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::place::Place;
use crate::bench::BenchPlan;
use crate::bench::plan::{self, Source};
use instead::Instead;
use part::Part;

/// How to compare the servers of this project.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure: bench, models, or the path of a TOML file [default: bench]
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Print the plan and how long it takes, and measure nothing
    #[arg(long)]
    list: bool,
    /// Directory for the results [default: results/DATE-COMMIT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Directory of the servers' programs [default: where loadgen is]
    #[arg(long, value_name = "DIR")]
    servers: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    instead: Instead,
}

impl BenchArgs {
    /// Whether the plan is to be printed, not carried out.
    #[must_use]
    pub fn lists(&self) -> bool {
        self.list
    }

    /// What to do, in types.
    ///
    /// # Errors
    ///
    /// One line that names what is missing, or what in the plan makes no sense.
    pub fn into_plan(self) -> Result<BenchPlan, UsageError> {
        let Place {
            programs,
            cores,
            out,
        } = Place::of(self.servers, self.out, "")?;
        let place = plan::Place {
            programs: &programs,
            cores,
            out: &out,
        };
        let source = self.plan.map(Source::from).unwrap_or_default();
        let plan = source.read(&place).and_then(|plan| self.part.of(plan));
        let plan = plan.map_err(|error| UsageError::line(error.to_string()))?;
        Ok(self.instead.change(plan))
    }
}
