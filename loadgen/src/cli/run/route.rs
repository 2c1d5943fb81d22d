//! How connections get to the server.

use std::net::IpAddr;
use std::num::NonZeroUsize;

use clap::Args;

use crate::plan::{Route, above_zero};

/// Flags about connections.
#[derive(Debug, Args)]
#[command(next_help_heading = "How connections are made")]
pub(super) struct Connections {
    /// Local address that connections come from; repeatable, each then takes its turn
    #[arg(short = 'B', long = "source-addr", value_name = "ADDRESS", value_parser = ip_address)]
    sources: Vec<IpAddr>,
    /// Size of the sockets' send and receive buffers in bytes [default: the kernel's]
    #[arg(short = 'b', value_name = "BYTES", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    buffer_bytes: Option<NonZeroUsize>,
}

impl Connections {
    /// `route` as these flags want it.
    pub(super) fn route(&self, route: Route) -> Route {
        Route {
            sources: self.sources.clone(),
            buffer_bytes: self.buffer_bytes.map(NonZeroUsize::get),
            ..route
        }
    }
}

fn ip_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "give an IP address of this machine, such as 127.0.0.2".to_owned())
}
