//! How a body ends (RFC 9112 §6), for requests and, in the load generator, for responses.

use crate::limits::{CHUNK_EXTENSION_BYTES_MAX, TRAILER_BYTES_MAX};

/// Where a message's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// After so many bytes, never 0.
    Length(u64),
    /// With the chunk of size 0 and its trailers.
    Chunked,
    /// When the connection closes: responses only.
    UntilClose,
}

/// A chunked body that breaks the grammar of RFC 9112 §7.1, with what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkError(pub &'static str);

/// Finds a body's data in the bytes that carry it.
///
/// Bytes are offered as they arrive, in pieces of any size; what is not the body's stays with the
/// caller.
#[derive(Clone, Debug)]
pub struct BodyDecoder(State);

#[derive(Clone, Debug)]
enum State {
    Length(u64),
    Chunked(Chunks),
    UntilClose,
    Done,
}

impl BodyDecoder {
    /// A decoder at the first byte after the head of a response.
    ///
    /// Its chunk extensions may be of any length, as they cost no memory: many small chunks that
    /// are each signed have more of them than data.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self::with_extensions(framing, usize::MAX)
    }

    /// A decoder at the first byte after the head of a request, whose chunk extensions must not
    /// be longer than [`CHUNK_EXTENSION_BYTES_MAX`].
    #[must_use]
    pub fn of_request(framing: Framing) -> Self {
        Self::with_extensions(framing, CHUNK_EXTENSION_BYTES_MAX)
    }

    fn with_extensions(framing: Framing, extension_bytes_max: usize) -> Self {
        Self(match framing {
            Framing::Empty => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunks {
                extension_bytes_left: extension_bytes_max,
                ..Chunks::default()
            }),
            Framing::UntilClose => State::UntilClose,
        })
    }

    /// Takes the next run of body data from the front of `input`.
    ///
    /// `None` means that there is no more of it in `input`: either the body is over
    /// ([`Self::is_done`]), and what is left of `input` comes after it, or `input` is used up.
    ///
    /// # Errors
    ///
    /// A chunked body that is not one.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, ChunkError> {
        match &mut self.0 {
            State::Done => Ok(None),
            State::UntilClose => Ok(take(input, usize::MAX)),
            State::Length(remaining) => {
                let data = take(input, usize::try_from(*remaining).unwrap_or(usize::MAX));
                *remaining -= data.map_or(0, <[u8]>::len) as u64;
                if *remaining == 0 {
                    self.0 = State::Done;
                }
                Ok(data)
            }
            State::Chunked(chunks) => {
                let data = chunks.next(input)?;
                if chunks.at == At::End {
                    self.0 = State::Done;
                }
                Ok(data)
            }
        }
    }

    /// Whether the body's last byte has been taken.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.0, State::Done)
    }

    /// Whether the body ends with the connection, so that its end is no truncation.
    #[must_use]
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.0, State::UntilClose)
    }
}

/// Up to `limit` bytes from the front of `input`, `None` if that is nothing.
fn take<'a>(input: &mut &'a [u8], limit: usize) -> Option<&'a [u8]> {
    let (data, rest) = input.split_at(input.len().min(limit));
    *input = rest;
    (!data.is_empty()).then_some(data)
}

/// The chunked coding (RFC 9112 §7.1), one byte at a time but for the data.
///
/// Line ends must be CRLF: §2.2's leave to take a bare LF is for the head, and in chunk lines two
/// readers that disagree about it disagree about where the next request begins.
#[derive(Clone, Debug, Default)]
struct Chunks {
    at: At,
    /// Of the size line: its value so far. Of the data: what is still to come. In bytes.
    size: u64,
    /// How many more extensions may have, over all chunks.
    extension_bytes_left: usize,
    trailer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// Before the size's first digit.
    #[default]
    Size,
    SizeDigits,
    /// White space after the size, before `;` or the line's end.
    SizeSpace,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    /// At the start of a trailer line, or of the empty line that ends the body.
    TrailerStart,
    TrailerLine,
    TrailerLineFeed,
    LastLineFeed,
    End,
}

impl Chunks {
    fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, ChunkError> {
        while self.at != At::End {
            if self.at == At::Data {
                let data = take(input, usize::try_from(self.size).unwrap_or(usize::MAX));
                self.size -= data.map_or(0, <[u8]>::len) as u64;
                if self.size == 0 {
                    self.at = At::DataReturn;
                }
                return Ok(data);
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(None);
            };
            *input = rest;
            self.at = self.step(byte)?;
        }
        Ok(None)
    }

    fn step(&mut self, byte: u8) -> Result<At, ChunkError> {
        match (self.at, byte) {
            (At::Size | At::SizeDigits, _) if byte.is_ascii_hexdigit() => self.digit(byte),
            (At::SizeDigits | At::SizeSpace, b';') => Ok(At::Extension),
            (At::SizeDigits | At::SizeSpace, b' ' | b'\t') => self.extension(At::SizeSpace),
            (At::SizeDigits | At::SizeSpace | At::Extension, b'\r') => Ok(At::SizeLineFeed),
            (At::Size | At::SizeDigits | At::SizeSpace, _) => {
                Err(ChunkError("a chunk size is not hexadecimal"))
            }
            (At::Extension, b'\n') => Err(ChunkError("a chunk size line does not end in CRLF")),
            (At::Extension, _) => self.extension(At::Extension),
            (At::SizeLineFeed, b'\n') if self.size == 0 => Ok(At::TrailerStart),
            (At::SizeLineFeed, b'\n') => Ok(At::Data),
            (At::SizeLineFeed, _) => Err(ChunkError("a chunk size line does not end in CRLF")),
            (At::DataReturn, b'\r') => Ok(At::DataLineFeed),
            (At::DataLineFeed, b'\n') => Ok(At::Size),
            (At::DataReturn | At::DataLineFeed, _) => {
                Err(ChunkError("a chunk's data is not followed by CRLF"))
            }
            (At::TrailerStart, b'\r') => Ok(At::LastLineFeed),
            (At::LastLineFeed, b'\n') => self.end(),
            (At::TrailerLine, b'\r') => self.trailer(byte, At::TrailerLineFeed),
            (At::TrailerLineFeed, b'\n') => self.trailer(byte, At::TrailerStart),
            (At::TrailerStart | At::TrailerLine, _) if byte != b'\n' => {
                self.trailer(byte, At::TrailerLine)
            }
            _ => Err(ChunkError("a trailer line does not end in CRLF")),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<At, ChunkError> {
        if self.at == At::Size {
            self.size = 0;
        }
        let digit = char::from(byte).to_digit(16).unwrap_or_default();
        self.size = self
            .size
            .checked_mul(16)
            .and_then(|size| size.checked_add(u64::from(digit)))
            .ok_or(ChunkError("a chunk size is over 64 bits"))?;
        Ok(At::SizeDigits)
    }

    fn extension(&mut self, next: At) -> Result<At, ChunkError> {
        self.extension_bytes_left = self
            .extension_bytes_left
            .checked_sub(1)
            .ok_or(ChunkError("the chunk extensions are over 8 KiB"))?;
        Ok(next)
    }

    fn trailer(&mut self, byte: u8, next: At) -> Result<At, ChunkError> {
        self.trailer.push(byte);
        if self.trailer.len() > TRAILER_BYTES_MAX {
            return Err(ChunkError("the trailer fields are over 8 KiB"));
        }
        Ok(next)
    }

    /// Trailers are read only to be thrown away, but must be fields (RFC 9112 §7.1.2).
    fn end(&mut self) -> Result<At, ChunkError> {
        if !self.trailer.is_empty() {
            self.trailer.extend_from_slice(b"\r\n");
            let mut fields = [httparse::EMPTY_HEADER; crate::limits::HEADERS_MAX];
            httparse::parse_headers(&self.trailer, &mut fields)
                .map_err(|_| ChunkError("a trailer line is not a field"))?;
            self.trailer = Vec::new();
        }
        Ok(At::End)
    }
}

#[cfg(test)]
mod tests;
