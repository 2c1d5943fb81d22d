//! The netlink messages that ask the kernel about its sockets: what `ss`
//! speaks. Bytes in, bytes out; sock_diag(7), netlink(7).
//!
//! Numbers are in the machine's byte order, ports in the network's.

use std::iter;
use std::net::{IpAddr, SocketAddr};

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with};

/// `AF_INET` and `AF_INET6`: a request is about one of them.
pub(super) const FAMILIES: [u8; 2] = [libc::AF_INET as u8, libc::AF_INET6 as u8];

const HEADER_BYTES: usize = 16; // struct nlmsghdr
const REQUEST_BYTES: usize = 56; // struct inet_diag_req_v2
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const TCP_LISTEN: u32 = 10;

// Offsets in struct inet_diag_msg: family, state, timer and retransmits are a
// byte each; the socket's id begins with the source port; expires, rqueue and
// wqueue follow its 48 bytes.
const STATE_AT: usize = 1;
const PORT_AT: usize = 4;
const RQUEUE_AT: usize = 56;
const WQUEUE_AT: usize = 60;
const FAMILY_AT: usize = 0;
const SOURCE_AT: usize = 8; // behind both ports, in the socket's id
const INODE_AT: usize = 68; // behind the user's id

/// A listening socket. The kernel has two fields for a connection's receive
/// and send queue; of a listening socket it puts these two numbers there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListenRow {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// What it is called in /proc/PID/fd.
    pub(super) inode: u32,
    /// Connections that wait to be accepted (`sk_ack_backlog`).
    pub(super) queued: u32,
    /// Most that may wait (`sk_max_ack_backlog`): the argument of listen(2),
    /// at most `somaxconn`. The kernel lets one more in.
    pub(super) backlog: u32,
}

/// What a datagram from the kernel was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The rows in it.
    pub(super) rows: Vec<ListenRow>,
    /// Whether it is the last; otherwise another one is to be received.
    pub(super) end: AnswerEnd,
}

/// What waits in a connected socket, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketQueues {
    /// Recv-Q: has come, and was not read by the program.
    pub receive_bytes: u32,
    /// Send-Q: was written by the program, and not acknowledged by its peer.
    pub send_bytes: u32,
}

/// How a datagram ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerEnd {
    More,
    Done,
    Refused,
}

/// A line to the kernel for such messages; `None` where it has no such interface.
pub(super) fn open() -> Option<OwnedFd> {
    let netlink = socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    );
    netlink.ok()
}

/// Asks for the TCP sockets of one family that listen on `port`, or on any if it is 0. The kernel
/// sorts out states and ports, so the answer is short however many
/// connections are open.
pub(super) fn listen_request(family: u8, port: u16) -> Vec<u8> {
    let mut message = request(NLM_F_REQUEST | NLM_F_DUMP, family, 1 << TCP_LISTEN);
    message.extend(port.to_be_bytes()); // then any peer, address and device
    message.resize(HEADER_BYTES + REQUEST_BYTES, 0);
    message
}

/// Asks for the one TCP socket that is bound to `local` and connected to `peer`: the kernel looks it
/// up as it does for a segment that comes.
pub(super) fn connection_request(local: SocketAddr, peer: SocketAddr) -> Vec<u8> {
    let family = FAMILIES[usize::from(local.is_ipv6())];
    let mut message = request(NLM_F_REQUEST, family, u32::MAX);
    message.extend(local.port().to_be_bytes());
    message.extend(peer.port().to_be_bytes());
    message.extend(sixteen_bytes(local.ip()));
    message.extend(sixteen_bytes(peer.ip()));
    message.extend([0; 4]); // any device
    message.extend([0xff; 8]); // INET_DIAG_NOCOOKIE: whichever socket that is
    message
}

/// A request without the id of a socket, which follows.
fn request(flags: u16, family: u8, states: u32) -> Vec<u8> {
    let length = HEADER_BYTES + REQUEST_BYTES;
    let mut message = Vec::with_capacity(length);
    message.extend((length as u32).to_ne_bytes());
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]); // sequence number and sender: one question at a time
    message.extend([family, libc::IPPROTO_TCP as u8, 0, 0]); // no extensions, padding
    message.extend(states.to_ne_bytes());
    message
}

/// An address in the width of a request; one of IPv4 is in front.
fn sixteen_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
    }
}

/// Reads the answer to a [`connection_request`]; `None` if there is no such
/// socket.
pub(super) fn parse_connection(datagram: &[u8]) -> Option<SocketQueues> {
    messages(datagram).find_map(|message| match message? {
        (SOCK_DIAG_BY_FAMILY, body) => Some(SocketQueues {
            receive_bytes: u32_at(body, RQUEUE_AT)?,
            send_bytes: u32_at(body, WQUEUE_AT)?,
        }),
        _ => None,
    })
}

/// Reads a datagram: the rows on `port`, or on any if it is 0. Anything that is not as netlink(7)
/// says ends the answer as refused.
pub(super) fn parse_answer(datagram: &[u8], port: u16) -> Answer {
    let mut answer = Answer {
        rows: Vec::new(),
        end: AnswerEnd::More,
    };
    for message in messages(datagram) {
        match message {
            Some((SOCK_DIAG_BY_FAMILY, body)) => answer.rows.extend(listen_row(body, port)),
            Some((NLMSG_DONE, _)) => answer.end = AnswerEnd::Done,
            Some((NLMSG_ERROR, _)) | None => answer.end = AnswerEnd::Refused,
            Some(_) => {}
        }
    }
    answer
}

/// The messages of a datagram: type and body of each; `None` for a broken one,
/// which is the last. Each begins at a multiple of four bytes.
fn messages(mut rest: &[u8]) -> impl Iterator<Item = Option<(u16, &[u8])>> {
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let message = u32_at(rest, 0)
            .and_then(|length| rest.get(..length as usize))
            .filter(|message| message.len() >= HEADER_BYTES);
        let Some(message) = message else {
            rest = &[];
            return Some(None);
        };
        rest = rest
            .get(message.len().next_multiple_of(4)..)
            .unwrap_or_default();
        let kind = u16::from_ne_bytes([message[4], message[5]]);
        Some(Some((kind, &message[HEADER_BYTES..])))
    })
}

fn listen_row(body: &[u8], port: u16) -> Option<ListenRow> {
    let state = u32::from(*body.get(STATE_AT)?);
    let row_port = u16::from_be_bytes(body.get(PORT_AT..PORT_AT + 2)?.try_into().ok()?);
    (state == TCP_LISTEN && (port == 0 || row_port == port)).then_some(())?;
    Some(ListenRow {
        address: SocketAddr::new(source(body)?, row_port),
        inode: u32_at(body, INODE_AT)?,
        queued: u32_at(body, RQUEUE_AT)?,
        backlog: u32_at(body, WQUEUE_AT)?,
    })
}

/// The address that a socket is bound to.
fn source(body: &[u8]) -> Option<IpAddr> {
    let bytes: [u8; 16] = body.get(SOURCE_AT..SOURCE_AT + 16)?.try_into().ok()?;
    match *body.get(FAMILY_AT)? {
        family if family == FAMILIES[1] => Some(IpAddr::from(bytes)),
        _ => Some(IpAddr::from([bytes[0], bytes[1], bytes[2], bytes[3]])),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = HEADER_BYTES + body.len();
        let mut message = (length as u32).to_ne_bytes().to_vec();
        message.extend(kind.to_ne_bytes());
        message.resize(HEADER_BYTES, 0);
        message.extend(body);
        message.resize(length.next_multiple_of(4), 0);
        message
    }

    fn row(state: u32, port: u16, queued: u32, backlog: u32) -> Vec<u8> {
        let mut body = vec![0; 72];
        body[STATE_AT] = state as u8;
        body[PORT_AT..PORT_AT + 2].copy_from_slice(&port.to_be_bytes());
        body[RQUEUE_AT..RQUEUE_AT + 4].copy_from_slice(&queued.to_ne_bytes());
        body[WQUEUE_AT..WQUEUE_AT + 4].copy_from_slice(&backlog.to_ne_bytes());
        body[SOURCE_AT..SOURCE_AT + 4].copy_from_slice(&[127, 0, 0, 1]);
        body[INODE_AT..INODE_AT + 4].copy_from_slice(&4711_u32.to_ne_bytes());
        message(SOCK_DIAG_BY_FAMILY, &body)
    }

    #[test]
    fn a_request_has_the_layout_of_the_kernels_structs() {
        let request = listen_request(FAMILIES[0], 7080);
        assert_eq!(request.len(), 72);
        assert_eq!(request[..4], 72_u32.to_ne_bytes());
        assert_eq!(request[16..20], [2, 6, 0, 0]);
        assert_eq!(request[20..24], (1_u32 << 10).to_ne_bytes());
        assert_eq!(request[24..26], [0x1b, 0xa8]);
        assert!(request[26..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn rows_are_those_that_listen_on_the_port() {
        let datagram = [
            row(TCP_LISTEN, 7080, 3, 4096),
            row(TCP_LISTEN, 8080, 9, 128),
            row(1, 7080, 9, 9),
        ]
        .concat();
        let answer = parse_answer(&datagram, 7080);
        let expected = ListenRow {
            address: ([127, 0, 0, 1], 7080).into(),
            inode: 4711,
            queued: 3,
            backlog: 4096,
        };
        assert_eq!(answer.rows, [expected]);
        assert_eq!(answer.end, AnswerEnd::More);
        assert_eq!(parse_answer(&datagram, 0).rows.len(), 2, "on any port");
    }

    #[test]
    fn the_answer_says_how_it_ends() {
        let end = |datagram: &[u8]| parse_answer(datagram, 7080).end;
        let with_row = [row(TCP_LISTEN, 7080, 0, 1), message(NLMSG_DONE, &[0; 4])].concat();
        assert_eq!(end(&with_row), AnswerEnd::Done);
        assert_eq!(end(&message(NLMSG_ERROR, &[0; 20])), AnswerEnd::Refused);
        assert_eq!(end(&[1, 2, 3]), AnswerEnd::Refused);
        assert_eq!(end(&with_row[..40]), AnswerEnd::Refused);
    }

    #[test]
    fn a_request_for_a_connection_names_both_its_ends() {
        let (local, peer) = ("127.0.0.1:7080", "127.0.0.2:8080");
        let request = connection_request(local.parse().unwrap(), peer.parse().unwrap());
        assert_eq!(request.len(), 72);
        assert_eq!(request[16..20], [2, 6, 0, 0]);
        assert_eq!(request[24..28], [0x1b, 0xa8, 0x1f, 0x90]);
        assert_eq!(request[28..32], [127, 0, 0, 1]);
        assert_eq!(request[44..48], [127, 0, 0, 2]);
        assert_eq!(request[64..], [0xff; 8]);
    }

    #[test]
    fn the_queues_of_a_connection_are_those_of_its_row() {
        let expected = SocketQueues {
            receive_bytes: 3,
            send_bytes: 4096,
        };
        let found = row(1, 7080, 3, 4096);
        assert_eq!(parse_connection(&found), Some(expected));
        assert_eq!(parse_connection(&message(NLMSG_ERROR, &[0; 20])), None);
    }

    proptest! {
        #[test]
        fn any_datagram_is_read_without_panic(datagram: Vec<u8>, body: Vec<u8>, port: u16) {
            parse_answer(&datagram, port);
            parse_answer(&message(SOCK_DIAG_BY_FAMILY, &body), port);
            parse_connection(&datagram);
            parse_connection(&message(SOCK_DIAG_BY_FAMILY, &body));
        }
    }
}
