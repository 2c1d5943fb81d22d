//! A connection under test: the client's end of an in-memory socket, and the server's handles.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use server_common::listener::{Caller, Service};
use server_common::stop::{Stop, StopHandle};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::socket::Stream;
use super::{Server, connection};
use crate::Options;

/// The connection's task, and what a stop does to it.
pub(super) struct Served {
    stop: Option<StopHandle>,
    finish: watch::Sender<()>,
    /// Ends with the connection.
    pub(super) task: JoinHandle<()>,
}

/// Serves a client whose socket holds so many bytes in each direction before a write waits.
pub(super) fn serve(options: Options, socket_bytes: usize) -> (DuplexStream, Served) {
    serve_as(Service::Http, options, socket_bytes)
}

/// The same for a client that has come for `service`.
pub(super) fn serve_as(
    service: Service,
    options: Options,
    socket_bytes: usize,
) -> (DuplexStream, Served) {
    let (socket, theirs) = duplex(socket_bytes);
    let (handle, stop) = Stop::new().unwrap();
    let (finish, finishing) = watch::channel(());
    let server = Arc::new(Server::new(options, &stop).unwrap());
    let caller = Caller {
        peer: Some(IpAddr::from([127, 0, 0, 1])),
        service,
    };
    let task = tokio::spawn(async move {
        connection::run(theirs, caller, &server, finishing).await;
    });
    let stop = Some(handle);
    (socket, Served { stop, finish, task })
}

/// In memory whoever can write is ready.
impl Stream for DuplexStream {
    fn try_send(&self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Served {
    /// As a stop does it.
    pub(super) fn finish(&mut self) {
        drop(self.stop.take());
        self.finish.send_replace(());
    }
}
