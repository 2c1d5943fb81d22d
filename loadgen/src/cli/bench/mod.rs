//! Flags of `loadgen bench`. One file for each heading of `--help`.

mod instead;
mod part;
mod servers;

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::place::Place;
use crate::bench::plan::{self, Source};
use crate::bench::{BenchPlan, Scenario};
use instead::Instead;
use part::Part;
use servers::Servers;

/// How to compare servers.
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
    any: Servers,
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
        let asked = self.any.asked()?;
        servers::check_count(&asked.servers, self.part.is_against_itself())?;
        let plan = match asked.servers.is_empty() {
            true => self.plan.map(Source::from).unwrap_or_default().read(&place),
            false if self.plan.is_some() => return Err(servers::with_plan()),
            false => Ok(BenchPlan::of_servers(
                asked.servers,
                Scenario::default(),
                &place,
            )),
        };
        let plan = plan.and_then(|plan| self.part.of(plan, asked.patterns));
        let plan = plan.map_err(|error| UsageError::line(error.to_string()))?;
        Ok(self.instead.change(plan))
    }
}
