//! How connections get to the server.

use std::io::ErrorKind;
use std::net::{IpAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::super::UsageError;
use crate::plan::{
    ConnectTo, Credentials, Destination, Proxy, Route, Sources, Target, Url, above_zero,
};

/// Flags about connections.
#[derive(Debug, Args)]
#[command(next_help_heading = "How connections are made")]
pub(super) struct Connections {
    /// Connect to this UNIX socket, whatever host the URL names
    #[arg(long, value_name = "PATH", conflicts_with_all = ["proxy", "connect_to", "sources"])]
    unix: Option<PathBuf>,
    /// Connect to TO where connections to HOST:PORT are wanted, and send what would be sent there;
    /// any part may be empty, for any or the same. Repeatable: the next TO is tried when one cannot
    /// be reached
    #[arg(long, value_name = "HOST:PORT:TO:PORT", conflicts_with = "proxy")]
    connect_to: Vec<ConnectTo>,
    /// Ask this proxy, on port 80 unless one is named: for whole URLs, or with https for a way
    /// through (CONNECT)
    #[arg(short = 'X', long, value_name = "HOST[:PORT]")]
    proxy: Option<Proxy>,
    /// Basic authentication for the proxy, as USER:PASSWORD
    #[arg(short = 'P', value_name = "USER:PASSWORD", requires = "proxy")]
    proxy_credentials: Option<Credentials>,
    /// Local addresses that connections come from in turn, such as 127.0.0.2 or
    /// 127.0.0.1-127.0.0.20, with commas between them; repeatable [default: the kernel's choice]
    #[arg(short = 'B', long = "source-addr", value_name = "LIST")]
    sources: Vec<Sources>,
    /// Size of the sockets' send and receive buffers in bytes [default: the kernel's]
    #[arg(short = 'b', value_name = "BYTES", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    buffer_bytes: Option<NonZeroUsize>,
}

impl Connections {
    /// What must not be repeated of these flags: each is the end of a word of the command line.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.proxy_credentials.iter().map(Credentials::as_str)
    }

    /// Where `url` leads, by way of these flags.
    pub(super) fn target(&self, url: &str) -> Result<Target, UsageError> {
        let url = Url::parse(url).map_err(|error| UsageError::line(error.to_string()))?;
        let target = self.server(url)?;
        let sources: Sources = self.sources.iter().flat_map(Sources::iter).collect();
        sources.iter().try_for_each(check_is_ours)?;
        let route = Route {
            destinations: reachable_from(&sources, target.route.destinations)?,
            sources,
            buffer_bytes: self.buffer_bytes.map(NonZeroUsize::get),
            ..target.route
        };
        Ok(Target { route, ..target })
    }

    fn server(&self, url: Url) -> Result<Target, UsageError> {
        if let Some(path) = &self.unix {
            return Ok(Target::by_unix(url, path.clone()));
        }
        if let Some(proxy) = &self.proxy {
            let credentials = self.proxy_credentials.clone();
            let proxy = Proxy {
                credentials,
                ..proxy.clone()
            };
            return Ok(Target::by_proxy(url, proxy));
        }
        if self.connect_to.is_empty() {
            return Ok(Target::of(url));
        }
        let server = url.host_and_port();
        // To load another server than was meant is worse than to load none.
        Target::by_rules(url, self.connect_to.clone()).ok_or_else(|| {
            UsageError::line(format!(
                "no --connect-to is about {server}; write --connect-to {server}:ADDRESS:PORT"
            ))
        })
    }
}

/// Asks the kernel whether connections can come from `address`, by way of a socket that takes no
/// port of theirs.
fn check_is_ours(address: IpAddr) -> Result<(), UsageError> {
    let Err(error) = UdpSocket::bind((address, 0)) else {
        return Ok(());
    };
    let reason = match error.kind() {
        ErrorKind::AddrNotAvailable => "this machine does not have it".to_owned(),
        _ => error.to_string(),
    };
    Err(UsageError::line(format!(
        "--source-addr {address}: {reason}; choose among the addresses of this machine (ip addr)"
    )))
}

/// Those `destinations` to which a connection can be opened from `sources`.
fn reachable_from(
    sources: &Sources,
    destinations: Vec<Destination>,
) -> Result<Vec<Destination>, UsageError> {
    let Some(first) = destinations.first().map(Destination::to_string) else {
        return Ok(destinations);
    };
    let is_reachable = |to: &Destination| sources.is_empty() || !sources.toward(to).is_empty();
    let reachable: Vec<_> = destinations.into_iter().filter(is_reachable).collect();
    match reachable.is_empty() {
        true => Err(UsageError::line(format!(
            "from no --source-addr can {first} be reached; IPv4 and IPv6 do not mix"
        ))),
        false => Ok(reachable),
    }
}
