//! A stream of bytes as a stream of requests.

use crate::body::{BodyDecoder, ChunkError, Framing};
use crate::limits::BODY_BYTES_MAX;
use crate::refusal::Refusal;
use crate::request::{Parsed, Request};

/// What comes next on a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A request begins.
    Head(Request),
    /// Some of its body, never empty.
    Body(&'a [u8]),
    /// The request is complete; the next may follow.
    End,
}

/// What the connection is waiting for, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The client's part of a TLS handshake. It is not the reader's but the session's.
    Handshake,
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body {
        /// How much of it has come.
        received_bytes: u64,
    },
    /// A sign of life from a WebSocket client that has been asked for one.
    Pong,
    /// The rest of a WebSocket message.
    Message {
        /// How many have come before it, which tells it from the next.
        number: u64,
        /// How much of it has come.
        received_bytes: u64,
    },
}

/// Reads requests, one after another, from bytes that arrive in pieces of any size.
///
/// It keeps no bytes: what cannot be taken yet stays at the front of the caller's buffer.
#[derive(Debug, Default)]
pub struct RequestReader {
    state: State,
}

#[derive(Debug)]
enum State {
    /// In a head of which so many bytes were found incomplete.
    Head { searched_bytes: usize },
    Body {
        decoder: BodyDecoder,
        received_bytes: u64,
    },
}

impl Default for State {
    fn default() -> Self {
        Self::Head { searched_bytes: 0 }
    }
}

impl RequestReader {
    /// A reader at the start of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event from the front of `input`; `None` means that more bytes are needed.
    ///
    /// # Errors
    ///
    /// The refusal with which the connection must end. It is final: do not call again.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>, Refusal> {
        match &mut self.state {
            State::Head { searched_bytes } => match Request::parse(input, *searched_bytes) {
                Parsed::Complete(request) => {
                    *input = &input[request.head_bytes..];
                    self.state = State::Body {
                        decoder: BodyDecoder::of_request(request.framing),
                        received_bytes: 0,
                    };
                    Ok(Some(Event::Head(request)))
                }
                Parsed::Incomplete => {
                    *searched_bytes = input.len();
                    Ok(None)
                }
                Parsed::Malformed(refusal) => Err(refusal),
            },
            State::Body {
                decoder,
                received_bytes,
            } => {
                let data = decoder
                    .next(input)
                    .map_err(|ChunkError(detail)| Refusal::bad_request(detail))?;
                if let Some(data) = data {
                    *received_bytes += data.len() as u64;
                    if *received_bytes > BODY_BYTES_MAX {
                        return Err(Refusal::BODY_TOO_LARGE);
                    }
                    return Ok(Some(Event::Body(data)));
                }
                if decoder.is_done() {
                    self.state = State::default();
                    return Ok(Some(Event::End));
                }
                Ok(None)
            }
        }
    }

    /// What the next bytes belong to.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Head { searched_bytes: 0 } => Phase::Idle,
            State::Head { .. } => Phase::Head,
            State::Body { received_bytes, .. } => Phase::Body {
                received_bytes: *received_bytes,
            },
        }
    }
}

impl Framing {
    /// Whether a message framed so carries a body at all.
    #[must_use]
    pub fn has_body(self) -> bool {
        self != Self::Empty
    }
}

#[cfg(test)]
mod tests;
