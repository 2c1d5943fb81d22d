//! What goes before the plan.

use std::time::Duration;

use clap::Args;

use super::super::UsageError;
use super::super::place::usable_cores;
use crate::bench::plan::{Names, Records, allowed_rounds, split_cores};
use crate::bench::{BenchPlan, Timing};
use crate::plan::{duration, seconds};
use crate::system::affinity::CpuSet;

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
    /// The server that the others are measured against [default: the plan's, or the first]
    #[arg(long, value_name = "LABEL", conflicts_with = "a_a")]
    baseline: Option<String>,
    /// Keep the load on these cores, such as 0,2-3 [default: half of those that may be used, or all
    /// but the servers']
    #[arg(long, value_name = "CORES")]
    cpu_list: Option<CpuSet>,
    /// Keep servers that are started here on these [default: the others]
    #[arg(long, value_name = "CORES")]
    server_cpu_list: Option<CpuSet>,
}

impl Instead {
    /// The plan with what these flags say in place of it.
    ///
    /// # Errors
    ///
    /// One line: there is no such server or core.
    pub(super) fn change(self, mut plan: BenchPlan) -> Result<BenchPlan, UsageError> {
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
            for scenario in &mut plan.scenarios {
                // Who asks for so many requests, and for so long, gets what comes first.
                let is_capped = scenario.requests.is_some() && self.duration.is_some();
                if is_capped || scenario.duration.is_some() {
                    scenario.duration = Some(duration);
                }
            }
        }
        timing.warmup = self.warmup.unwrap_or(timing.warmup);
        if self.cpu_list.is_some() || self.server_cpu_list.is_some() {
            let usable = usable_cores()?.split();
            let names = Names {
                load: "--cpu-list",
                server: "--server-cpu-list",
            };
            let split = split_cores(self.cpu_list, self.server_cpu_list, &usable, names);
            plan.cores = split.map_err(UsageError::line)?;
        }
        match self.baseline {
            None => Ok(plan),
            Some(baseline) => {
                let plan = plan.against(baseline);
                plan.map_err(|error| UsageError::line(error.to_string()))
            }
        }
    }
}

fn rounds(text: &str) -> Result<u64, String> {
    allowed_rounds(text.parse().ok())
}
