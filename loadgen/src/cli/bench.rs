//! Flags of `loadgen bench`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::UsageError;
use crate::bench::{BenchPlan, Timing, directory};
use crate::plan::{duration, seconds};
use crate::statistics::ROUNDS_MIN;

/// Rounds unless told otherwise.
const ROUNDS_DEFAULT: u64 = 20;

/// Most rounds: two hours of the built-in benchmark, and more than decides anything.
const ROUNDS_LONGEST: u64 = 500;

/// How to compare the servers of this project.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Rounds, at least 6 [default: 20, with --quick 6]
    #[arg(long, value_name = "N", value_parser = rounds, allow_negative_numbers = true)]
    rounds: Option<u64>,
    /// A first look: short runs, too short to be quoted
    #[arg(long)]
    quick: bool,
    /// Measure server-async against itself: what then differs is the machine's noise
    #[arg(long)]
    a_a: bool,
    /// Length of each run [default: 500ms, with --quick 200ms]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    duration: Option<Duration>,
    /// Load before each run [default: 125ms, with --quick 50ms]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    warmup: Option<Duration>,
    /// Directory for the results [default: results/DATE-COMMIT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Directory of the servers' programs [default: where loadgen is]
    #[arg(long, value_name = "DIR")]
    servers: Option<PathBuf>,
}

impl BenchArgs {
    /// What to do, in types.
    ///
    /// # Errors
    ///
    /// One line that names what is missing.
    pub fn into_plan(self) -> Result<BenchPlan, UsageError> {
        let (by_default, rounds) = match self.quick {
            true => (Timing::QUICK, ROUNDS_MIN as u64),
            false => (Timing::FULL, ROUNDS_DEFAULT),
        };
        let timing = Timing {
            warmup: self.warmup.unwrap_or(by_default.warmup),
            measured: self.duration.unwrap_or(by_default.measured),
            ..by_default
        };
        let programs = match self.servers {
            Some(directory) => directory,
            None => own_directory()?,
        };
        let out = self
            .out
            .unwrap_or_else(|| Path::new("results").join(directory::default_name()));
        let plan = BenchPlan::built_in(&programs, self.rounds.unwrap_or(rounds), timing, out)
            .map_err(|error| {
                UsageError::line(format!("cannot read this process's cores: {error}"))
            })?;
        Ok(match self.a_a {
            true => plan.against_itself(),
            false => plan,
        })
    }
}

fn rounds(text: &str) -> Result<u64, String> {
    let least = ROUNDS_MIN as u64;
    text.parse()
        .ok()
        .filter(|rounds| (least..=ROUNDS_LONGEST).contains(rounds))
        .ok_or_else(|| format!("give a whole number from {least} to {ROUNDS_LONGEST}"))
}

fn own_directory() -> Result<PathBuf, UsageError> {
    let program = std::env::current_exe().ok();
    let directory = program.as_deref().and_then(Path::parent);
    directory.map(Path::to_owned).ok_or_else(|| {
        UsageError::line("cannot tell where loadgen is; name the servers' directory with --servers")
    })
}
