//! What goes before the plan.

use std::time::Duration;

use clap::Args;

use crate::bench::plan::{ROUNDS_LONGEST, Records};
use crate::bench::{BenchPlan, Timing};
use crate::plan::{duration, seconds};
use crate::statistics::ROUNDS_MIN;

/// What goes before the plan.
#[derive(Debug, Args)]
#[command(next_help_heading = "In place of what the plan says")]
pub(super) struct Instead {
    /// A first look: runs of 200ms after 50ms, too short to be quoted, in as few rounds as can decide
    /// anything (10 of the plan bench, 12 of models)
    #[arg(long)]
    quick: bool,
    /// Rounds, at least 6
    #[arg(long, value_name = "N", value_parser = rounds, allow_negative_numbers = true)]
    rounds: Option<u64>,
    /// Length of each run, in seconds or with a unit
    #[arg(short = 't', long, value_name = "TIME", value_parser = seconds)]
    #[arg(allow_negative_numbers = true)]
    duration: Option<Duration>,
    /// Load before each run
    #[arg(long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true)]
    warmup: Option<Duration>,
    /// How records are kept: files (one for each run) or packed (all in one, without histograms)
    #[arg(long, value_name = "HOW")]
    records: Option<Records>,
}

impl Instead {
    pub(super) fn change(&self, mut plan: BenchPlan) -> BenchPlan {
        if self.quick {
            plan.rounds = plan.rounds_quick();
            plan.timing = Timing {
                timeout: plan.timing.timeout,
                ..Timing::QUICK
            };
        }
        plan.rounds = self.rounds.unwrap_or(plan.rounds);
        plan.records = self.records.unwrap_or(plan.records);
        let timing = &mut plan.timing;
        let quick = self.quick.then_some(Timing::QUICK.measured);
        if let Some(duration) = self.duration.or(quick) {
            timing.measured = duration;
            let of_scenarios = plan.scenarios.iter_mut();
            of_scenarios
                .filter_map(|scenario| scenario.duration.as_mut())
                .for_each(|own| *own = duration);
        }
        timing.warmup = self.warmup.unwrap_or(timing.warmup);
        plan
    }
}

fn rounds(text: &str) -> Result<u64, String> {
    let least = ROUNDS_MIN as u64;
    text.parse()
        .ok()
        .filter(|rounds| (least..=ROUNDS_LONGEST).contains(rounds))
        .ok_or_else(|| format!("give a whole number from {least} to {ROUNDS_LONGEST}"))
}
