//! Moving bytes by telling the kernel what to do and hearing when it is done: io_uring(7).
//!
//! A connection is opened as with the other driver. From then on the kernel receives whatever
//! comes on it without being asked again, into a buffer that it takes when there is something to
//! put there; sending is asked for, and handed over with all that is asked for in the same turn.
//! A request on an open connection is thus no system call of its own, only a share of one.

// For sending, which points at bytes that must stay.
#![allow(unsafe_code)]

mod buffers;
mod ring;
mod token;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::mem::ManuallyDrop;
use std::time::Duration;

use rustix::io::Errno;
use socket2::Socket;

use super::driver::{Driver, Event, Progress, Start, Then};
use super::outgoing::Outgoing;
use crate::engine::socket::{self, Hop};

use buffers::{BufferId, Buffers};
use ring::{Completed, Ring};
use token::{Operation, Token};

pub(super) struct Completion<'a> {
    ring: Ring,
    /// What the kernel has done and is not worked off.
    completed: VecDeque<Completed>,
    /// What the kernel may write to or read from.
    shared: ManuallyDrop<Shared<'a>>,
    /// The buffer of the last event.
    lent: Option<BufferId>,
}

struct Shared<'a> {
    connections: Vec<Connection<'a>>,
    buffers: Buffers,
    /// What was being sent on connections that are closed, by the operations that have not
    /// completed yet: a few, for each was told to.
    kept: Vec<(Token, Outgoing<'a>)>,
}

#[derive(Default)]
struct Connection<'a> {
    socket: Option<Socket>,
    /// Counts the connections of this slot.
    generation: u32,
    is_connected: bool,
    outgoing: Outgoing<'a>,
    /// Whether the kernel is sending the first part of `outgoing`.
    is_sending: bool,
    /// Whether the kernel receives what comes.
    is_receiving: bool,
    /// The ring's turn in which something was asked for last.
    asked_in_turn: Option<u64>,
}

/// An [`Event`] that has not been given its bytes yet.
enum Happened {
    Nothing,
    Progress(Progress),
    Received {
        buffer: BufferId,
        count: usize,
        then: Then,
    },
    Ended,
    Failed(io::Error),
}

impl Completion<'_> {
    pub(super) fn new(slots: usize) -> io::Result<Self> {
        let ring = Ring::new(slots).map_err(explain)?;
        let buffers = Buffers::register(ring.inner(), slots).map_err(explain)?;
        Ok(Self {
            ring,
            completed: VecDeque::new(),
            shared: ManuallyDrop::new(Shared {
                connections: (0..slots).map(|_| Connection::default()).collect(),
                buffers,
                kept: Vec::new(),
            }),
            lent: None,
        })
    }

    fn work_off(&mut self, completed: Completed) -> Happened {
        let token = completed.token;
        let connection = &mut self.shared.connections[token.slot];
        if connection.generation != token.generation {
            self.let_go(completed);
            return Happened::Nothing;
        }
        match token.operation {
            Operation::Send => connection.sent(completed.result, token, &mut self.ring),
            Operation::Receive => self.received(completed),
            Operation::Cancel => Happened::Nothing,
        }
    }

    /// Takes back what an operation had of a connection that is closed.
    fn let_go(&mut self, completed: Completed) {
        if let Some(buffer) = completed.buffer {
            self.shared.buffers.give_back(buffer);
        }
        self.shared
            .kept
            .retain(|(token, _)| *token != completed.token);
    }

    fn received(&mut self, completed: Completed) -> Happened {
        let connection = &mut self.shared.connections[completed.token.slot];
        if completed.result.is_ok() && !connection.is_connected {
            // Whoever has ended it, or has said something, was there.
            connection.is_connected = true;
            self.completed.push_front(completed);
            return Happened::Progress(connection.progress());
        }
        connection.is_receiving = completed.is_more;
        match (completed.result, completed.buffer) {
            (Ok(count @ 1..), Some(buffer)) => {
                let then = self.what_follows(completed.token);
                if then == Then::Open {
                    self.receive(completed.token);
                }
                Happened::Received {
                    buffer,
                    count,
                    then,
                }
            }
            // There are buffers again when the kernel hears of it, for those that were filled are
            // worked off by then.
            (Err(Errno::NOBUFS), _) => {
                self.receive(completed.token);
                Happened::Nothing
            }
            (Ok(_), buffer) => {
                self.lent = buffer;
                Happened::Ended
            }
            (Err(error), _) => Happened::Failed(error.into()),
        }
    }

    /// What the kernel has found behind the bytes that it received last: it says so at once.
    fn what_follows(&mut self, token: Token) -> Then {
        match self.completed.front() {
            Some(next) if next.token == token => match next.result {
                Ok(0) => {
                    if let Some(buffer) = next.buffer {
                        self.shared.buffers.give_back(buffer);
                    }
                    self.shared.connections[token.slot].is_receiving = false;
                    self.completed.pop_front();
                    Then::Ended
                }
                Err(error) if error != Errno::NOBUFS => Then::Failed,
                _ => Then::Open,
            },
            _ => Then::Open,
        }
    }

    /// Has the kernel receive again if it has stopped.
    fn receive(&mut self, token: Token) {
        let connection = &mut self.shared.connections[token.slot];
        if let Some(socket) = &connection.socket
            && !connection.is_receiving
        {
            self.ring.receive(socket, token);
            connection.is_receiving = true;
            connection.asked_in_turn = Some(self.ring.turn());
        }
    }

    /// Lets the kernel use the buffer of the last event again.
    fn give_back(&mut self) {
        if let Some(buffer) = self.lent.take() {
            self.shared.buffers.give_back(buffer);
        }
    }
}

/// What keeps the system from offering io_uring, if that is what an error of its setup says.
fn explain(error: io::Error) -> io::Error {
    let lacks = match Errno::from_io_error(&error) {
        Some(Errno::NOSYS) => "this kernel has no io_uring",
        Some(Errno::PERM | Errno::ACCESS) => {
            "io_uring is forbidden here (sysctl kernel.io_uring_disabled, or a container's rules)"
        }
        Some(Errno::INVAL) => "the io_uring of this kernel is older than that of Linux 6.1",
        _ => return error,
    };
    io::Error::new(io::ErrorKind::Unsupported, lacks)
}

impl<'a> Driver<'a> for Completion<'a> {
    fn connect(&mut self, slot: usize, hop: Hop<'a>) -> io::Result<()> {
        let (socket, address) = socket::open(&hop)?;
        socket::connect(&socket, &address)?;
        self.shared.connections[slot].socket = Some(socket);
        Ok(())
    }

    fn send(&mut self, slot: usize, bytes: Cow<'a, [u8]>) -> io::Result<Progress> {
        let connection = &mut self.shared.connections[slot];
        connection.outgoing.push(bytes);
        let token = connection.token(slot, Operation::Send);
        connection.send(token, &mut self.ring);
        let progress = connection.progress();
        // Behind the first bytes, so that the kernel tells of those first.
        self.receive(Token {
            operation: Operation::Receive,
            ..token
        });
        Ok(progress)
    }

    fn unsent_bytes(&self, slot: usize) -> usize {
        self.shared.connections[slot].outgoing.bytes()
    }

    fn is_connected(&self, slot: usize) -> bool {
        self.shared.connections[slot].is_connected
    }

    fn close(&mut self, slot: usize) {
        let shared = &mut *self.shared;
        let connection = &mut shared.connections[slot];
        if connection.asked_in_turn == Some(self.ring.turn()) {
            // By its descriptor, which may be the next connection's in a moment.
            self.ring.end_turn();
        }
        if connection.is_receiving {
            self.ring.cancel(connection.token(slot, Operation::Receive));
        }
        if connection.is_sending {
            let token = connection.token(slot, Operation::Send);
            self.ring.cancel(token);
            let outgoing = std::mem::take(&mut connection.outgoing);
            shared.kept.push((token, outgoing));
        }
        *connection = Connection {
            generation: connection.generation.wrapping_add(1),
            ..Connection::default()
        };
    }

    fn wait(&mut self, timeout: Duration, start: Option<Start>) -> io::Result<()> {
        self.give_back();
        let after = start.map_or(Duration::MAX, |start| start.after);
        self.ring.wait(timeout.min(after), &mut self.completed)
    }

    fn next(&mut self) -> Option<(usize, Event<'_>)> {
        self.give_back();
        loop {
            let completed = self.completed.pop_front()?;
            let event = match self.work_off(completed) {
                Happened::Nothing => continue,
                Happened::Progress(progress) => Event::Progress(progress),
                Happened::Received {
                    buffer,
                    count,
                    then,
                } => {
                    self.lent = Some(buffer);
                    Event::Received {
                        bytes: self.shared.buffers.bytes(buffer, count),
                        then,
                    }
                }
                Happened::Ended => Event::Ended,
                Happened::Failed(error) => Event::Failed(error),
            };
            return Some((completed.token.slot, event));
        }
    }
}

impl Drop for Completion<'_> {
    fn drop(&mut self) {
        for slot in 0..self.shared.connections.len() {
            self.close(slot);
        }
        if self.ring.quiesce() {
            // SAFETY: not used after this.
            unsafe {
                ManuallyDrop::drop(&mut self.shared);
            }
        }
    }
}

impl Connection<'_> {
    fn token(&self, slot: usize, operation: Operation) -> Token {
        Token {
            slot,
            generation: self.generation,
            operation,
        }
    }

    /// Has the kernel send the next part, if there is one and it is not sending another.
    fn send(&mut self, token: Token, ring: &mut Ring) {
        let Some(socket) = &self.socket else {
            return;
        };
        if let Some(bytes) = self.outgoing.next()
            && !self.is_sending
        {
            // SAFETY: a part stays in `outgoing` until it is sent, and its bytes stay where they are
            // when `outgoing` moves. When the connection is closed before, it is kept until the
            // operation has completed.
            unsafe {
                ring.send(socket, bytes, token);
            }
            self.is_sending = true;
            self.asked_in_turn = Some(ring.turn());
        }
    }

    fn sent(&mut self, result: Result<usize, Errno>, token: Token, ring: &mut Ring) -> Happened {
        self.is_sending = false;
        match result {
            Ok(count) => {
                self.is_connected = true;
                self.outgoing.wrote(count);
                self.send(token, ring);
                Happened::Progress(self.progress())
            }
            Err(error) => Happened::Failed(error.into()),
        }
    }

    fn progress(&self) -> Progress {
        self.outgoing.progress(self.is_connected)
    }
}

#[cfg(test)]
mod tests;
