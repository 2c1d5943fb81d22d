//! Moving bytes when the kernel says that it can be done: epoll, by way of `mio`.
//!
//! The system calls of one request on an open connection are one write and one read, and a share
//! of a wait. A new connection adds socket, connect, setsockopt, registration and close; the
//! request is written without waiting to be told that it can be, since on a fast network the
//! connection is open by then.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket;

use super::driver::{Driver, Event, Progress, Start, Then};
use super::outgoing::Outgoing;
use crate::engine::socket::{self, Hop};
use crate::system::timer::Timer;

/// Events taken from the kernel at a time.
const EVENTS_MAX: usize = 1024;

/// Bytes read at a time. One buffer serves all connections of a worker.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bits of a token that hold the slot; the others hold its generation.
const SLOT_BITS: u32 = 32;

/// The timer's token, which is no slot's.
const TIMER: Token = Token(usize::MAX);

pub(in crate::engine) struct Readiness<'a> {
    poll: Poll,
    /// Ends waits more exactly than a poll's timeout does, if that is called for.
    timer: Option<Timer>,
    /// The start that it will end a wait for. An answer may do so before, and the start be the
    /// same.
    armed_for_ns: Option<u64>,
    events: Events,
    /// What `events` held and is not worked off; more than one thing may be done about each.
    ready: VecDeque<Ready>,
    connections: Vec<Connection<'a>>,
    buffer: Box<[u8]>,
}

#[derive(Default)]
struct Connection<'a> {
    socket: Option<Socket>,
    /// Counts the connections of this slot, so that an event of a closed one is known as such.
    generation: u32,
    is_connected: bool,
    outgoing: Outgoing<'a>,
    watch: Watch,
}

/// What the kernel is to tell of a connection.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Watch {
    #[default]
    Nothing,
    Reading,
    /// Writing too: not before it was once impossible.
    ReadingAndWriting,
}

/// What the kernel said of a connection.
#[derive(Clone, Copy)]
struct Ready {
    slot: usize,
    generation: u32,
    writable: bool,
    readable: bool,
    /// What follows once the socket is empty.
    then: Then,
}

/// An [`Event`] that has not been given its bytes yet.
enum Happened {
    Nothing,
    Progress(Progress),
    Received { count: usize, then: Then },
    Ended,
    Failed(io::Error),
}

impl Readiness<'_> {
    /// For so many connections; with `is_exact` waits for a start end to the microsecond, for a
    /// system call more each start, and others to the millisecond.
    pub(in crate::engine) fn new(slots: usize, is_exact: bool) -> io::Result<Self> {
        let poll = Poll::new()?;
        let timer = match is_exact {
            true => Some(watched_timer(&poll)?),
            false => None,
        };
        Ok(Self {
            poll,
            timer,
            armed_for_ns: None,
            events: Events::with_capacity(EVENTS_MAX),
            ready: VecDeque::with_capacity(EVENTS_MAX),
            connections: (0..slots).map(|_| Connection::default()).collect(),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        })
    }

    /// Has the timer end a wait at `start`, unless it will.
    fn arm(&mut self, start: Start) -> io::Result<()> {
        if let Some(timer) = &self.timer
            && !start.after.is_zero()
            && self.armed_for_ns != Some(start.at_ns)
        {
            timer.arm(start.after)?;
            self.armed_for_ns = Some(start.at_ns);
        }
        Ok(())
    }

    /// Does one thing that `ready` allows and puts back what is left of it.
    fn work_off(&mut self, ready: Ready) -> (usize, Happened) {
        let connection = &mut self.connections[ready.slot];
        if connection.generation != ready.generation || connection.socket.is_none() {
            return (ready.slot, Happened::Nothing);
        }
        // What can be written to is open, unless it has failed, which reading tells.
        let opens = !connection.is_connected && ready.then != Then::Failed;
        let happened = if ready.writable && (opens || !connection.outgoing.is_empty()) {
            connection.is_connected |= opens;
            if ready.readable {
                self.ready.push_front(Ready {
                    writable: false,
                    ..ready
                });
            }
            connection.write()
        } else if ready.readable {
            let happened = connection.read(&mut self.buffer, ready.then);
            let is_more_to_read = match happened {
                Happened::Received { count, then } => {
                    count == self.buffer.len() || then == Then::Failed
                }
                _ => false,
            };
            if is_more_to_read {
                self.ready.push_front(ready);
            }
            happened
        } else {
            Happened::Nothing
        };
        (ready.slot, happened)
    }
}

impl<'a> Driver<'a> for Readiness<'a> {
    fn connect(&mut self, slot: usize, hop: Hop<'a>) -> io::Result<()> {
        let (socket, address) = socket::open(&hop)?;
        socket::connect(&socket, &address)?;
        let connection = &mut self.connections[slot];
        *connection = Connection {
            socket: Some(socket),
            generation: connection.generation.wrapping_add(1),
            ..Connection::default()
        };
        Ok(())
    }

    fn send(&mut self, slot: usize, bytes: Cow<'a, [u8]>) -> io::Result<Progress> {
        let connection = &mut self.connections[slot];
        connection.outgoing.push(bytes);
        let progress = connection.send()?;
        connection.watch(&self.poll, slot, progress != Progress::Sent)?;
        Ok(progress)
    }

    fn unsent_bytes(&self, slot: usize) -> usize {
        self.connections[slot].outgoing.bytes()
    }

    fn is_connected(&self, slot: usize) -> bool {
        self.connections[slot].is_connected
    }

    fn close(&mut self, slot: usize) {
        let connection = &mut self.connections[slot];
        // Closing the descriptor also takes it out of the kernel's list.
        connection.socket = None;
        connection.is_connected = false;
        connection.outgoing = Outgoing::default();
    }

    fn wait(&mut self, timeout: Duration, start: Option<Start>) -> io::Result<()> {
        let timeout = match start {
            Some(start) => {
                self.arm(start)?;
                timeout.min(start.after)
            }
            None => timeout,
        };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &self.events {
            match event.token() {
                TIMER => self.armed_for_ns = None,
                _ => self.ready.push_back(Ready::from(event)),
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Option<(usize, Event<'_>)> {
        loop {
            let ready = self.ready.pop_front()?;
            let (slot, happened) = self.work_off(ready);
            let event = match happened {
                Happened::Nothing => continue,
                Happened::Progress(progress) => Event::Progress(progress),
                Happened::Received { count, then } => Event::Received {
                    bytes: &self.buffer[..count],
                    then,
                },
                Happened::Ended => Event::Ended,
                Happened::Failed(error) => Event::Failed(error),
            };
            return Some((slot, event));
        }
    }
}

/// A timer whose expiry ends the poll's waits.
fn watched_timer(poll: &Poll) -> io::Result<Timer> {
    let timer = Timer::new()?;
    let mut source = SourceFd(&timer.as_raw_fd());
    let registry = poll.registry();
    registry.register(&mut source, TIMER, Interest::READABLE)?;
    Ok(timer)
}

impl From<&mio::event::Event> for Ready {
    fn from(event: &mio::event::Event) -> Self {
        let Token(token) = event.token();
        Self {
            slot: token & ((1 << SLOT_BITS) - 1),
            generation: (token >> SLOT_BITS) as u32,
            writable: event.is_writable() || event.is_error(),
            readable: event.is_readable() || event.is_error() || event.is_read_closed(),
            // A reset closes both sides as well: the error says more.
            then: match (event.is_error(), event.is_read_closed()) {
                (true, _) => Then::Failed,
                (false, true) => Then::Ended,
                (false, false) => Then::Open,
            },
        }
    }
}

impl Connection<'_> {
    /// Sees to it that the kernel tells of this connection what has to be known.
    fn watch(&mut self, poll: &Poll, slot: usize, writing: bool) -> io::Result<()> {
        let (wanted, interest) = match writing {
            true => (
                Watch::ReadingAndWriting,
                Interest::READABLE | Interest::WRITABLE,
            ),
            false => (Watch::Reading, Interest::READABLE),
        };
        let token = Token(slot | (self.generation as usize) << SLOT_BITS);
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        let descriptor = socket.as_raw_fd();
        let mut source = SourceFd(&descriptor);
        match (self.watch, wanted) {
            (Watch::Nothing, _) => poll.registry().register(&mut source, token, interest)?,
            (Watch::Reading, Watch::ReadingAndWriting) => {
                poll.registry().reregister(&mut source, token, interest)?;
            }
            // Being told more than is needed costs less than to ask for less.
            _ => return Ok(()),
        }
        self.watch = wanted;
        Ok(())
    }

    /// Writes as much of what is to be sent as the kernel takes.
    fn send(&mut self) -> io::Result<Progress> {
        let Some(socket) = &self.socket else {
            return Err(ErrorKind::NotConnected.into());
        };
        while let Some(bytes) = self.outgoing.next() {
            match send(socket, bytes, SendFlags::NOSIGNAL) {
                Ok(count) => {
                    self.is_connected = true;
                    self.outgoing.wrote(count);
                }
                Err(Errno::INTR) => {}
                // Linux says ENOTCONN or EAGAIN of a connection that is not open yet.
                Err(Errno::AGAIN) => break,
                Err(Errno::NOTCONN) if !self.is_connected => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.outgoing.progress(self.is_connected))
    }

    fn write(&mut self) -> Happened {
        match self.send() {
            Ok(Progress::Connecting) => Happened::Nothing,
            Ok(progress) => Happened::Progress(progress),
            Err(error) => Happened::Failed(error),
        }
    }

    fn read(&mut self, buffer: &mut [u8], then: Then) -> Happened {
        let Some(socket) = &self.socket else {
            return Happened::Nothing;
        };
        loop {
            return match recv(socket, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => Happened::Ended,
                // After a short read the socket is empty, so that what the kernel said of the
                // connection follows at once.
                Ok((count, _)) if count < buffer.len() => Happened::Received { count, then },
                Ok((count, _)) => Happened::Received {
                    count,
                    then: Then::Open,
                },
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => Happened::Nothing,
                Err(error) => Happened::Failed(error.into()),
            };
        }
    }
}
