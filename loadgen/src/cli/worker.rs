//! Flags of `loadgen worker`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Args;

use super::UsageError;
use super::place::{check_cores, usable_cores};
use crate::locust::{Address, Capacity, Worker};
use crate::plan::{CONNECTIONS_MAX, above_zero, seconds};
use crate::system::affinity::CpuSet;

const AFTER_HELP: &str = "\
What to load comes from the master: --host, and the options that deploy/locust/locustfile.py
declares, from its command line or its web form. A user of Locust's is a connection here.

The protocol has neither authentication nor encryption, and a master may name any file here as the
body of requests: keep it on loopback or a private network.

Exit codes: 0 the master told it to quit; 1 there is no master, or what listens there is none; 2 the
command line is wrong; 130 a signal ended it, after its last report";

/// Whose orders to take.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct WorkerArgs {
    /// The Locust master: where it takes workers; without a port, Locust's own, 5557
    #[arg(long, value_name = "HOST[:PORT]")]
    pub master: Address,
    /// How long to look for a master, at first and whenever it is lost, as Locust's workers do
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = seconds)]
    #[arg(allow_negative_numbers = true)]
    wait: Duration,
    /// Limit for one attempt to connect to it
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = seconds)]
    #[arg(allow_negative_numbers = true)]
    connect_timeout: Duration,
    /// Users that this worker makes at most, up to 20000; others are not made
    #[arg(long, value_name = "N", default_value = "20000", value_parser = above_zero::<NonZeroU64>)]
    #[arg(allow_negative_numbers = true)]
    max_users: NonZeroU64,
    /// Threads that make the load [default: one for each core]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    /// Keep them on these cores, such as 0,2-3 [default: all that may be used]
    #[arg(long, value_name = "CORES")]
    cpu_list: Option<CpuSet>,
    /// Write every request as a row of CSV, each test's to a file of its own in this directory
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
    /// Say on stderr only what is wrong
    #[arg(short, long)]
    quiet: bool,
}

impl WorkerArgs {
    /// Whose worker to be, and how.
    ///
    /// # Errors
    ///
    /// One line that names the flag and the next step.
    pub fn worker(&self, argv: Vec<String>) -> Result<Worker, UsageError> {
        if let Some(cores) = &self.cpu_list {
            check_cores("--cpu-list", cores, &usable_cores()?)?;
        }
        let users_max = self.max_users.get();
        if users_max > CONNECTIONS_MAX as u64 {
            return Err(UsageError::line(format!(
                "--max-users {users_max} is over {CONNECTIONS_MAX}; give fewer, and start more workers"
            )));
        }
        let cores = || match &self.cpu_list {
            Some(cores) => cores.count(),
            None => available_parallelism().map_or(1, NonZeroUsize::get),
        };
        Ok(Worker {
            master: self.master.clone(),
            wait: self.wait,
            connect_timeout: self.connect_timeout,
            capacity: Capacity {
                users_max,
                threads: self.threads.map_or_else(cores, NonZeroUsize::get),
                cores: self.cpu_list.clone(),
            },
            quiet: self.quiet,
            samples: self.samples.clone(),
            argv,
        })
    }
}
