//! Connecting all clients, at the same time.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;

use socket2::{Domain, Socket, Type};

use super::ending::Ending;
use super::plan::Plan;

/// A client that is connected.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// Its own address and the server's.
    pub(super) addresses: (SocketAddr, SocketAddr),
}

/// A connection for each client, or what became of it.
pub(super) fn connect_all(plan: &Plan) -> Vec<Result<Connection, Ending>> {
    thread::scope(|scope| {
        let connecting: Vec<_> = (0..plan.clients)
            .map(|_| thread::Builder::new().spawn_scoped(scope, || connect(plan)))
            .collect();
        let connected = connecting.into_iter().map(|thread| {
            let thread = thread.map_err(|_| Ending::ConnectFailed)?;
            let connection = thread.join().map_err(|_| Ending::ConnectFailed)?;
            connection.map_err(|error| Ending::of_connect(&error))
        });
        connected.collect()
    })
}

fn connect(plan: &Plan) -> io::Result<Connection> {
    first_of(&plan.addresses, |address| connect_to(address, plan))
}

/// The first that comes about, or why the last did not.
fn first_of<T>(
    addresses: &[SocketAddr],
    connect: impl Fn(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut connected = Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
    for address in addresses {
        connected = connect(*address);
        if connected.is_ok() {
            break;
        }
    }
    connected
}

fn connect_to(address: SocketAddr, plan: &Plan) -> io::Result<Connection> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let Some(bytes) = plan.receive_buffer_bytes {
        // Before the connection: the window's scale is agreed upon with it.
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.connect_timeout(&address.into(), plan.connect_timeout)?;
    let stream = TcpStream::from(socket);
    Ok(Connection {
        addresses: (stream.local_addr()?, stream.peer_addr()?),
        stream,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::TcpListener;

    #[test]
    fn an_address_that_refuses_is_followed_by_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let refusing = closed.local_addr().unwrap();
        drop(closed);
        let connect = |address| TcpStream::connect(address);
        let connected = first_of(&[refusing, open], connect).unwrap();
        assert_eq!(connected.peer_addr().unwrap(), open);
        let error = first_of(&[refusing, refusing], connect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
