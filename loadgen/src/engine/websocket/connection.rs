//! A connection whose reads and writes block, each for a tick at most. Somebody is asked whether to
//! go on when a tick has passed, and also when something was moved and it was not enough: a server
//! that says a little all the time has no more time than one that says nothing.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket;

use super::endpoint::Endpoint;
use super::failed::Failed;
use super::framing::Received;
use super::line::Line;
use crate::engine::failure::{self, Phase};
use crate::engine::socket::{self, ATTEMPT_LONGEST, Hop};
use crate::outcome::Cause;

/// Bytes read at a time.
pub(super) const BUFFER_BYTES: usize = 64 * 1024;

/// Why a connection is not waited for any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It has failed.
    Failed(Failed),
    /// The run is over.
    Over,
}

/// Whether to go on with what is under way in this phase.
pub(super) type Patience<'p> = &'p mut dyn FnMut(Phase) -> Result<(), Stop>;

#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    pub(super) endpoint: Endpoint,
    /// The server has ended its side.
    pub(super) has_ended: bool,
    /// What was sent ends in the middle of something: nothing can be said any more.
    is_cut: bool,
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Self {
        Self::Failed(cause.into())
    }
}

impl Connection {
    /// Connects `endpoint` along `line`, to the destination that could be reached last, else to the
    /// next one.
    pub(super) fn open(
        line: &Line<'_>,
        endpoint: Endpoint,
        tick: Duration,
        patience: Patience<'_>,
    ) -> Result<Self, Stop> {
        let (first, count) = (line.destination(), line.destinations());
        let mut cause = Cause::Dns;
        for attempt in 1..=count {
            let destination = (first + attempt - 1) % count;
            let limit = (attempt < count).then_some(ATTEMPT_LONGEST);
            match connect(&line.hop(destination)?, limit, tick, patience)? {
                Ok(socket) => {
                    line.reached(destination);
                    return Ok(Self {
                        socket,
                        endpoint,
                        has_ended: false,
                        is_cut: false,
                    });
                }
                Err(error) => cause = failure::cause(Phase::Connecting, &error),
            }
        }
        Err(cause.into())
    }

    /// One step toward a connection on which messages can be sent; whether it is the last.
    pub(super) fn opens(
        &mut self,
        buffer: &mut [u8],
        patience: Patience<'_>,
    ) -> Result<bool, Stop> {
        if self.endpoint.has_outgoing() {
            self.flush(patience)?;
        }
        if self.endpoint.upgrade()? {
            return Ok(true);
        }
        self.read(buffer, patience)?;
        patience(self.phase(Phase::Receiving))?;
        Ok(false)
    }

    /// The next message, once it is there whole.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        patience: Patience<'_>,
    ) -> Result<Received, Stop> {
        if let Some(message) = self.next(patience)? {
            return Ok(message);
        }
        loop {
            self.read(buffer, patience)?;
            if let Some(message) = self.next(patience)? {
                return Ok(message);
            }
            patience(self.phase(Phase::Receiving))?;
        }
    }

    /// The next message, if it is there whole.
    fn next(&mut self, patience: Patience<'_>) -> Result<Option<Received>, Stop> {
        let next = self.endpoint.next();
        // What the protocol answers by itself, above all before the end, which is what counts then.
        let answered = match self.endpoint.has_outgoing() {
            true => self.flush(patience),
            false => Ok(()),
        };
        let message = next?;
        answered.map(|()| message)
    }

    /// Takes what has come, waiting for it if nothing has.
    pub(super) fn read(&mut self, buffer: &mut [u8], patience: Patience<'_>) -> Result<(), Stop> {
        if self.has_ended || self.endpoint.has_ended() {
            self.has_ended = true;
            return Err(self.endpoint.end().into());
        }
        loop {
            return match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => {
                    self.has_ended = true;
                    Err(self.endpoint.end().into())
                }
                Ok((count, _)) => Ok(self.endpoint.hear(&buffer[..count])?),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => {
                    patience(self.phase(Phase::Receiving))?;
                    continue;
                }
                Err(error) => {
                    Err(failure::cause(self.phase(Phase::Receiving), &error.into()).into())
                }
            };
        }
    }

    /// Passes over what comes, until the server has ended its side or patience.
    pub(super) fn until_ended(self, buffer: &mut [u8], patience: Patience<'_>) {
        while patience(Phase::Receiving).is_ok() {
            match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return,
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Sends what is to be sent.
    pub(super) fn flush(&mut self, patience: Patience<'_>) -> Result<(), Stop> {
        let bytes = self.endpoint.take_outgoing();
        let mut rest = bytes.as_slice();
        let sent = self.send(&mut rest, patience);
        if !rest.is_empty() {
            self.is_cut = true;
            self.endpoint.note_unsent(rest.len());
        }
        self.endpoint.give_back(bytes);
        sent
    }

    /// Sends what is in `rest`, in which only what was not sent remains.
    fn send(&self, rest: &mut &[u8], patience: Patience<'_>) -> Result<(), Stop> {
        while !rest.is_empty() {
            match send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(count) if count == rest.len() => *rest = &[],
                Ok(count) => {
                    *rest = &rest[count..];
                    patience(self.phase(Phase::Sending))?;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => patience(self.phase(Phase::Sending))?,
                Err(error) => {
                    let cause = failure::cause(self.phase(Phase::Sending), &error.into());
                    return Err(cause.into());
                }
            }
        }
        Ok(())
    }

    /// Tells the server that the connection will be closed, and closes it. What does not leave at
    /// once does not leave.
    pub(super) fn close(mut self) {
        if self.is_cut {
            return;
        }
        self.endpoint.close();
        let bytes = self.endpoint.farewell();
        let _ = send(
            &self.socket,
            &bytes,
            SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
        );
    }

    /// The phase that something is in, unless the connection is not secured yet.
    fn phase(&self, otherwise: Phase) -> Phase {
        match self.endpoint.is_plain() || self.endpoint.secured().is_some() {
            true => otherwise,
            false => Phase::Securing,
        }
    }
}

/// A socket that is connected along `hop`, within `limit` if there is one, or why there is none.
fn connect(
    hop: &Hop<'_>,
    limit: Option<Duration>,
    tick: Duration,
    patience: Patience<'_>,
) -> Result<io::Result<Socket>, Stop> {
    let began = Instant::now();
    let socket = match begin(hop) {
        Ok(socket) => socket,
        Err(error) => return Ok(Err(error)),
    };
    let time = Timespec::try_from(tick).unwrap_or_default();
    loop {
        match is_connecting(&socket, &time) {
            Ok(false) => return Ok(set_up(socket, tick)),
            Ok(true) => patience(Phase::Connecting)?,
            Err(error) => return Ok(Err(error)),
        }
        if limit.is_some_and(|limit| began.elapsed() >= limit) {
            return Ok(Err(ErrorKind::TimedOut.into()));
        }
    }
}

/// A socket that is being connected.
fn begin(hop: &Hop<'_>) -> io::Result<Socket> {
    let (socket, address) = socket::open(hop)?;
    socket::connect(&socket, &address)?;
    Ok(socket)
}

/// The same once it is connected, if it is, so that it blocks for a tick at most.
fn set_up(socket: Socket, tick: Duration) -> io::Result<Socket> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(tick))?;
    socket.set_write_timeout(Some(tick))?;
    Ok(socket)
}

/// Whether a connection is still being opened after so long.
fn is_connecting(socket: &Socket, time: &Timespec) -> io::Result<bool> {
    let mut sources = [PollFd::new(socket, PollFlags::OUT)];
    match poll(&mut sources, Some(time)) {
        Ok(count) => Ok(count == 0),
        Err(error) if io::Error::from(error).kind() == ErrorKind::Interrupted => Ok(true),
        Err(error) => Err(error.into()),
    }
}
