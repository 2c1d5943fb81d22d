//! What a driver drives: one client's connection, with TLS around it or without.

mod outgoing;
mod secured;

use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use self::secured::Secured;
use crate::connection::{Admitted, Connection, Need, Options};
use crate::date::Date;
use crate::push::{self, Stream};
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::route::Pause;
use crate::tls::Tls;

/// What goes on between a server and one client: HTTP and what may follow it, through TLS if the
/// server speaks it, or the push stream.
///
/// All ask for the same things in the same words, so that a driver need not know which it is:
/// [`Self::receive`] takes what the socket gave, [`Self::output`] is what the socket is to take.
/// Without TLS it costs a pointer.
#[derive(Debug)]
pub struct Session(Protocol);

#[derive(Debug)]
// Nearly all are the large one, and whoever has many boxes the session as a whole.
#[allow(clippy::large_enum_variant)]
enum Protocol {
    Http {
        connection: Connection,
        secured: Option<Box<Secured>>,
    },
    Push(Box<Stream>),
}

impl Session {
    /// A connection from `peer`, which has no address if it came over a UNIX socket.
    #[must_use]
    pub fn new(peer: Option<IpAddr>, options: Options, tls: Option<&Tls>) -> Self {
        Self(Protocol::Http {
            connection: Connection::new(peer, options),
            secured: tls.map(|tls| Box::new(Secured::new(tls, &options))),
        })
    }

    /// A client of the push stream, which is heard by nobody: what it sends is not read.
    #[must_use]
    pub fn push(options: push::Options) -> Self {
        Self(Protocol::Push(Box::new(Stream::new(options))))
    }

    /// As [`Connection::finish`]; a stream ends with the message under way.
    pub fn finish(&mut self) {
        match &mut self.0 {
            Protocol::Http { connection, .. } => connection.finish(),
            Protocol::Push(stream) => stream.finish(),
        }
    }

    /// Whether an answer has been begun. Before it the connection is new, whatever TLS has said.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        match &self.0 {
            Protocol::Http { connection, .. } => connection.has_answered(),
            Protocol::Push(_) => true,
        }
    }

    /// How long a client may take nothing of the output, given what a server grants in general. A
    /// stream that ends grants a moment only.
    #[must_use]
    pub fn write_timeout(&self, general: Duration) -> Duration {
        match &self.0 {
            Protocol::Http { .. } => general,
            Protocol::Push(stream) => stream.drop_after(),
        }
    }

    /// Takes bytes from the peer's socket.
    pub fn receive(&mut self, bytes: &[u8]) {
        if let Protocol::Http {
            connection,
            secured,
        } = &mut self.0
        {
            match secured {
                None => connection.receive(bytes),
                Some(secured) => secured.receive(bytes, connection),
            }
        }
    }

    /// As [`Connection::hears_meanwhile`].
    #[must_use]
    pub fn hears_meanwhile(&self) -> bool {
        match &self.0 {
            Protocol::Http { connection, .. } => connection.hears_meanwhile(),
            Protocol::Push(_) => false,
        }
    }

    /// As [`Connection::is_too_slow`].
    #[must_use]
    pub fn is_too_slow(&self) -> bool {
        match &self.0 {
            Protocol::Http { connection, .. } => connection.is_too_slow(),
            Protocol::Push(_) => false,
        }
    }

    /// The peer has closed its writing side; what it asked for is still answered.
    pub fn end_of_input(&mut self) {
        if let Protocol::Http {
            connection,
            secured,
        } = &mut self.0
        {
            if let Some(secured) = secured {
                secured.end_of_input();
            }
            connection.end_of_input();
        }
    }

    /// The phase's time is up.
    pub fn timed_out(&mut self, date: &Date) {
        if let Protocol::Http {
            connection,
            secured,
        } = &mut self.0
        {
            match secured {
                Some(secured) if secured.is_handshaking() => secured.give_up(),
                _ => connection.timed_out(date),
            }
        }
    }

    /// The answer to [`Need::Admission`]: as [`Connection::admit`].
    pub fn admit(&mut self, relay: &Arc<Relay>, waker: Waker, date: &Date) -> Admitted {
        match &mut self.0 {
            Protocol::Http { connection, .. } => connection.admit(relay, waker, date),
            Protocol::Push(_) => Admitted::Refused,
        }
    }

    /// The answer to [`Need::Admission`] of a model that cannot: as [`Connection::decline`].
    pub fn decline(&mut self, refusal: Refusal, date: &Date) {
        if let Protocol::Http { connection, .. } = &mut self.0 {
            connection.decline(refusal, date);
        }
    }

    /// The answer to [`Need::Time`]: the present, by the clock that is never set and by the wall
    /// clock, as a time since 1970.
    pub fn tell_time(&mut self, now: Instant, since_1970: Duration) {
        if let Protocol::Push(stream) = &mut self.0 {
            stream.tell_time(now, since_1970);
        }
    }

    /// The bytes to be written to the socket next, never empty after [`Need::Output`].
    #[must_use]
    pub fn output(&self) -> &[u8] {
        match &self.0 {
            Protocol::Http {
                connection,
                secured: None,
            } => connection.output(),
            Protocol::Http {
                secured: Some(secured),
                ..
            } => secured.output(),
            Protocol::Push(stream) => stream.output(),
        }
    }

    /// As [`Connection::is_followed_at_once`], but never through TLS: the peer's goodbye may come
    /// before the close and make it a reset, which bytes that are held back do not survive.
    #[must_use]
    pub fn is_followed_at_once(&self) -> bool {
        match &self.0 {
            Protocol::Http {
                connection,
                secured: None,
            } => connection.is_followed_at_once(),
            _ => false,
        }
    }

    /// `count` bytes of [`Self::output`] have been written.
    pub fn wrote(&mut self, count: usize) {
        match &mut self.0 {
            Protocol::Http {
                connection,
                secured: None,
            } => connection.wrote(count),
            Protocol::Http {
                secured: Some(secured),
                ..
            } => secured.wrote(count),
            Protocol::Push(stream) => stream.wrote(count),
        }
    }

    /// As [`Connection::take_log_line`].
    pub fn take_log_line(&mut self) -> Option<String> {
        match &mut self.0 {
            Protocol::Http { connection, .. } => connection.take_log_line(),
            Protocol::Push(_) => None,
        }
    }

    #[cfg(test)]
    fn secured(&self) -> &Secured {
        match &self.0 {
            Protocol::Http {
                secured: Some(secured),
                ..
            } => secured,
            _ => unreachable!("only sessions through TLS are asked"),
        }
    }

    /// Goes on as far as possible and says what is needed next. `date` is the present one.
    pub fn need(&mut self, date: &Date) -> Need {
        match &mut self.0 {
            Protocol::Http {
                connection,
                secured: None,
            } => connection.need(date),
            Protocol::Http {
                connection,
                secured: Some(secured),
            } => secured.need(connection, date),
            Protocol::Push(stream) => match stream.need() {
                push::Step::Output => Need::Output,
                push::Step::Time => Need::Time,
                push::Step::Wait(time) => Need::Pause(Pause::Wait(time)),
                // Nobody knows what the client may have sent.
                push::Step::Close => Need::Close { linger: true },
            },
        }
    }
}

#[cfg(test)]
mod tests;
