//! How many connections wait to be accepted on a port: the first place where
//! a server that cannot keep up shows it, and, when full, the reason why a
//! client's connect takes a second (a dropped SYN is sent again).
//!
//! Source: sock_diag(7), what `ss -ltn` shows as Recv-Q and Send-Q.
//! /proc/net/tcp has the queue as well (`rx_queue` of a LISTEN row), but not
//! its limit (`tx_queue` is 0), and it has a row for every socket of the
//! machine. CPU time of one reading, IPv4 and IPv6, Linux 6.18:
//!
//! | open sockets | /proc/net/tcp and tcp6 | sock_diag |
//! |---|---|---|
//! | none | 1.5 ms | 12 µs |
//! | 5000 | 4.1 ms | 12 µs |

use rustix::fd::OwnedFd;
use rustix::net::{RecvFlags, SendFlags, netlink, recv, sendto};

use super::sock_diag::{self, AnswerEnd, FAMILIES, ListenRow, listen_request, parse_answer};

/// The kernel's datagrams grow with the buffer that they are received with,
/// up to this size: netlink_dump() in its net/netlink/af_netlink.c.
const DATAGRAM_BYTES_MAX: usize = 32 * 1024;

/// Datagrams read of one answer: each holds some dozens of rows at least, and
/// no server has thousands of listening sockets on one port.
const DATAGRAMS_MAX: usize = 100;

/// The accept queues of all sockets that listen on a port, added up: a server
/// may have several (`SO_REUSEPORT`, IPv4 and IPv6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AcceptQueue {
    /// Connections that wait to be accepted. A full queue has one more than
    /// its backlog.
    pub length: u32,
    /// The limit: what the server asked listen(2) for, at most `somaxconn`.
    pub backlog: u32,
}

/// An open line to the kernel for reading accept queues.
#[derive(Debug)]
pub struct AcceptQueueReader {
    netlink: OwnedFd,
    datagram: Vec<u8>,
}

impl AcceptQueueReader {
    /// Opens the line; `None` where the kernel has no such interface.
    pub fn open() -> Option<Self> {
        Some(Self {
            netlink: sock_diag::open()?,
            datagram: vec![0; DATAGRAM_BYTES_MAX],
        })
    }

    /// The accept queue of `port`; `None` if nothing listens there in this
    /// network namespace.
    pub fn read(&mut self, port: u16) -> Option<AcceptQueue> {
        let mut rows = self.listening(port).peekable();
        rows.peek()?;
        Some(rows.fold(AcceptQueue::default(), |sum, row| AcceptQueue {
            length: sum.length.saturating_add(row.queued),
            backlog: sum.backlog.saturating_add(row.backlog),
        }))
    }

    /// The sockets that listen on `port`, or on any if it is 0.
    pub(super) fn listening(&mut self, port: u16) -> impl Iterator<Item = ListenRow> {
        FAMILIES
            .into_iter()
            .flat_map(move |family| self.rows(family, port).unwrap_or_default())
    }

    /// The listening sockets of one address family.
    fn rows(&mut self, family: u8, port: u16) -> Option<Vec<ListenRow>> {
        let kernel = netlink::SocketAddrNetlink::new(0, 0);
        let request = listen_request(family, port);
        sendto(&self.netlink, &request, SendFlags::empty(), &kernel).ok()?;

        let mut rows = Vec::new();
        for _ in 0..DATAGRAMS_MAX {
            // The kernel answers within the system calls, so there is never
            // anything to wait for.
            let (length, _) =
                recv(&self.netlink, &mut self.datagram[..], RecvFlags::DONTWAIT).ok()?;
            let answer = parse_answer(&self.datagram[..length], port);
            rows.extend(answer.rows);
            match answer.end {
                AnswerEnd::More => {}
                AnswerEnd::Done => return Some(rows),
                AnswerEnd::Refused => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::{Domain, Socket, Type};
    use std::net::{SocketAddr, TcpStream};

    fn listen(address: &str, backlog: i32) -> (Socket, SocketAddr) {
        let address: SocketAddr = address.parse().unwrap();
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(backlog).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, address)
    }

    #[test]
    fn connections_wait_in_the_queue_until_they_are_accepted() {
        let (listener, address) = listen("127.0.0.1:0", 7);
        let mut reader = AcceptQueueReader::open().unwrap();
        let _waiting = [(); 3].map(|()| TcpStream::connect(address).unwrap());

        let queue = |length| Some(AcceptQueue { length, backlog: 7 });
        assert_eq!(reader.read(address.port()), queue(3));
        drop(listener.accept().unwrap());
        assert_eq!(reader.read(address.port()), queue(2));
    }

    #[test]
    fn several_sockets_on_a_port_are_added_up() {
        let (_first, address) = listen("127.0.0.1:0", 7);
        let (_second, _) = listen(&address.to_string(), 5);
        let queue = AcceptQueueReader::open().unwrap().read(address.port());
        let expected = AcceptQueue {
            length: 0,
            backlog: 12,
        };
        assert_eq!(queue, Some(expected));
    }

    #[test]
    fn a_port_on_which_nothing_listens_has_no_queue() {
        let (listener, address) = listen("127.0.0.1:0", 7);
        let client = TcpStream::connect(address).unwrap();
        let port = client.local_addr().unwrap().port();
        let queue = AcceptQueueReader::open().unwrap().read(port);
        drop(listener);
        assert_eq!(queue, None);
    }
}
