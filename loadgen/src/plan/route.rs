//! How connections get to the server.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::connect_to::ConnectTo;
use super::proxy::Proxy;
use super::sources::Sources;

/// The way of a connection, from this machine to where it is opened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where connections are opened to: the next is tried when one cannot be reached. None if the
    /// name did not resolve.
    pub destinations: Vec<Destination>,
    /// Where they come from.
    pub sources: Sources,
    /// What the destinations are, if not the server.
    pub proxy: Option<Proxy>,
    /// The rules by which the destinations are other than the URL's, if they are.
    pub connect_to: Vec<ConnectTo>,
    /// Size of the sockets' buffers in bytes, if not the kernel's.
    pub buffer_bytes: Option<usize>,
}

/// Where a connection is opened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Route {
    /// To these addresses, from wherever the kernel chooses.
    #[must_use]
    pub fn to(addresses: Vec<SocketAddr>) -> Self {
        Self {
            destinations: addresses.into_iter().map(Destination::Tcp).collect(),
            sources: Sources::default(),
            proxy: None,
            connect_to: Vec::new(),
            buffer_bytes: None,
        }
    }

    /// To a socket in the file system.
    #[must_use]
    pub fn to_unix(path: PathBuf) -> Self {
        Self {
            destinations: vec![Destination::Unix(path)],
            ..Self::to(Vec::new())
        }
    }

    /// The addresses that connections are opened to.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.destinations.iter().filter_map(|to| match to {
            Destination::Tcp(address) => Some(*address),
            Destination::Unix(_) => None,
        })
    }

    /// Pairs of a local address and one that connections are opened to, each of which has all local
    /// ports to itself.
    #[must_use]
    pub fn address_pairs(&self) -> usize {
        let of_tcp = |to: &&Destination| matches!(to, Destination::Tcp(_));
        let destinations = self.destinations.iter().filter(of_tcp);
        destinations
            .map(|to| self.sources.toward(to).len().max(1))
            .sum()
    }

    /// The socket in the file system that they are opened to, if it is that.
    #[must_use]
    pub fn unix_path(&self) -> Option<&Path> {
        self.destinations.iter().find_map(|to| match to {
            Destination::Unix(path) => Some(path.as_path()),
            Destination::Tcp(_) => None,
        })
    }
}

impl Destination {
    /// Whether it is this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => path.display().fmt(formatter),
        }
    }
}
