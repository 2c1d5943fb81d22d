//! A connection that is being opened: from its first byte to what it is opened for.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use socket2::Socket;

use super::Kind;
use super::bytes::{SLOW_BYTES, read, write};
use super::conversation::Conversation;
use crate::engine::failure::{self, Phase};
use crate::engine::fast::transport::Setup;
use crate::outcome::Cause;

pub(super) struct Beginning {
    pub(super) turn: Turn,
    pub(super) is_connected: bool,
    pub(super) conversation: Conversation,
}

/// An attempt to connect.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// When the first attempt was made.
    pub(super) began: Instant,
    /// The place of the destination that is tried.
    pub(super) destination: usize,
    /// How many were tried, this one included.
    pub(super) attempts: usize,
}

/// What a connection is opened for has come.
pub(super) struct Reached {
    pub(super) status: u16,
    /// Whether the answer is whole.
    pub(super) is_whole: bool,
    /// Whether the server leaves the connection open after it, as far as that is known.
    pub(super) keep_alive: bool,
}

impl Beginning {
    /// Writes and reads as much as there is, until there is what the connection is opened for: a
    /// whole answer, or of one that is to be read slowly the head.
    ///
    /// # Errors
    ///
    /// Why it will not come.
    pub(super) fn advance(
        &mut self,
        kind: Kind,
        socket: &Socket,
        setup: &Setup<'_>,
        request: &[u8],
        buffer: &mut [u8],
    ) -> Result<Option<Reached>, Cause> {
        let buffer = match kind {
            Kind::Idle => buffer,
            Kind::SlowReader => &mut buffer[..SLOW_BYTES],
        };
        loop {
            self.write(socket)?;
            if !self.is_connected {
                return Ok(None);
            }
            let phase = self.phase();
            let received = read(socket, buffer).map_err(|error| failure::cause(phase, &error))?;
            let count = match received {
                None => return Ok(None),
                Some(0) => {
                    let answer = self.conversation.ends()?;
                    return Ok(Some(Reached {
                        status: answer.status,
                        is_whole: true,
                        keep_alive: false,
                    }));
                }
                Some(count) => count,
            };
            let reached = self.hear(kind, &buffer[..count])?;
            if reached.is_some() {
                return Ok(reached);
            }
            self.conversation.speak(setup, request)?;
        }
    }

    fn hear(&mut self, kind: Kind, bytes: &[u8]) -> Result<Option<Reached>, Cause> {
        if let Some(answer) = self.conversation.hear(bytes)? {
            return Ok(Some(Reached {
                status: answer.status,
                is_whole: true,
                keep_alive: answer.keep_alive,
            }));
        }
        let status = self.conversation.status();
        let status = status.filter(|_| kind == Kind::SlowReader);
        Ok(status.map(|status| Reached {
            status,
            is_whole: false,
            keep_alive: true,
        }))
    }

    fn write(&mut self, socket: &Socket) -> Result<(), Cause> {
        match write(socket, &mut self.conversation.unsent) {
            Ok(count) => self.is_connected |= count > 0,
            // Linux says ENOTCONN or EAGAIN of a connection that is not open yet.
            Err(error) if !self.is_connected && error.kind() == ErrorKind::NotConnected => {}
            Err(error) => return Err(failure::cause(self.phase(), &error)),
        }
        Ok(())
    }

    /// Whether it has taken as long as `limit`.
    pub(super) fn has_taken(&self, limit: Duration) -> bool {
        self.turn.began.elapsed() >= limit
    }

    /// How far it has come.
    pub(super) fn phase(&self) -> Phase {
        match self.is_connected {
            true => self.conversation.phase(),
            false => Phase::Connecting,
        }
    }
}
