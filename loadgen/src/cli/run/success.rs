//! What counts as success, and how long it may take.

use std::time::Duration;

use clap::Args;

use super::within;
use crate::plan::{Expect, LengthRule, StatusSet, seconds};

/// Flags about success.
#[derive(Debug, Args)]
#[command(next_help_heading = "What counts as success")]
pub(super) struct Success {
    /// Limit for one request, from its start to its answer's end, in seconds or with a unit
    #[arg(short = 's', long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    #[arg(allow_negative_numbers = true)]
    pub(super) timeout: Duration,
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
    /// ab's format: answers may differ in length
    #[arg(short = 'l')]
    pub(super) any_length: bool,
    /// ab's flag to go on after a reset, which loadgen always does
    #[arg(short = 'r')]
    go_on: bool,
}

impl Success {
    pub(super) fn connect_timeout(&self) -> Duration {
        within(self.timeout, self.connect_timeout)
    }

    pub(super) fn expect(&self, as_ab: bool) -> Expect {
        let by_default = match as_ab && !self.any_length {
            true => LengthRule::First,
            false => LengthRule::Any,
        };
        Expect {
            statuses: self
                .expect_status
                .clone()
                .unwrap_or_else(StatusSet::not_an_error),
            length: self.expect_length.unwrap_or(by_default),
            body: self.expect_body.clone().map(String::into_bytes),
        }
    }
}
