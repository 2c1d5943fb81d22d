//! Who makes and reads HTTP.

use crate::plan::{Driver, Engine};

/// Flags about the engine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How")]
pub(super) struct How {}

impl How {
    pub(super) fn engine(&self) -> Engine {
        Engine::Fast(Driver::Epoll)
    }
}
