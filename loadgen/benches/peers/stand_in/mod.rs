//! Servers of the benchmark itself, to hold ours against: what is the least that a server can do,
//! and what others make of it. Each sends the page at every path and knows one thread.
//!
//! They run as a child process of the benchmark, so that their cost is taken as everybody's is:
//! `peers --stand-in bare-epoll`.
//!
//! - [`bare`]: readiness, a read and a write for each request, nothing parsed;
//! - [`minimal_hyper`]: hyper on tokio as its examples have it, without our routes and checks;
//! - [`may`]: `may_minihttp`, which serves coroutines with stacks of their own.

mod bare;
mod may;
mod minimal_hyper;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};

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
}

impl StandIn {
    /// On the command line and in tables.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::BareEpoll => "bare-epoll",
            Self::MinimalHyper => "minimal-hyper",
            Self::MayMinihttp => "may-minihttp",
        }
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
    writeln!(stdout, "listening on http://{address} (stand-in)")?;
    stdout.flush()
}
