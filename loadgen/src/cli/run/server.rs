//! The server's process, whose costs are measured.

use std::num::NonZeroU32;
use std::path::Path;

use clap::Args;

use super::super::UsageError;
use crate::plan::{ServerProcess, above_zero};

/// Flags about the server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measuring the server")]
pub(in crate::cli) struct Server {
    /// Measure what the load costs this process on this machine, in CPU time and memory
    #[arg(long, value_name = "PID", value_parser = above_zero::<NonZeroU32>)]
    #[arg(allow_negative_numbers = true)]
    server_pid: Option<NonZeroU32>,
}

impl Server {
    /// Its flag, if it was given.
    pub(super) fn flag(&self) -> Option<&'static str> {
        self.server_pid.map(|_| "--server-pid")
    }

    pub(in crate::cli) fn process(&self) -> Result<Option<ServerProcess>, UsageError> {
        let Some(pid) = self.server_pid.map(NonZeroU32::get) else {
            return Ok(None);
        };
        if !Path::new(&format!("/proc/{pid}")).exists() {
            return Err(UsageError::line(format!(
                "--server-pid {pid}: there is no such process; give the id of the server's"
            )));
        }
        Ok(Some(ServerProcess {
            pid,
            is_family: false,
            label: "server".to_owned(),
            model: None,
            cores: None,
        }))
    }
}
