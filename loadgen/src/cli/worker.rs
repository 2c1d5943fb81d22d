//! Flags of `loadgen worker`.

use clap::Args;

/// Whose orders to take.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// The Locust master; without a port, Locust's own, 5557
    #[arg(long, value_name = "HOST:PORT")]
    pub master: String,
}
