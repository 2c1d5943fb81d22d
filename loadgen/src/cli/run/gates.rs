//! Limits that the run must keep, or it exits with 3.

use std::time::Duration;

use clap::Args;

use crate::plan::{Gate, Rate, seconds, share};

/// Flags about limits.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gates")]
pub(in crate::cli) struct Gates {
    /// Exit with 3 if more than this share of the requests fail, such as 1% or 0.01
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    max_error_rate: Option<f64>,
    /// Exit with 3 if the 99th percentile is above this, such as 50ms; in an open loop it is that
    /// of the times since the intended starts; or if over 1% have no answer at the end and have
    /// waited for longer
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    max_p99: Option<Duration>,
    /// Exit with 3 if fewer requests than this succeed per second; 30/m is per minute
    #[arg(long, value_name = "N", value_parser = Rate::per_second, allow_negative_numbers = true)]
    min_rate: Option<f64>,
}

impl Gates {
    /// The first that was given.
    pub(in crate::cli) fn flag(&self) -> Option<&'static str> {
        [
            ("--max-error-rate", self.max_error_rate.is_some()),
            ("--max-p99", self.max_p99.is_some()),
            ("--min-rate", self.min_rate.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    pub(in crate::cli) fn gates(&self) -> Vec<Gate> {
        let gates = [
            self.max_error_rate.map(Gate::MaxErrorRate),
            self.max_p99.map(Gate::MaxP99),
            self.min_rate.map(Gate::MinRate),
        ];
        gates.into_iter().flatten().collect()
    }
}
