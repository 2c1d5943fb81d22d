//! One client and the place where its session lies while its thread listens.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use server_common::clock;
use socket2::Socket;
use wire::connection::Need;
use wire::session::Session;

use super::Laggards;

/// Most writes of another thread in a row: further mail may come as quickly as it is written, and
/// that thread has a client of its own.
const WRITES_PER_TURN_MAX: usize = 16;

/// What the threads know of a client that may want to write to it.
#[derive(Debug)]
pub(crate) struct Client {
    desk: Mutex<Desk>,
    socket: Arc<Socket>,
    laggards: Arc<Laggards>,
}

#[derive(Debug, Default)]
struct Desk {
    /// Here while its thread listens, and then it has looked at all that it has received. If it is
    /// not, its thread has it and looks for mail before it lends it again, or it is over.
    session: Option<Box<Session>>,
    /// Whether something was written since it was lent.
    was_written: bool,
    /// Whether the laggards' thread sees to it.
    is_behind: bool,
}

/// How far somebody came who went on with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing is left to be written, or its own thread has it.
    UpToDate,
    /// There is more than the socket takes.
    Behind {
        /// Whether it took something, and is not too slow all the same.
        has_more_time: bool,
    },
    /// The last word is written.
    Over,
    /// It cannot be written to, and its thread has been woken to find that out.
    Gone,
}

impl Client {
    pub(crate) fn new(socket: Arc<Socket>, laggards: &Arc<Laggards>) -> Arc<Self> {
        Arc::new(Self {
            desk: Mutex::default(),
            socket,
            laggards: Arc::clone(laggards),
        })
    }

    /// Lets others go on with the session, which has asked for input. It comes back at once if
    /// there is mail that has come since.
    pub(crate) fn lend(&self, mut session: Box<Session>) -> Result<(), Box<Session>> {
        let mut desk = self.desk();
        let Need::Input { .. } = session.need(&clock::date()) else {
            return Err(session);
        };
        desk.session = Some(session);
        desk.was_written = false;
        Ok(())
    }

    /// Takes the session back, with whether something was written meanwhile; `None` if others have
    /// found that it is over.
    pub(crate) fn take_back(&self) -> Option<(Box<Session>, bool)> {
        let mut desk = self.desk();
        let session = desk.session.take()?;
        Some((session, desk.was_written))
    }

    /// Has one who is behind go on, as far as its socket takes it.
    pub(super) fn attend(&self) -> Turn {
        let mut desk = self.desk();
        let turn = self.go_on(&mut desk);
        desk.is_behind = matches!(turn, Turn::Behind { .. });
        if turn == Turn::Over {
            desk.session = None;
            // Its thread ends when the client has heard it, or is cut.
            let _ = self.socket.shutdown(Shutdown::Write);
        }
        turn
    }

    /// Ends its connection, and so its thread's read.
    pub(super) fn cut(&self) {
        self.end(&mut self.desk());
    }

    fn end(&self, desk: &mut Desk) {
        desk.session = None;
        // Whatever has ended it already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn go_on(&self, desk: &mut Desk) -> Turn {
        let Some(session) = &mut desk.session else {
            return Turn::UpToDate;
        };
        // A panic, which has told of itself, is this client's end and not that of who writes.
        let turn = catch_unwind(AssertUnwindSafe(|| self.write(session)));
        match turn {
            Ok(Ok((turn, was_written))) => {
                desk.was_written |= was_written;
                turn
            }
            _ => {
                self.end(desk);
                Turn::Gone
            }
        }
    }

    /// Writes what there is, without waiting.
    fn write(&self, session: &mut Session) -> io::Result<(Turn, bool)> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let mut was_written = false;
        for _ in 0..WRITES_PER_TURN_MAX {
            match session.need(&clock::date()) {
                Need::Output => match send(&*self.socket, session.output(), flags) {
                    Ok(count) => {
                        session.wrote(count);
                        was_written = true;
                    }
                    Err(Errno::AGAIN) => break,
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                },
                Need::Close { .. } => return Ok((Turn::Over, was_written)),
                // Input: it asks for nothing else when there is none that it has not seen.
                _ => return Ok((Turn::UpToDate, was_written)),
            }
        }
        // One who is too slow has the time that is left, however little is taken in it at a time.
        let has_more_time = was_written && !session.is_too_slow();
        Ok((Turn::Behind { has_more_time }, was_written))
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Others have sent something: runs on the sender's thread.
impl Wake for Client {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut desk = self.desk();
        if desk.is_behind {
            return;
        }
        if let Turn::Behind { .. } | Turn::Over = self.go_on(&mut desk) {
            desk.is_behind = true;
            if self.laggards.enter(Arc::clone(self)).is_err() {
                self.end(&mut desk);
            }
        }
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
