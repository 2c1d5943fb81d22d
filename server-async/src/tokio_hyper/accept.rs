//! Connections become tasks.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;

use server_common::accept_backoff::AcceptBackoff;
use server_common::listener::{Accepted, Address, Caller, Listener, Service};
use server_common::options::Overload;
use server_common::stop::GRACE_PERIOD;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep};

use super::{Server, connection, refused};
use crate::cli::SERVER;

/// A listener and its second descriptor, which tokio waits on and accepts from.
pub(super) struct Acceptor {
    listener: Listener,
    queue: Queue,
    /// Accepted, and waiting for leave to be served.
    next_in: Option<Client>,
}

enum Queue {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Whether who was accepted may be served.
enum Admission {
    /// There is no limit.
    Free,
    /// With the permit to be open.
    Permitted(OwnedSemaphorePermit),
    /// There are as many as may be.
    Refused,
}

/// Who was accepted.
enum Client {
    Tcp(TcpStream, Caller),
    Unix(UnixStream, Caller),
}

impl Acceptor {
    /// Registers `listener` with the runtime.
    ///
    /// # Errors
    ///
    /// No descriptors.
    pub(super) fn new(listener: Listener) -> io::Result<Self> {
        let socket = OwnedFd::from(listener.socket().try_clone()?);
        let queue = match listener.address() {
            Address::Tcp(_) => Queue::Tcp(TcpListener::from_std(socket.into())?),
            Address::Unix(_) => Queue::Unix(UnixListener::from_std(socket.into())?),
        };
        Ok(Self {
            listener,
            queue,
            next_in: None,
        })
    }

    /// Accepts until the stop; then empties the accept queue, so that nobody who connected is
    /// lost.
    pub(super) async fn run(
        mut self,
        server: Arc<Server>,
        finish: Arc<watch::Sender<()>>,
        finishing: watch::Receiver<()>,
    ) {
        let mut stop = pin!(server.stop_pipe.readable());
        let mut backoff = AcceptBackoff::new(SERVER);
        loop {
            let accepted = tokio::select! {
                biased;
                _ = &mut stop => break,
                accepted = self.next(&server) => accepted,
            };
            let pause = match accepted {
                Ok(admission) => {
                    backoff.succeeded();
                    self.admit(admission, &server, &finishing);
                    None
                }
                Err(error) => backoff.failed(&error),
            };
            if let Some(pause) = pause {
                tokio::select! {
                    biased;
                    _ = &mut stop => break,
                    () = sleep(pause) => {}
                }
            }
        }
        self.drain(&server, &finish, &finishing, &mut backoff).await;
    }

    /// Waits until somebody has come, who is then in `next_in`, and can be let in or refused. It can
    /// be dropped while it waits, and nobody is lost.
    ///
    /// Where further ones are to wait, one at each listener waits outside the queue: a permit is
    /// taken for somebody who is there, not by a listener to which nobody may ever come.
    async fn next(&mut self, server: &Server) -> io::Result<Admission> {
        if self.next_in.is_none() {
            self.next_in = Some(self.queue.accept(self.listener.service()).await?);
        }
        let Some(permits) = server.permits.clone() else {
            return Ok(Admission::Free);
        };
        let permit = match server.options.overload {
            // They are never closed: there will be one.
            Overload::Wait => permits.acquire_owned().await.ok(),
            Overload::Refuse => permits.try_acquire_owned().ok(),
        };
        Ok(permit.map_or(Admission::Refused, Admission::Permitted))
    }

    fn admit(
        &mut self,
        admission: Admission,
        server: &Arc<Server>,
        finishing: &watch::Receiver<()>,
    ) {
        let Some(client) = self.next_in.take() else {
            return;
        };
        match admission {
            Admission::Free => client.serve(None, server, finishing),
            Admission::Permitted(permit) => client.serve(Some(permit), server, finishing),
            Admission::Refused => client.refuse(server),
        }
    }

    /// Serves whoever is in the accept queue. The queue is finite, and waiting for a permit could
    /// outlast the grace period: the limit on open connections gives way. That there are no
    /// descriptors for the moment is no end: those who wait for a next request are woken, and give
    /// theirs back.
    async fn drain(
        &mut self,
        server: &Arc<Server>,
        finish: &watch::Sender<()>,
        finishing: &watch::Receiver<()>,
        backoff: &mut AcceptBackoff,
    ) {
        self.listener.refuse_newcomers();
        if let Some(client) = self.next_in.take() {
            client.serve(None, server, finishing);
        }
        let until = Instant::now() + GRACE_PERIOD;
        while Instant::now() < until {
            // Not from tokio, which would go by an event that it may not have seen yet.
            match self.listener.accept_nonblocking() {
                Ok(accepted) => {
                    backoff.succeeded();
                    if let Ok(client) = self.queue.adopt(accepted) {
                        client.serve(None, server, finishing);
                    }
                }
                Err(error) if is_end_of_queue(&error) => return,
                Err(error) => {
                    if let Some(pause) = backoff.failed(&error) {
                        let _ = finish.send(());
                        sleep(pause).await;
                    }
                }
            }
        }
    }
}

/// `EINVAL` is what some kernels say of a UNIX socket that keeps newcomers out.
fn is_end_of_queue(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::InvalidInput
    )
}

impl Queue {
    async fn accept(&self, service: Service) -> io::Result<Client> {
        Ok(match self {
            Self::Tcp(queue) => {
                let (socket, peer) = queue.accept().await?;
                let peer = Some(peer.ip());
                Client::Tcp(socket, Caller { peer, service })
            }
            Self::Unix(queue) => {
                let peer = None;
                Client::Unix(queue.accept().await?.0, Caller { peer, service })
            }
        })
    }

    /// A connection that was taken from the queue without tokio.
    fn adopt(&self, Accepted { socket, caller }: Accepted) -> io::Result<Client> {
        Ok(match self {
            Self::Tcp(_) => Client::Tcp(TcpStream::from_std(socket.into())?, caller),
            Self::Unix(_) => {
                Client::Unix(UnixStream::from_std(OwnedFd::from(socket).into())?, caller)
            }
        })
    }
}

impl Client {
    fn serve(
        self,
        permit: Option<OwnedSemaphorePermit>,
        server: &Arc<Server>,
        finishing: &watch::Receiver<()>,
    ) {
        let server = server.clone();
        let finishing = finishing.clone();
        match self {
            Self::Tcp(socket, caller) => tokio::spawn(async move {
                connection::run(socket, caller, &server, finishing).await;
                drop(permit);
            }),
            Self::Unix(socket, caller) => tokio::spawn(async move {
                connection::run(socket, caller, &server, finishing).await;
                drop(permit);
            }),
        };
    }

    fn refuse(self, server: &Arc<Server>) {
        let server = server.clone();
        match self {
            Self::Tcp(socket, caller) => {
                tokio::spawn(async move { refused::run(socket, caller, &server).await })
            }
            Self::Unix(socket, caller) => {
                tokio::spawn(async move { refused::run(socket, caller, &server).await })
            }
        };
    }
}
