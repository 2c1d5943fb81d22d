//! Flags of `loadgen bench-push`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::UsageError;
use super::place::Place;
use crate::plan::seconds;
use crate::push::bench::plan::Plan;
use crate::system::memory::available_bytes;

/// Most memory that a client's queues take, and no more than half of what is free: in ten seconds a
/// server pushes more than most machines have.
const QUEUE_MEMORY_BYTES: u64 = 4 << 30;

/// How to compare clients of servers that push.
#[derive(Debug, Args)]
pub struct BenchPushArgs {
    /// Directory for the results [default: results/DATE-COMMIT-push]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Directory of the servers' programs [default: where loadgen is]
    #[arg(long, value_name = "DIR")]
    servers: Option<PathBuf>,
    /// Length of each of the 21 runs
    #[arg(long, value_name = "TIME", default_value = "7s", value_parser = seconds)]
    duration: Duration,
}

impl BenchPushArgs {
    /// What to do, in types.
    ///
    /// # Errors
    ///
    /// One line that names what is missing.
    pub fn into_plan(self) -> Result<Plan, UsageError> {
        let Place {
            programs,
            cores,
            out,
        } = Place::of(self.servers, self.out, "-push")?;
        let loadgen = std::env::current_exe()
            .map_err(|error| UsageError::line(format!("cannot tell where loadgen is: {error}")))?;
        let free = available_bytes().unwrap_or(QUEUE_MEMORY_BYTES);
        Ok(Plan {
            servers: Plan::servers(&programs),
            loadgen,
            duration: self.duration,
            cores,
            queue_memory_bytes: QUEUE_MEMORY_BYTES.min(free / 2),
            out,
        })
    }
}
