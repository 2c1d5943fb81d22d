//! What counts as success, and how long it may take.

use std::time::Duration;

use clap::Args;

use super::within;
use crate::plan::{Expect, LengthRule, StatusSet, seconds};

/// Flags about success.
#[derive(Debug, Args)]
#[command(next_help_heading = "What counts as success")]
pub(in crate::cli) struct Success {
    /// Limit for one request, from its start to its answer's end, in seconds or with a unit
    #[arg(short = 's', long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    #[arg(allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Duration,
    /// Limit for opening a connection, TLS included [default: that of the request]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    connect_timeout: Option<Duration>,
    /// Statuses that are a success, such as 200,404 or 2xx [default: 2xx,3xx]
    #[arg(long, value_name = "LIST")]
    expect_status: Option<StatusSet>,
    /// What the answer's body must be, whole [default: anything]
    #[arg(long, value_name = "TEXT")]
    expect_body: Option<String>,
    /// What the body's length must be: any, first (that of the first answer) or a number of bytes
    /// [default: any, in ab's format first]
    #[arg(long, value_name = "RULE")]
    expect_length: Option<LengthRule>,
}

impl Success {
    pub(in crate::cli) fn connect_timeout(&self) -> Duration {
        within(self.timeout, self.connect_timeout)
    }

    /// What counts as a success, `length` being what is asked of answers' lengths unless a flag says it.
    pub(in crate::cli) fn expect(&self, length: LengthRule) -> Expect {
        let statuses = self.expect_status.clone();
        Expect {
            statuses: statuses.unwrap_or_else(StatusSet::not_an_error),
            length: self.expect_length.unwrap_or(length),
            body: self.expect_body.clone().map(String::into_bytes),
        }
    }
}
