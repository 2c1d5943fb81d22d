//! How many bytes wait in a socket of a connection: those that its program has
//! not read yet, and those that its peer has not acknowledged.
//!
//! Source: sock_diag(7), what `ss -tn` shows as Recv-Q and Send-Q. The kernel
//! is asked for the one socket with this pair of addresses, so it costs the
//! same however many there are; and the socket may be another process', so
//! both ends of a connection on this machine can be asked for. SIOCINQ and
//! SIOCOUTQ say the same, of one's own sockets only.

use std::net::SocketAddr;

use rustix::fd::OwnedFd;
use rustix::net::{RecvFlags, SendFlags, netlink, recv, sendto};

pub use super::sock_diag::SocketQueues;
use super::sock_diag::{self, connection_request, parse_connection};

/// Room for the answer: one row, with attributes that were not asked for.
const DATAGRAM_BYTES_MAX: usize = 4096;

/// An open line to the kernel for reading the queues of connections.
#[derive(Debug)]
pub struct ConnectionQueuesReader {
    netlink: OwnedFd,
    datagram: Vec<u8>,
}

impl ConnectionQueuesReader {
    /// Opens the line; `None` where the kernel has no such interface.
    pub fn open() -> Option<Self> {
        Some(Self {
            netlink: sock_diag::open()?,
            datagram: vec![0; DATAGRAM_BYTES_MAX],
        })
    }

    /// The queues of the socket that is bound to `local` and connected to
    /// `peer`; `None` if there is none in this network namespace.
    pub fn read(&mut self, local: SocketAddr, peer: SocketAddr) -> Option<SocketQueues> {
        let kernel = netlink::SocketAddrNetlink::new(0, 0);
        let request = connection_request(local, peer);
        sendto(&self.netlink, &request, SendFlags::empty(), &kernel).ok()?;
        // The kernel answers within the system call.
        let (length, _) = recv(&self.netlink, &mut self.datagram[..], RecvFlags::DONTWAIT).ok()?;
        parse_connection(self.datagram.get(..length)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use super::*;

    fn connection(address: &str) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(address).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn queues(socket: &TcpStream) -> Option<SocketQueues> {
        let (local, peer) = (socket.local_addr().unwrap(), socket.peer_addr().unwrap());
        ConnectionQueuesReader::open().unwrap().read(local, peer)
    }

    /// Waits until `socket` has these queues, for what was sent may take a moment.
    fn assert_queues(socket: &TcpStream, expected: SocketQueues) {
        let until = Instant::now() + Duration::from_secs(10);
        while queues(socket) != Some(expected) {
            assert!(Instant::now() < until, "{:?}", queues(socket));
        }
    }

    #[test]
    fn what_was_not_read_waits_at_the_receiver() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (mut client, mut server) = connection(address);
            client.write_all(&[0; 100]).unwrap();
            let unread = SocketQueues {
                receive_bytes: 100,
                send_bytes: 0,
            };
            assert_queues(&server, unread);
            assert_queues(&client, SocketQueues::default());
            server.read_exact(&mut [0; 100]).unwrap();
            assert_queues(&server, SocketQueues::default());
        }
    }

    #[test]
    fn what_the_receiver_has_no_room_for_waits_at_the_sender() {
        let (mut client, _server) = connection("127.0.0.1:0");
        client.set_nonblocking(true).unwrap();
        while client.write(&[0; 65_536]).is_ok() {}
        assert!(queues(&client).unwrap().send_bytes > 65_536);
    }

    #[test]
    fn a_connection_that_is_not_there_has_no_queues() {
        let mut reader = ConnectionQueuesReader::open().unwrap();
        let (local, peer) = ("127.0.0.1:1", "127.0.0.1:2");
        assert_eq!(
            reader.read(local.parse().unwrap(), peer.parse().unwrap()),
            None
        );
    }
}
