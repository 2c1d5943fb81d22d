//! Flags of `loadgen bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::UsageError;
use super::place::Place;
use crate::bench::plan::{self, PlanError, ROUNDS_LONGEST, Records, Source};
use crate::bench::{BenchPlan, Timing};
use crate::compare::Selection;
use crate::plan::{duration, seconds};
use crate::statistics::ROUNDS_MIN;

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

/// A part of the plan.
#[derive(Debug, Args)]
#[command(next_help_heading = "A part of the plan")]
struct Part {
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

/// What goes before the plan.
#[derive(Debug, Args)]
#[command(next_help_heading = "In place of what the plan says")]
struct Instead {
    /// A first look: runs of 200ms after 50ms, too short to be quoted, in as few rounds as can decide
    /// anything (10 of the plan bench, 12 of models)
    #[arg(long)]
    quick: bool,
    /// Rounds, at least 6
    #[arg(long, value_name = "N", value_parser = rounds, allow_negative_numbers = true)]
    rounds: Option<u64>,
    /// Length of each run
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    duration: Option<Duration>,
    /// Load before each run
    #[arg(long, value_name = "TIME", value_parser = duration)]
    warmup: Option<Duration>,
    /// How records are kept: files (one for each run) or packed (all in one, without histograms)
    #[arg(long, value_name = "HOW")]
    records: Option<Records>,
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

impl Part {
    fn of(self, plan: BenchPlan) -> Result<BenchPlan, PlanError> {
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

impl Instead {
    fn change(&self, mut plan: BenchPlan) -> BenchPlan {
        if self.quick {
            plan.rounds = plan.rounds_quick();
            plan.timing = Timing::QUICK;
        }
        plan.rounds = self.rounds.unwrap_or(plan.rounds);
        plan.records = self.records.unwrap_or(plan.records);
        let timing = &mut plan.timing;
        timing.measured = self.duration.unwrap_or(timing.measured);
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
