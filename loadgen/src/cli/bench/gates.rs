//! What servers must keep, or the bench exits with 3.

use clap::Args;

use super::super::run::Gates as OfRun;
use crate::bench::BenchPlan;
use crate::bench::plan::Gates as OfBench;

/// What servers must keep: the limits of a run, each held against all rounds, and the verdicts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gates")]
pub(super) struct ToKeep {
    #[command(flatten)]
    of_run: OfRun,
    /// Exit with 3 if a server is worse than the baseline, by a verdict
    #[arg(long)]
    not_worse: bool,
}

impl ToKeep {
    /// The plan with these before its own.
    pub(super) fn add_to(&self, mut plan: BenchPlan) -> BenchPlan {
        let gates = OfBench {
            limits: self.of_run.gates(),
            not_worse: self.not_worse.then_some(true),
        };
        for scenario in &mut plan.scenarios {
            scenario.gates = gates.or(&scenario.gates);
        }
        plan
    }
}
