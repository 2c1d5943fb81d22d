//! Servers of the benchmark itself, to hold ours against: what is the least that a server can do,
//! and what others make of it. Those that speak HTTP send the page at every path and know one
//! thread.
//!
//! They run as a child process of the benchmark, so that their cost is taken as everybody's is:
//! `peers --stand-in bare-epoll`.
//!
//! - [`bare`]: readiness, a read and a write for each request, nothing parsed;
//! - [`minimal_hyper`]: hyper on tokio as its examples have it, without our routes and checks;
//! - [`may`]: `may_minihttp`, which serves coroutines with stacks of their own;
//! - [`relay`]: bytes passed on between two clients, by readiness or by threads;
//! - [`push`]: a message for each write, as fast as the client takes them.

mod bare;
mod may;
mod minimal_hyper;
mod push;
mod relay;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::RawFd;

use clap::{Parser, ValueEnum};
use socket2::{Domain, Socket, Type};

/// The flag by which the benchmark's program becomes a server.
pub(crate) const FLAG: &str = "--stand-in";

/// Connections that may wait to be accepted, as our servers have it.
const BACKLOG: i32 = 4096;

/// A server of the benchmark itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StandIn {
    BareEpoll,
    MinimalHyper,
    MayMinihttp,
    BareRelay,
    BareRelayThreads,
    BarePush,
}

impl StandIn {
    /// On the command line and in tables.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::BareEpoll => "bare-epoll",
            Self::MinimalHyper => "minimal-hyper",
            Self::MayMinihttp => "may-minihttp",
            Self::BareRelay => "bare-relay",
            Self::BareRelayThreads => "bare-relay-threads",
            Self::BarePush => "bare-push",
        }
    }

    pub(crate) fn speaks_http(self) -> bool {
        matches!(
            self,
            Self::BareEpoll | Self::MinimalHyper | Self::MayMinihttp
        )
    }
}

#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long)]
    stand_in: StandIn,
}

/// Runs the server that the command line names, until it is killed.
pub(crate) fn main() -> anyhow::Result<()> {
    match Arguments::parse().stand_in {
        StandIn::BareEpoll => bare::serve(&listen()?),
        StandIn::MinimalHyper => minimal_hyper::serve(listen()?),
        StandIn::MayMinihttp => may::serve(),
        StandIn::BareRelay => relay::by_readiness(&listen()?),
        StandIn::BareRelayThreads => relay::by_threads(&listen()?),
        StandIn::BarePush => push::serve(&listen()?),
    }
}

/// Listens on a port that the kernel picks, and says so as our servers do.
fn listen() -> anyhow::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Connections inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&any_port().into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from(socket);
    announce(listener.local_addr()?)?;
    Ok(listener)
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on tcp://{address} (stand-in)")?;
    stdout.flush()
}

/// Descriptors are small numbers, and unique as long as they are open.
fn slot(descriptor: RawFd) -> anyhow::Result<usize> {
    Ok(usize::try_from(descriptor)?)
}
