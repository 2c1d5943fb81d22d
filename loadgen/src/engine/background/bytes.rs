//! Sockets of these connections, and the bytes that go over them.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket;

use super::Kind;
use crate::engine::socket::{self, Hop};

/// Bytes that a slow reader takes at a time, and its receive buffer.
pub(super) const SLOW_BYTES: usize = 4096;

/// Longest segment that a slow reader takes: that of an Ethernet, from which slow clients come. By
/// it the kernel decides how much of an answer it takes over from a server: of 1 MiB about 120 KiB,
/// and with loopback's own segments all.
const SLOW_SEGMENT_BYTES: u32 = 1460;

/// A socket that is being connected.
///
/// # Errors
///
/// The system's; [`io::ErrorKind::WouldBlock`] if a UNIX socket's accept queue is full.
pub(super) fn open(hop: &Hop<'_>, kind: Kind) -> io::Result<Socket> {
    let hop = Hop {
        buffer_bytes: match kind {
            Kind::Idle => hop.buffer_bytes,
            Kind::SlowReader => Some(SLOW_BYTES),
        },
        ..*hop
    };
    let (socket, address) = socket::open(&hop)?;
    if kind == Kind::SlowReader && !address.is_unix() {
        socket.set_tcp_mss(SLOW_SEGMENT_BYTES)?;
    }
    socket::connect(&socket, &address)?;
    Ok(socket)
}

/// Writes as much from the front of `bytes` as the kernel takes, and takes it out; how much that
/// was.
pub(super) fn write(socket: &Socket, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match send(socket, &bytes[written..], SendFlags::NOSIGNAL) {
            Ok(count) => written += count,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        }
    }
    bytes.drain(..written);
    Ok(written)
}

/// Reads what there is: nothing yet (`None`), the end (0), or so many bytes.
pub(super) fn read(socket: &Socket, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        return match recv(socket, &mut *buffer, RecvFlags::empty()) {
            Ok((count, _)) => Ok(Some(count)),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
}

/// Whether a connection on which nothing more is expected has ended. What else comes is of no
/// interest: TLS sends tickets after an answer, and a server may say why it closes.
pub(super) fn has_ended(socket: &Socket, buffer: &mut [u8]) -> bool {
    loop {
        match read(socket, buffer) {
            Ok(None) => return false,
            Ok(Some(0)) | Err(_) => return true,
            Ok(Some(_)) => {}
        }
    }
}

/// Closes it by a reset: its port is free at once then, and not in TIME_WAIT for a minute, when the
/// next run needs it.
pub(super) fn close(socket: Socket) {
    // Without it the port is taken for a minute, which is no harm to this run.
    let _ = socket.set_linger(Some(Duration::ZERO));
    drop(socket);
}
