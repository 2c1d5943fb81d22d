//! A listening socket, and how the loop takes connections from it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::getpeername;
use server_common::accept_backoff::AcceptBackoff;
use server_common::listener::{Address, Caller, Listener, Service};
use server_common::stop::Stop;

use super::operation::{Operation, Token, only};
use super::ring::Ring;
use crate::cli::SERVER;

/// A listening socket.
pub(super) struct Door {
    /// Until everybody is in who has come before the stop.
    listener: Option<Listener>,
    /// Whether clients have addresses.
    is_tcp: bool,
    service: Service,
    /// What is asked of the kernel: [`Operation::Accept`], which takes everybody at once, or
    /// [`Operation::Knock`], which leaves them in the accept queue.
    token: Token,
    is_asked: bool,
    stop: Stop,
    is_stopping: bool,
    backoff: AcceptBackoff,
}

/// A connection that nobody has served yet.
pub(super) struct Newcomer {
    pub(super) socket: OwnedFd,
    pub(super) caller: Caller,
}

/// Why nobody has come in.
pub(super) enum Nobody {
    /// There is nobody.
    IsThere,
    /// Somebody was there, and has gone; the next may be tried.
    Came,
    /// The system has no room; the next is to be tried after this time.
    MayCome(Duration),
}

impl Door {
    /// `one_by_one` if there may not always be a place for whoever comes: who is let in by
    /// [`Operation::Accept`] cannot be put back.
    pub(super) fn new(listener: Listener, index: u32, one_by_one: bool, stop: &Stop) -> Self {
        let operation = match one_by_one {
            true => Operation::Knock,
            false => Operation::Accept,
        };
        Self {
            is_tcp: matches!(listener.address(), Address::Tcp(_)),
            service: listener.service(),
            listener: Some(listener),
            token: operation.of(only(index)),
            is_asked: false,
            stop: stop.clone(),
            is_stopping: false,
            backoff: AcceptBackoff::new(SERVER),
        }
    }

    /// Has the kernel tell who comes, unless it does.
    pub(super) fn open(&mut self, ring: &mut Ring) {
        let Some(listener) = self.listener.as_ref().filter(|_| !self.is_stopping) else {
            return;
        };
        if !self.is_asked {
            self.is_asked = true;
            let descriptor = &listener.as_fd().as_raw_fd();
            match self.token.operation {
                Operation::Accept => ring.accept(descriptor, self.token),
                _ => ring.poll(descriptor, self.token),
            }
        }
    }

    /// The kernel has told; whether it goes on to.
    pub(super) fn told(&mut self, is_more: bool) {
        self.is_asked = is_more;
    }

    /// Whom the kernel has let in.
    pub(super) fn admit(&mut self, accepted: Result<OwnedFd, Errno>) -> Result<Newcomer, Nobody> {
        match accepted {
            Ok(socket) => {
                self.backoff.succeeded();
                let caller = Caller {
                    peer: self.address_of(&socket).map_err(|_| Nobody::Came)?,
                    service: self.service,
                };
                Ok(Newcomer { socket, caller })
            }
            Err(error) => Err(self.failed(&error.into())),
        }
    }

    /// Takes the next one from the accept queue.
    pub(super) fn take(&mut self) -> Result<Newcomer, Nobody> {
        let Some(listener) = &self.listener else {
            return Err(Nobody::IsThere);
        };
        match listener.accept_nonblocking() {
            Ok(accepted) => {
                self.backoff.succeeded();
                Ok(Newcomer {
                    socket: accepted.socket.into(),
                    caller: accepted.caller,
                })
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Keeps out whoever has not come yet. Who has is to be taken, and then the door be closed.
    pub(super) fn stop(&mut self, ring: &mut Ring) {
        self.is_stopping = true;
        if self.is_asked {
            ring.cancel(self.token);
        }
        if let Some(listener) = &mut self.listener {
            listener.refuse_newcomers();
        }
    }

    /// Closes the listening socket.
    pub(super) fn close(&mut self) {
        self.listener = None;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.listener.is_none()
    }

    /// The client's address, which a client that has gone meanwhile has no longer.
    fn address_of(&self, socket: &OwnedFd) -> Result<Option<IpAddr>, Errno> {
        if !self.is_tcp {
            return Ok(None);
        }
        let peer = getpeername(socket)?.ok_or(Errno::NOTCONN)?;
        Ok(Some(SocketAddr::try_from(peer)?.ip()))
    }

    fn failed(&mut self, error: &io::Error) -> Nobody {
        if is_end_of_queue(error, self.stop.is_asked()) {
            return Nobody::IsThere;
        }
        match self.backoff.failed(error) {
            Some(pause) => Nobody::MayCome(pause),
            None => Nobody::Came,
        }
    }
}

/// Whether nobody is there: or nobody will be, for newcomers are kept out. Some kernels say
/// `EINVAL` then of a UNIX socket, which several loops share: another one may have seen the stop
/// first. `ECANCELED` is said of what has been given up.
fn is_end_of_queue(error: &io::Error, is_stopping: bool) -> bool {
    match Errno::from_io_error(error) {
        Some(Errno::AGAIN) => true,
        Some(Errno::INVAL | Errno::CANCELED) => is_stopping,
        _ => false,
    }
}
