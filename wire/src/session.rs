//! One server connection with TLS around it, or without: what a driver drives.

mod outgoing;
mod secured;

use std::net::IpAddr;

use self::secured::Secured;
use crate::connection::{Connection, Need, Options};
use crate::date::Date;
use crate::tls::Tls;

/// A [`Connection`] whose bytes go through TLS if the server speaks it.
///
/// It asks for the same things in the same words, so that a driver need not know which it is:
/// [`Self::receive`] takes what the socket gave, [`Self::output`] is what the socket is to take.
/// Without TLS it costs a pointer.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    secured: Option<Box<Secured>>,
}

impl Session {
    /// A connection from `peer`, which has no address if it came over a UNIX socket.
    #[must_use]
    pub fn new(peer: Option<IpAddr>, options: Options, tls: Option<&Tls>) -> Self {
        Self {
            connection: Connection::new(peer, options),
            secured: tls.map(|tls| Box::new(Secured::new(tls, &options))),
        }
    }

    /// As [`Connection::finish`].
    pub fn finish(&mut self) {
        self.connection.finish();
    }

    /// Whether an answer has been begun. Before it the connection is new, whatever TLS has said.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.connection.has_answered()
    }

    /// Takes bytes from the peer's socket.
    pub fn receive(&mut self, bytes: &[u8]) {
        match &mut self.secured {
            None => self.connection.receive(bytes),
            Some(secured) => secured.receive(bytes, &mut self.connection),
        }
    }

    /// The peer has closed its writing side; what it asked for is still answered.
    pub fn end_of_input(&mut self) {
        if let Some(secured) = &mut self.secured {
            secured.end_of_input();
        }
        self.connection.end_of_input();
    }

    /// The phase's time is up.
    pub fn timed_out(&mut self, date: &Date) {
        match &mut self.secured {
            Some(secured) if secured.is_handshaking() => secured.give_up(),
            _ => self.connection.timed_out(date),
        }
    }

    /// The bytes to be written to the socket next, never empty after [`Need::Output`].
    #[must_use]
    pub fn output(&self) -> &[u8] {
        match &self.secured {
            None => self.connection.output(),
            Some(secured) => secured.output(),
        }
    }

    /// As [`Connection::is_followed_at_once`], but never through TLS: the peer's goodbye may come
    /// before the close and make it a reset, which bytes that are held back do not survive.
    #[must_use]
    pub fn is_followed_at_once(&self) -> bool {
        self.secured.is_none() && self.connection.is_followed_at_once()
    }

    /// `count` bytes of [`Self::output`] have been written.
    pub fn wrote(&mut self, count: usize) {
        match &mut self.secured {
            None => self.connection.wrote(count),
            Some(secured) => secured.wrote(count),
        }
    }

    /// As [`Connection::take_log_line`].
    pub fn take_log_line(&mut self) -> Option<String> {
        self.connection.take_log_line()
    }

    /// Goes on as far as possible and says what is needed next. `date` is the present one.
    pub fn need(&mut self, date: &Date) -> Need {
        match &mut self.secured {
            None => self.connection.need(date),
            Some(secured) => secured.need(&mut self.connection, date),
        }
    }
}

#[cfg(test)]
mod tests;
