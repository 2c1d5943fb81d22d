//! The server under test, as the suite sees it: where it is, how it is spoken to, what it promises.

use crate::connection::Connection;
use crate::expected::Expected;
use anyhow::Result;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How long a connect, a read or a write may take beyond what the server's own
/// timeout explains. Generous, because a loaded machine may run many servers
/// in a debug build; only a wrong server ever costs this long.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The path of a UNIX socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads where a server says that it listens, and whether it speaks TLS there:
    /// `http://127.0.0.1:7080`, `https://127.0.0.1:7080`, `unix:/run/http` or
    /// `unix:/run/http with TLS`.
    #[must_use]
    pub fn from_place(place: &str) -> Option<(Self, bool)> {
        if let Some(path) = place.strip_prefix("unix:") {
            let secured = path.strip_suffix(" with TLS");
            let path = PathBuf::from(secured.unwrap_or(path));
            return Some((Address::Unix(path), secured.is_some()));
        }
        let (scheme, address) = place.split_once("://")?;
        let tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        Some((Address::Tcp(address.parse().ok()?), tls))
    }
}

/// The server under test.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where it listens.
    pub address: Address,
    /// Whether it speaks TLS there. Its certificate is not looked at.
    pub tls: bool,
    /// The `--read-timeout` that it was started with. A few hundred
    /// milliseconds keep the suite quick: half a dozen checks wait for it to
    /// pass.
    pub read_timeout: Duration,
    /// Whether it keeps connections open. False for `sequential`, which closes
    /// after each answer.
    pub keep_alive: bool,
    /// Whether it takes WebSocket clients. False for `sequential`, which one of
    /// them would own.
    pub websocket: bool,
}

impl Subject {
    /// How long the suite waits for a byte before it calls the server silent.
    pub(crate) fn patience(&self) -> Duration {
        self.read_timeout + PATIENCE
    }

    /// A client that does nothing wrong is answered, and its connection closed. Each step may take
    /// `patience`.
    pub(crate) fn serves_a_client(&self, patience: Duration) -> Result<Connection> {
        let mut connection = Connection::open_patiently(self, patience)?;
        connection.send("GET / HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n")?;
        connection.expect(&Expected::hello(connection.local_ip()?).closing())?;
        Ok(connection)
    }

    /// The same address without TLS, for clients that speak something else.
    pub(crate) fn in_the_clear(&self) -> Self {
        Subject {
            tls: false,
            ..self.clone()
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Tcp(address)
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Address::Unix(path)
    }
}

/// As a message names it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}
