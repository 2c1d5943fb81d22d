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
    /// Measure one server against itself: what then differs is the machine's noise
    #[arg(long)]
    a_a: bool,
}

impl Part {
    pub(super) fn is_against_itself(&self) -> bool {
        self.a_a
    }

    /// `servers` are the patterns of labels.
    pub(super) fn of(self, plan: BenchPlan, servers: Vec<String>) -> Result<BenchPlan, PlanError> {
        let plan = plan.only(&Selection {
            scenarios: self.scenario,
            servers,
        })?;
        match self.a_a {
            true => plan.against_itself(),
            false => Ok(plan),
        }
    }
}
