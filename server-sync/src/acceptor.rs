//! Connections out of the accept queue, one after another.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use server_common::accept_backoff::AcceptBackoff;
use server_common::listener::{Caller, Listener};
use server_common::options::{Options, Overload};
use server_common::stop::{GRACE_PERIOD, Stop};
use socket2::Socket;

use crate::cli::SERVER;
use crate::places::{Place, Places};
use crate::refused::RefusedConnections;
use crate::socket::{TimedSocket, timeouts_are_inherited};

/// How many are refused in one look at who is there: a millisecond's work.
const PRESENT_REFUSED_MAX: usize = 64;

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
    refused: RefusedConnections,
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
    pub(crate) caller: Caller,
    /// Given back when the connection is closed.
    pub(crate) place: Place,
}

impl Acceptor {
    /// Of connections for which there are so many `places` at a time.
    pub(crate) fn new(
        listeners: Vec<Listener>,
        places: usize,
        options: Options,
        stop: Stop,
    ) -> Self {
        let timed = |listener| TimedListener {
            is_timed: timeouts_are_inherited(&listener, &options),
            listener,
        };
        Self {
            listeners: listeners.into_iter().map(timed).collect(),
            first: 0,
            places: Places::new(places),
            refused: RefusedConnections::default(),
            options,
            stop,
            drain_until: None,
            backoff: AcceptBackoff::new(SERVER),
        }
    }

    /// The next connection; `None` when the stop was asked for and everybody is served.
    ///
    /// Either it waits for a free place first, with all others in the accept queue, or it refuses
    /// whom it accepts without having a place. It accepts first and waits only if nobody is
    /// there: a busy server pays one system call per connection.
    pub(crate) fn next(&mut self) -> Option<Newcomer> {
        let mut place = match self.options.overload {
            Overload::Wait => Some(self.places.take()),
            Overload::Refuse => None,
        };
        loop {
            if self.stop.is_asked() && self.drain_until.is_none() {
                self.keep_newcomers_out();
            }
            let is_draining = self.drain_until.is_some();
            match self.accept() {
                Ok((socket, caller)) => {
                    self.backoff.succeeded();
                    if let Some(newcomer) = self.admit(place.take(), socket, caller) {
                        return Some(newcomer);
                    }
                }
                Err(error) if is_draining && is_end_of_queue(&error) => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(),
                Err(error) => {
                    if let Some(pause) = self.backoff.failed(&error) {
                        self.pause(pause);
                    }
                }
            }
            if self.drain_until.is_some_and(|until| Instant::now() > until) {
                break;
            }
        }
        self.refused.see_off_all();
        None
    }

    /// A connection that is there already and has a place. Those without are refused, so many at
    /// a time that a flood of them does not keep the caller. `None` once the stop is asked for:
    /// [`Self::next`] keeps newcomers out before it lets the last ones in.
    pub(crate) fn next_present(&mut self) -> Option<Newcomer> {
        if self.stop.is_asked() {
            return None;
        }
        for _ in 0..PRESENT_REFUSED_MAX {
            let (socket, caller) = self.accept().ok()?;
            let newcomer = self.admit(None, socket, caller);
            if newcomer.is_some() {
                return newcomer;
            }
        }
        None
    }

    /// Answers 503 to a connection that cannot be served.
    pub(crate) fn refuse(&mut self, socket: Arc<Socket>, caller: Caller) {
        self.refused.refuse(socket, caller, &self.options);
    }

    /// Leaves all others in the accept queue for so long, or until the stop.
    pub(crate) fn pause(&self, pause: Duration) {
        match self.drain_until {
            None => drop(self.stop.wait(pause)),
            Some(_) => thread::sleep(pause),
        }
    }

    /// Closes the listeners; the connections' places can still be waited for.
    pub(crate) fn close(self) -> Arc<Places> {
        self.places
    }

    fn admit(
        &mut self,
        place: Option<Place>,
        socket: TimedSocket,
        caller: Caller,
    ) -> Option<Newcomer> {
        let Some(place) = place.or_else(|| self.places.try_take()) else {
            self.refuse(socket.share(), caller);
            return None;
        };
        Some(Newcomer {
            socket,
            caller,
            place,
        })
    }

    fn keep_newcomers_out(&mut self) {
        for listener in &mut self.listeners {
            listener.listener.refuse_newcomers();
        }
        self.drain_until = Some(Instant::now() + GRACE_PERIOD);
    }

    /// Asks each listener in turn; the last one's `WouldBlock` stands for that of all.
    fn accept(&mut self) -> io::Result<(TimedSocket, Caller)> {
        let count = self.listeners.len();
        let mut result = Err(ErrorKind::WouldBlock.into());
        for turn in 0..count {
            let TimedListener { listener, is_timed } = &self.listeners[(self.first + turn) % count];
            result = listener.accept().map(|accepted| {
                let socket = TimedSocket::new(accepted.socket, *is_timed, &self.options);
                (socket, accepted.caller)
            });
            if !matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock) {
                self.first = (self.first + turn + 1) % count;
                break;
            }
        }
        result
    }

    /// Until a connection is there or the stop is asked for, or one who was refused is to go.
    fn wait(&mut self) {
        let stop = PollFd::new(&self.stop, PollFlags::IN);
        let listeners = self.listeners.iter();
        let mut all: Vec<PollFd<'_>> = listeners
            .map(|timed| PollFd::new(&timed.listener, PollFlags::IN))
            .chain([stop])
            .chain(self.refused.ends())
            .collect();
        // Fails only when a signal comes in between.
        let _ = poll(&mut all, self.refused.patience().as_ref());
        drop(all);
        self.refused.see_off();
    }
}

/// `EINVAL` is what some kernels say of a UNIX socket that keeps newcomers out.
fn is_end_of_queue(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::InvalidInput
    )
}

#[cfg(test)]
mod tests;
