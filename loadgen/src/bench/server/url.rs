//! A server that somebody else has started.

use std::net::{SocketAddr, UdpSocket};

use crate::plan::{Target, Url};
use crate::system::listeners::who_listens;

/// A server that runs already. Nothing is done to it but to send it requests, and, where that is
/// permitted, to have the kernel begin anew with the peak of its memory, which is to be the run's.
#[derive(Clone, Debug)]
pub struct UrlServer {
    url: Url,
    process: Seen,
}

/// What can be seen of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The process that all others of it came from.
    Process(u32),
    /// It is on this machine, and nobody is seen to listen: it is another user's, or another
    /// program passes connections on.
    Hidden,
    /// It is on another machine.
    Elsewhere,
}

impl UrlServer {
    /// The server at `url`, and its process, if it is on this machine and may be seen.
    #[must_use]
    pub fn find(url: &Url) -> Self {
        let target = Target::of(url.clone());
        let addresses: Vec<SocketAddr> = target.route.addresses().collect();
        let found = addresses.iter().find_map(|&address| who_listens(address));
        let process = match found {
            Some(pid) => Seen::Process(pid),
            None if addresses.iter().any(|&it| is_of_this_machine(it)) => Seen::Hidden,
            None => Seen::Elsewhere,
        };
        Self {
            url: url.clone(),
            process,
        }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What can be seen of its process.
    #[must_use]
    pub fn process(&self) -> Seen {
        self.process
    }
}

/// Whether the address is one of this machine's: only those can be bound to. Nothing is sent.
fn is_of_this_machine(address: SocketAddr) -> bool {
    UdpSocket::bind((address.ip(), 0)).is_ok()
}
