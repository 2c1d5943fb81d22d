//! Connections become tasks.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use server_common::accept_backoff::AcceptBackoff;
use server_common::listener::{Accepted, Address, Listener};
use tokio::io::unix::AsyncFd;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::sleep;

use super::{Server, connection};
use crate::SERVER;

/// Accepts until the stop; then empties the accept queue, so that nobody who connected is lost.
pub(super) async fn run(
    mut listener: AsyncFd<Listener>,
    server: Arc<Server>,
    finishing: watch::Receiver<()>,
) {
    let mut stop = pin!(server.stop_descriptor.readable());
    let mut backoff = AcceptBackoff::new(SERVER);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut stop => break,
            accepted = next(&listener, &server) => accepted,
        };
        if let Err(error) = accepted.and_then(|(accepted, permit)| {
            backoff.succeeded();
            spawn(accepted, permit, &listener, &server, &finishing)
        }) && let Some(pause) = backoff.failed(&error)
        {
            tokio::select! {
                biased;
                _ = &mut stop => break,
                () = sleep(pause) => {}
            }
        }
    }
    listener.get_mut().refuse_newcomers();
    while let Ok(accepted) = listener.get_ref().accept_nonblocking() {
        // The queue is finite, and waiting for a permit could outlast those who hold one: the
        // limit on open connections gives way to the promise that nobody is lost.
        let _ = spawn(accepted, None, &listener, &server, &finishing);
    }
}

/// The next connection, once there may be one more.
async fn next(
    listener: &AsyncFd<Listener>,
    server: &Server,
) -> io::Result<(Accepted, Option<OwnedSemaphorePermit>)> {
    let permit = match server.options.max_connections {
        // Never closed, so there is always one to come.
        Some(_) => server.permits.clone().acquire_owned().await.ok(),
        None => None,
    };
    loop {
        let mut ready = listener.readable().await?;
        if let Ok(accepted) = ready.try_io(|listener| listener.get_ref().accept_nonblocking()) {
            return Ok((accepted?, permit));
        }
    }
}

fn spawn(
    accepted: Accepted,
    permit: Option<OwnedSemaphorePermit>,
    listener: &AsyncFd<Listener>,
    server: &Arc<Server>,
    finishing: &watch::Receiver<()>,
) -> io::Result<()> {
    let Accepted { socket, peer } = accepted;
    let server = server.clone();
    let finishing = finishing.clone();
    match listener.get_ref().address() {
        Address::Tcp(_) => {
            let socket = TcpStream::from_std(socket.into())?;
            tokio::spawn(async move {
                connection::run(socket, peer, &server, finishing).await;
                drop(permit);
            });
        }
        Address::Unix(_) => {
            let socket = UnixStream::from_std(socket.into())?;
            tokio::spawn(async move {
                connection::run(socket, peer, &server, finishing).await;
                drop(permit);
            });
        }
    }
    Ok(())
}
