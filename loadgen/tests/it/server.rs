//! The servers of this project, in the test's own process.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use server_async::Model::Tokio;
use server_common::listener::{Address, Listener};
use server_common::options::Options;
use server_common::stop::{Stop, StopHandle};
use server_sync::Model::{Sequential, ThreadPerConnection};

/// Longer than any test lasts: here the servers' limits are not what is tested.
const NEVER: Duration = Duration::from_secs(60);

/// Room for all connections of a test at once.
const BACKLOG: u32 = 1024;

/// A server, as the benchmark has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The accept loop, which closes after each answer.
    Sync,
    /// A thread per connection, which keeps connections.
    Threads,
    /// tokio, which keeps connections.
    Async,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Sync, Self::Threads, Self::Async];

    pub(crate) fn keeps_connections(self) -> bool {
        self != Self::Sync
    }

    fn run(self, listeners: Vec<Listener>, stop: &Stop) -> anyhow::Result<()> {
        let options = Options {
            connection: wire::connection::Options {
                read_timeout: NEVER,
                idle_timeout: NEVER,
                keep_alive: self.keeps_connections(),
                access_log: false,
            },
            write_timeout: NEVER,
            ..Options::default()
        };
        match self {
            Self::Sync => server_sync::run(listeners, Sequential, options, stop),
            Self::Threads => server_sync::run(listeners, ThreadPerConnection, options, stop),
            Self::Async => server_async::run(listeners, Tokio, options, stop),
        }
    }
}

/// A server on a port of its own, stopped at the end.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<StopHandle>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Listener::bind_tcp(any_port, BACKLOG, |_| Ok(())).expect("a free port");
        let Address::Tcp(address) = *listener.address() else {
            unreachable!("a TCP listener has a TCP address");
        };
        let (handle, stop) = Stop::new().expect("a pipe");
        Self {
            address,
            stop: Some(handle),
            thread: Some(thread::spawn(move || kind.run(vec![listener], &stop))),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            let ended = ended.expect("dropped once").expect("no panic in it");
            ended.expect("the server ends well");
        }
    }
}
