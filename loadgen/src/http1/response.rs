//! One answer out of the bytes of a connection.

use wire::body::BodyDecoder;

use super::body_check::BodyCheck;
use super::head::{HEAD_BYTES_MAX, Head};
use crate::outcome::Cause;

/// What was asked, as far as reading the answer depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whether the method was HEAD: the answer ends with its head.
    pub is_head: bool,
    /// The body that is expected, to be compared as it arrives.
    pub expected_body: Option<&'a [u8]>,
}

/// An answer that arrived whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of the final answer; 1xx before it are passed over.
    pub status: u16,
    /// Length of the body in bytes, without chunk framing.
    pub body_bytes: u64,
    /// Whether the body was the expected one, or none was expected.
    pub body_matches: bool,
    /// Whether the server leaves the connection open.
    pub keep_alive: bool,
}

/// Reads answers from bytes that arrive in pieces of any size.
///
/// A head that arrives in pieces is kept here until it is complete; bodies are never kept.
#[derive(Debug, Default)]
pub struct ResponseReader {
    state: State,
    /// Of a head that is not complete.
    partial_head: Vec<u8>,
    /// Heads passed over, in bytes: they count towards the limit, or 1xx without end had none.
    interim_bytes: usize,
    body: BodyCheck,
    has_begun: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Body {
        head: Head,
        decoder: BodyDecoder,
    },
}

impl ResponseReader {
    /// Makes ready for the next answer.
    pub fn reset(&mut self) {
        self.state = State::Head;
        self.partial_head.clear();
        self.interim_bytes = 0;
        self.body = BodyCheck::default();
        self.has_begun = false;
    }

    /// Length of the body so far, in bytes, without chunk framing.
    pub fn body_bytes(&self) -> u64 {
        self.body.bytes()
    }

    /// The status, once the final head is complete.
    pub fn status(&self) -> Option<u16> {
        match &self.state {
            State::Head => None,
            State::Body { head, .. } => Some(head.status),
        }
    }

    /// Takes bytes from the front of `input`; `Some` is the answer, complete, and what is left of
    /// `input` then comes after it.
    ///
    /// # Errors
    ///
    /// [`Cause::MalformedResponse`] or [`Cause::ResponseTooLarge`]; the connection is of no use
    /// afterwards.
    pub fn read(
        &mut self,
        question: Question<'_>,
        input: &mut &[u8],
    ) -> Result<Option<Answer>, Cause> {
        self.has_begun |= !input.is_empty();
        loop {
            match &mut self.state {
                State::Head => match self.read_head(question.is_head, input)? {
                    // 101 would hand the connection to another protocol, which nobody asked for.
                    Some(head) if head.status == 101 => return Err(Cause::MalformedResponse),
                    Some(head) if head.status < 200 => {
                        self.interim_bytes += head.head_bytes;
                        if self.interim_bytes > HEAD_BYTES_MAX {
                            return Err(Cause::ResponseTooLarge);
                        }
                    }
                    Some(head) => {
                        let decoder = BodyDecoder::new(head.framing);
                        self.state = State::Body { head, decoder };
                    }
                    None => return Ok(None),
                },
                State::Body { head, decoder } => {
                    while let Some(data) =
                        decoder.next(input).map_err(|_| Cause::MalformedResponse)?
                    {
                        self.body.take(question.expected_body, data);
                    }
                    let head = *head;
                    return Ok(decoder.is_done().then(|| self.answer(question, head)));
                }
            }
        }
    }

    /// The connection was closed: an answer that ends so is complete now.
    ///
    /// # Errors
    ///
    /// [`Cause::ClosedBeforeResponse`] or [`Cause::ClosedMidResponse`].
    pub fn end_of_stream(&mut self, question: Question<'_>) -> Result<Answer, Cause> {
        match &self.state {
            State::Body { head, decoder } if decoder.ends_with_connection() => {
                let head = *head;
                Ok(self.answer(question, head))
            }
            _ if self.has_begun => Err(Cause::ClosedMidResponse),
            _ => Err(Cause::ClosedBeforeResponse),
        }
    }

    fn read_head(&mut self, is_head: bool, input: &mut &[u8]) -> Result<Option<Head>, Cause> {
        if self.partial_head.is_empty() {
            let head = Head::parse(input, is_head)?;
            match head {
                Some(head) => *input = &input[head.head_bytes..],
                None => self.partial_head.extend_from_slice(std::mem::take(input)),
            }
            return Ok(head);
        }
        let before = self.partial_head.len();
        self.partial_head.extend_from_slice(input);
        let head = Head::parse(&self.partial_head, is_head)?;
        match head {
            Some(head) => {
                *input = &input[head.head_bytes - before..];
                self.partial_head.clear();
            }
            None => *input = &[],
        }
        Ok(head)
    }

    fn answer(&self, question: Question<'_>, head: Head) -> Answer {
        Answer {
            status: head.status,
            body_bytes: self.body.bytes(),
            body_matches: self.body.matches(question.expected_body),
            keep_alive: head.keep_alive,
        }
    }
}

#[cfg(test)]
mod tests;
