//! Bound sockets, TCP or UNIX alike.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, acceptfrom_with};
use socket2::{Domain, Socket, Type};

use crate::bind_error::BindError;
use crate::newcomers;
use crate::socket_file::SocketFile;

/// A socket in the listening state.
///
/// It does not block: [`Self::accept`] with nobody there is [`io::ErrorKind::WouldBlock`], and
/// its descriptor is readable when somebody is. TCP connections inherit `TCP_NODELAY` from it
/// (on Linux, as all socket options), which saves a system call for each.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
    service: Service,
    backlog: u32,
    socket_file: Option<SocketFile>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address and the port really bound.
    Tcp(SocketAddr),
    /// A path.
    Unix(PathBuf),
}

/// A connection taken from the accept queue.
#[derive(Debug)]
pub struct Accepted {
    /// Connected; blocking or not as it was accepted.
    pub socket: Socket,
    /// Who it is.
    pub caller: Caller,
}

/// What is spoken on a listener's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Service {
    /// HTTP, and what may follow it.
    #[default]
    Http,
    /// The push stream.
    Push,
}

/// Who has connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The client's address; none over a UNIX socket.
    pub peer: Option<IpAddr>,
    /// What it has come for.
    pub service: Service,
}

impl Listener {
    /// Listens on a TCP address; port 0 lets the kernel pick one, `[::]` takes IPv4 as well.
    ///
    /// `backlog` is the length of the accept queue, which the kernel cuts to
    /// `/proc/sys/net/core/somaxconn`. `prepare` sets further options that connections inherit,
    /// in time for the first of them.
    ///
    /// # Errors
    ///
    /// Whatever bind(2), listen(2) and `prepare` say, with what to do about it.
    pub fn bind_tcp(
        address: SocketAddr,
        backlog: u32,
        prepare: impl FnOnce(&Socket) -> io::Result<()>,
    ) -> Result<Self, BindError> {
        let bind = || -> io::Result<Self> {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            // Without it a restart fails for a minute, until the last connections' TIME_WAIT ends.
            socket.set_reuse_address(true)?;
            if address.is_ipv6() {
                socket.set_only_v6(!address.ip().is_unspecified())?;
            }
            socket.set_tcp_nodelay(true)?;
            prepare(&socket)?;
            socket.bind(&address.into())?;
            listen(&socket, backlog)?;
            let bound = socket.local_addr()?.as_socket().unwrap_or(address);
            Ok(Self {
                socket,
                address: Address::Tcp(bound),
                service: Service::Http,
                backlog,
                socket_file: None,
            })
        };
        bind().map_err(|error| BindError {
            address: Address::Tcp(address),
            error,
        })
    }

    /// Listens on a UNIX socket. A file left over by a server that died is replaced; the file
    /// is removed when the listener goes, unless somebody has put another in its place.
    ///
    /// # Errors
    ///
    /// Whatever bind(2) and listen(2) say: somebody answers there, or the path is a file of
    /// another kind, or too long.
    pub fn bind_unix(path: &Path, backlog: u32) -> Result<Self, BindError> {
        let bind = || -> io::Result<Self> {
            let address = SocketFile::address(path)?;
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            SocketFile::remove_left_over(path)?;
            socket.bind(&address)?;
            let socket_file = SocketFile::new(path);
            listen(&socket, backlog)?;
            Ok(Self {
                socket,
                address: Address::Unix(path.to_owned()),
                service: Service::Http,
                backlog,
                socket_file: Some(socket_file),
            })
        };
        bind().map_err(|error| BindError {
            address: Address::Unix(path.to_owned()),
            error,
        })
    }

    /// The same listener for connections on which something else is spoken.
    #[must_use]
    pub fn for_service(self, service: Service) -> Self {
        Self { service, ..self }
    }

    /// What is spoken on its connections.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// A listener at the same place for another thread.
    ///
    /// Over TCP it has an accept queue of its own, and the kernel chooses between the queues by a
    /// hash of the client's address and port (`SO_REUSEPORT`, socket(7)): many connections are
    /// spread evenly, few may well all come to one. Only now are others let in, and they must be
    /// of the same user and ask for it as well; that another server has the port was found out
    /// when the first listener was bound, without the option. Over UNIX it is the same queue
    /// again, and whoever accepts first has the connection.
    ///
    /// # Errors
    ///
    /// As [`Self::bind_tcp`]; no descriptors.
    pub fn share(&self) -> Result<Self, BindError> {
        let socket = match &self.address {
            Address::Tcp(address) => self.bind_beside(*address),
            Address::Unix(_) => self.socket.try_clone(),
        };
        let address = self.address.clone();
        match socket {
            Ok(socket) => Ok(Self {
                socket,
                address,
                service: self.service,
                backlog: self.backlog,
                socket_file: None,
            }),
            Err(error) => Err(BindError { address, error }),
        }
    }

    fn bind_beside(&self, address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        for socket in [&self.socket, &socket] {
            socket.set_reuse_port(true)?;
        }
        if address.is_ipv6() {
            socket.set_only_v6(self.socket.only_v6()?)?;
        }
        socket.set_tcp_nodelay(true)?;
        socket.set_read_timeout(self.socket.read_timeout()?)?;
        socket.set_write_timeout(self.socket.write_timeout()?)?;
        socket.bind(&address.into())?;
        listen(&socket, self.backlog)?;
        Ok(socket)
    }

    /// Where it listens, with the port that the kernel picked.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The socket, to ask for the options that its connections inherit.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Takes the next connection, whose reads and writes will block.
    ///
    /// # Errors
    ///
    /// Those of accept(2): `WouldBlock` when nobody is there; for the others see
    /// [`crate::accept_backoff`].
    pub fn accept(&self) -> io::Result<Accepted> {
        self.accept_with(SocketFlags::CLOEXEC)
    }

    /// Takes the next connection, whose reads and writes will not block.
    ///
    /// # Errors
    ///
    /// As [`Self::accept`].
    pub fn accept_nonblocking(&self) -> io::Result<Accepted> {
        self.accept_with(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
    }

    fn accept_with(&self, flags: SocketFlags) -> io::Result<Accepted> {
        let (socket, peer) = acceptfrom_with(&self.socket, flags)?;
        Ok(Accepted {
            socket: socket.into(),
            caller: Caller {
                peer: peer.and_then(ip_address),
                service: self.service,
            },
        })
    }

    /// Makes the kernel refuse newcomers, the first step of a stop in which nobody is lost.
    ///
    /// Those already in the accept queue stay there: go on accepting until an error comes
    /// (`WouldBlock`, on some kernels `EINVAL` for a UNIX socket), then drop the listener.
    pub fn refuse_newcomers(&mut self) {
        self.socket_file = None;
        newcomers::refuse(&self.socket, &self.address);
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn listen(socket: &Socket, backlog: u32) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))
}

fn ip_address(address: SocketAddrAny) -> Option<IpAddr> {
    match address.address_family() {
        AddressFamily::INET | AddressFamily::INET6 => SocketAddr::try_from(address)
            .ok()
            .map(|address| address.ip()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
