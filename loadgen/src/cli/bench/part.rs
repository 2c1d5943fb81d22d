//! A part of the plan.

use clap::Args;

use crate::bench::BenchPlan;
use crate::bench::plan::PlanError;
use crate::compare::Selection;

/// A part of the plan.
#[derive(Debug, Args)]
#[command(next_help_heading = "A part of the plan")]
pub(super) struct Part {
    /// Only scenarios of this name, in which * and ? stand for others; repeatable
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Only servers of this label; likewise
    #[arg(long, value_name = "LABEL")]
    server: Vec<String>,
    /// Measure one server against itself: what then differs is the machine's noise
    #[arg(long)]
    a_a: bool,
}

impl Part {
    pub(super) fn of(self, plan: BenchPlan) -> Result<BenchPlan, PlanError> {
        let plan = plan.only(&Selection {
            scenarios: self.scenario,
            servers: self.server,
        })?;
        match self.a_a {
            true => plan.against_itself(),
            false => Ok(plan),
        }
    }
}
