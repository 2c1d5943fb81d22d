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
    let socket = Socket::new(Domain::for_address(plan.address), Type::STREAM, None)?;
    if let Some(bytes) = plan.receive_buffer_bytes {
        // Before the connection: the window's scale is agreed upon with it.
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.connect_timeout(&plan.address.into(), plan.connect_timeout)?;
    let stream = TcpStream::from(socket);
    Ok(Connection {
        addresses: (stream.local_addr()?, stream.peer_addr()?),
        stream,
    })
}
