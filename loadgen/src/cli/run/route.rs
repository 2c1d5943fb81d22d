//! How connections get to the server.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::super::UsageError;
use crate::plan::{Route, Target, Url, above_zero};

/// Flags about connections.
#[derive(Debug, Args)]
#[command(next_help_heading = "How connections are made")]
pub(super) struct Connections {
    /// Connect to this UNIX socket, whatever host the URL names
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// Local address that connections come from; repeatable, each then takes its turn
    #[arg(short = 'B', long = "source-addr", value_name = "ADDRESS", value_parser = ip_address)]
    sources: Vec<IpAddr>,
    /// Size of the sockets' send and receive buffers in bytes [default: the kernel's]
    #[arg(short = 'b', value_name = "BYTES", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    buffer_bytes: Option<NonZeroUsize>,
}

impl Connections {
    /// Where `url` leads, by way of these flags.
    pub(super) fn target(&self, url: &str) -> Result<Target, UsageError> {
        let url = Url::parse(url).map_err(|error| UsageError::line(error.to_string()))?;
        let target = match &self.unix {
            Some(path) => Target::by_unix(url, path.clone()),
            None => Target::of(url),
        };
        let route = Route {
            sources: self.sources.clone(),
            buffer_bytes: self.buffer_bytes.map(NonZeroUsize::get),
            ..target.route
        };
        Ok(Target { route, ..target })
    }
}

fn ip_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "give an IP address of this machine, such as 127.0.0.2".to_owned())
}
