//! Connections beside the load.

use clap::Args;

use super::super::UsageError;
use crate::plan::{BACKGROUND_MAX, Background, path};

/// Flags about what is open besides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Beside the load")]
pub(in crate::cli) struct Beside {
    /// Hold this many connections open that take one answer each and then keep silent
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    #[arg(allow_negative_numbers = true)]
    idle_connections: usize,
    /// Hold this many connections open that ask for answers and take them slowly: at most 4 KiB every
    /// 100 ms
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    #[arg(allow_negative_numbers = true)]
    slow_readers: usize,
    /// What slow readers ask for, such as /bytes/1048576 [default: what the load asks for]
    #[arg(long, value_name = "PATH", value_parser = path)]
    slow_path: Option<String>,
}

impl Beside {
    /// Of all `processes` together.
    pub(in crate::cli) fn background(&self, processes: u64) -> Result<Background, UsageError> {
        if self.slow_path.is_some() && self.slow_readers == 0 {
            return Err(UsageError::line(
                "--slow-path is what slow readers ask for; add --slow-readers N or drop it",
            ));
        }
        let each = [
            ("--idle-connections", self.idle_connections),
            ("--slow-readers", self.slow_readers),
        ];
        let each_process = match processes {
            1 => String::new(),
            shards => format!(" for each of {shards} shards"),
        };
        for (flag, count) in each {
            if count as u64 > BACKGROUND_MAX as u64 * processes {
                return Err(UsageError::line(format!(
                    "{flag} {count} is over {BACKGROUND_MAX}{each_process}; choose a smaller one"
                )));
            }
        }
        Ok(Background {
            idle: self.idle_connections,
            slow_readers: self.slow_readers,
            slow_path: self.slow_path.clone(),
        })
    }
}
