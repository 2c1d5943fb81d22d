//! How the kernel is told to let nobody else in, without turning away those it let in already.
//!
//! Closing a listening TCP socket resets every connection in its accept queue: clients for whom
//! `connect` succeeded and whose request is perhaps already there. So newcomers are kept out
//! first, and the queue is served before the socket is closed.

use std::net::Shutdown;

use socket2::Socket;

use crate::listener::Address;

/// Keeps newcomers out of a listening socket.
///
/// Where that cannot be done (no filter, another system), the race between the last accept and
/// the close remains, as in most servers; hence no error.
pub(crate) fn refuse(socket: &Socket, address: &Address) {
    match address {
        Address::Tcp(_) => drop_syns(socket),
        // unix(7) sockets do it by themselves: connect is refused, the queue stays.
        Address::Unix(_) => drop(socket.shutdown(Shutdown::Read)),
    }
}

/// Drops the segments that begin a connection. A client sends its SYN again after a second, and
/// is then refused, for the socket is closed by then.
///
/// All other segments pass, or a handshake that is half done could not end, and a connection it
/// made would inherit a filter that lets nothing in.
#[cfg(target_os = "linux")]
fn drop_syns(socket: &Socket) {
    use socket2::SockFilter;

    // Classic BPF, linux/filter.h; a TCP socket's filter sees the segment from its header on.
    const LOAD_BYTE: u16 = 0x30; // BPF_LD | BPF_B | BPF_ABS
    const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
    const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    const PASS_WHOLE: u32 = u32::MAX;
    const DROP: u32 = 0;

    // RFC 9293 §3.1.
    const FLAGS_OFFSET: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;

    let _ = socket.attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_OFFSET),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, DROP),
        SockFilter::new(RETURN, 0, 0, PASS_WHOLE),
    ]);
}

#[cfg(not(target_os = "linux"))]
fn drop_syns(_: &Socket) {}
