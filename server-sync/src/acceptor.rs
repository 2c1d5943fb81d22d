//! Connections out of the accept queue, one after another.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use server_common::accept_backoff::AcceptBackoff;
use server_common::listener::Listener;
use server_common::options::Options;
use server_common::stop::{GRACE_PERIOD, Stop};

use crate::cli::SERVER;
use crate::places::{Place, Places};
use crate::socket::{TimedSocket, timeouts_are_inherited};

/// Accepts from several listeners until the stop, and then who is in their queues already.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listeners: Vec<TimedListener>,
    /// The listener to ask first, so that a busy one does not keep another from its turn.
    first: usize,
    options: Options,
    stop: Stop,
    /// Once the stop is asked for and newcomers are kept out: until when the queues are served.
    drain_until: Option<Instant>,
    backoff: AcceptBackoff,
    places: Arc<Places>,
}

#[derive(Debug)]
struct TimedListener {
    listener: Listener,
    /// Whether its connections have their time limits from the start.
    is_timed: bool,
}

/// A connection that nobody has served yet.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) socket: TimedSocket,
    /// The client's address; none over a UNIX socket.
    pub(crate) peer: Option<IpAddr>,
    /// Given back when the connection is closed.
    pub(crate) place: Place,
}

impl Acceptor {
    pub(crate) fn new(listeners: Vec<Listener>, options: Options, stop: Stop) -> Self {
        let timed = |listener| TimedListener {
            is_timed: timeouts_are_inherited(&listener, &options),
            listener,
        };
        Self {
            listeners: listeners.into_iter().map(timed).collect(),
            first: 0,
            places: Places::new(options.connections_max),
            options,
            stop,
            drain_until: None,
            backoff: AcceptBackoff::new(SERVER),
        }
    }

    /// The next connection; `None` when the stop was asked for and everybody is served.
    ///
    /// It waits for a free place first, with all others in the accept queue. It accepts first
    /// and waits only if nobody is there: a busy server pays one system call per connection.
    pub(crate) fn next(&mut self) -> Option<Newcomer> {
        let place = self.places.take();
        loop {
            if self.stop.is_asked() && self.drain_until.is_none() {
                self.keep_newcomers_out();
            }
            let is_draining = self.drain_until.is_some();
            match self.accept() {
                Ok((socket, peer)) => {
                    self.backoff.succeeded();
                    return Some(Newcomer {
                        socket,
                        peer,
                        place,
                    });
                }
                Err(error) if is_draining && is_end_of_queue(&error) => return None,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(),
                Err(error) => self.pause_after(&error),
            }
            if self.drain_until.is_some_and(|until| Instant::now() > until) {
                return None;
            }
        }
    }

    /// Waits as long as it is wise to after a failure to take on a connection.
    pub(crate) fn pause_after(&mut self, error: &io::Error) {
        if let Some(pause) = self.backoff.failed(error) {
            match self.drain_until {
                None => drop(self.stop.wait(pause)),
                Some(_) => thread::sleep(pause),
            }
        }
    }

    /// Closes the listeners; the connections' places can still be waited for.
    pub(crate) fn close(self) -> Arc<Places> {
        self.places
    }

    fn keep_newcomers_out(&mut self) {
        for listener in &mut self.listeners {
            listener.listener.refuse_newcomers();
        }
        self.drain_until = Some(Instant::now() + GRACE_PERIOD);
    }

    /// Asks each listener in turn; the last one's `WouldBlock` stands for that of all.
    fn accept(&mut self) -> io::Result<(TimedSocket, Option<IpAddr>)> {
        let count = self.listeners.len();
        let mut result = Err(ErrorKind::WouldBlock.into());
        for turn in 0..count {
            let TimedListener { listener, is_timed } = &self.listeners[(self.first + turn) % count];
            result = listener.accept().and_then(|accepted| {
                let socket = TimedSocket::new(accepted.socket, *is_timed, &self.options)?;
                Ok((socket, accepted.peer))
            });
            if !matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock) {
                self.first = (self.first + turn + 1) % count;
                break;
            }
        }
        result
    }

    /// Until a connection is there or the stop is asked for.
    fn wait(&self) {
        let stop = PollFd::new(&self.stop, PollFlags::IN);
        let listeners = self.listeners.iter();
        let mut all: Vec<PollFd<'_>> = listeners
            .map(|timed| PollFd::new(&timed.listener, PollFlags::IN))
            .chain([stop])
            .collect();
        // Fails only when a signal comes in between.
        let _ = poll(&mut all, None);
    }
}

/// `EINVAL` is what some kernels say of a UNIX socket that keeps newcomers out.
fn is_end_of_queue(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::InvalidInput
    )
}
