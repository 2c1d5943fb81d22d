//! A socket that is about to be connected, set up for load.

// For one socket option that no safe wrapper has.
#![allow(unsafe_code)]

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::plan::Destination;

/// How long an address is tried before the name's next one is: RFC 8305 §5 recommends it.
pub(super) const ATTEMPT_LONGEST: Duration = Duration::from_millis(250);

/// How long the server is given to close a connection after its answer.
pub(super) const CLOSING_LONGEST: Duration = Duration::from_millis(100);

/// Where a connection goes, and where from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop<'a> {
    pub(super) destination: &'a Destination,
    /// The kernel chooses if there is none.
    pub(super) source: Option<IpAddr>,
    /// Size of the socket's buffers, if not the kernel's.
    pub(super) buffer_bytes: Option<usize>,
}

/// A socket that does not block, for a connection along `hop`, and the address to connect it to.
pub(super) fn open(hop: &Hop<'_>) -> io::Result<(Socket, SockAddr)> {
    let address = match hop.destination {
        Destination::Tcp(address) => SockAddr::from(*address),
        Destination::Unix(path) => SockAddr::unix(path)?,
    };
    let socket = Socket::new(
        Domain::from(i32::from(address.family())),
        Type::STREAM.nonblocking(),
        None,
    )?;
    if let Some(bytes) = hop.buffer_bytes {
        socket.set_send_buffer_size(bytes)?;
        socket.set_recv_buffer_size(bytes)?;
    }
    if !address.is_unix() {
        // A request is one write and waits for nothing; one that is large should not either.
        socket.set_tcp_nodelay(true)?;
    }
    if let Some(source) = hop.source {
        choose_port_on_connect(&socket)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    Ok((socket, address))
}

/// Begins to connect a socket that does not block.
pub(super) fn connect(socket: &Socket, address: &SockAddr) -> io::Result<()> {
    match socket.connect(address) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(()),
        result => result,
    }
}

/// Has the local port chosen when the destination is known, so that each destination has all ports
/// to itself: `IP_BIND_ADDRESS_NO_PORT` of ip(7).
fn choose_port_on_connect(socket: &Socket) -> io::Result<()> {
    let yes: libc::c_int = 1;
    let yes_bytes = size_of_val(&yes) as libc::socklen_t;
    // SAFETY: the pointer and the length are those of an int that lives through the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const yes).cast(),
            yes_bytes,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
