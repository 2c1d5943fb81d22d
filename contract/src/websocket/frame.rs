//! Frames as they are on the wire (RFC 6455 §5.2).

use crate::escape;
use anyhow::{Result, ensure};
use std::fmt;

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// The largest message, and frame, that a server takes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The bit of a frame that ends its message.
const FIN: u8 = 0x80;

/// The bit of a payload that is masked.
const MASK: u8 = 0x80;

/// That of RFC 6455 §5.7, twice. A client must draw one for each frame; to a server it is all the
/// same.
const MASKING_KEY: u64 = u64::from_le_bytes([0x37, 0xfa, 0x21, 0x3d, 0x37, 0xfa, 0x21, 0x3d]);

/// The shortest header of a server's frame, which is not masked.
const HEADER_BYTES_MIN: usize = 2;

/// How much of a payload a message shows.
const SHOWN_BYTES: usize = 64;

/// A frame, right or wrong.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// FIN, three reserved bits and the opcode.
    first: u8,
    payload: Vec<u8>,
}

impl Frame {
    /// A frame that is a whole message, or a control frame.
    pub(crate) fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Frame {
            first: FIN | opcode,
            payload: payload.into(),
        }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::new(TEXT, text.into())
    }

    pub(crate) fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(BINARY, payload)
    }

    pub(crate) fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(PING, payload)
    }

    pub(crate) fn pong(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(PONG, payload)
    }

    pub(crate) fn close(code: u16, reason: &str) -> Self {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(reason.as_bytes());
        Self::new(CLOSE, payload)
    }

    /// A close of whatever payload, which may be none at all.
    pub(crate) fn close_with(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(CLOSE, payload)
    }

    /// The same with others of its message to follow.
    pub(crate) fn unfinished(self) -> Self {
        Frame {
            first: self.first & !FIN,
            ..self
        }
    }

    /// The same with these of the three reserved bits.
    pub(crate) fn reserved(self, bits: u8) -> Self {
        Frame {
            first: self.first | bits << 4,
            ..self
        }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The code of a close frame, if it is one that has one.
    pub(crate) fn close_code(&self) -> Option<u16> {
        let code = self.payload.first_chunk()?;
        (self.first == FIN | CLOSE).then(|| u16::from_be_bytes(*code))
    }

    /// It as a client sends it.
    pub(crate) fn masked(&self) -> Vec<u8> {
        let mut bytes = self.header(MASK, self.payload.len());
        bytes.extend_from_slice(&MASKING_KEY.to_le_bytes()[..4]);
        let header_bytes = bytes.len();
        bytes.extend_from_slice(&self.payload);
        mask(&mut bytes[header_bytes..]);
        bytes
    }

    /// All of them, one behind another, as a client sends them.
    pub(crate) fn masked_all(frames: &[Self]) -> Vec<u8> {
        frames.iter().flat_map(Self::masked).collect()
    }

    /// It as a server sends it, and no client may.
    pub(crate) fn unmasked(&self) -> Vec<u8> {
        let mut bytes = self.header(0, self.payload.len());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Its header, masking key and all, as if so many bytes followed.
    pub(crate) fn announcing(&self, payload_bytes: usize) -> Vec<u8> {
        let mut bytes = self.header(MASK, payload_bytes);
        bytes.extend_from_slice(&MASKING_KEY.to_le_bytes()[..4]);
        bytes
    }

    /// The length in its shortest form, which is the only one allowed.
    fn header(&self, mask: u8, payload_bytes: usize) -> Vec<u8> {
        let mut header = vec![self.first];
        match (u8::try_from(payload_bytes), u16::try_from(payload_bytes)) {
            (Ok(length @ ..126), _) => header.push(mask | length),
            (_, Ok(length)) => {
                header.push(mask | 126);
                header.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                header.push(mask | 127);
                header.extend_from_slice(&(payload_bytes as u64).to_be_bytes());
            }
        }
        header
    }

    /// Reads a frame of a server with `peek`, which shows at least so many bytes of what comes
    /// next, and `take`, which takes them.
    pub(super) fn read<S>(
        source: &mut S,
        peek: fn(&mut S, usize) -> Result<&[u8]>,
        take: fn(&mut S, usize) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let second = peek(source, HEADER_BYTES_MIN)?[1];
        ensure!(second & MASK == 0, "a server's frame is masked");
        let length_bytes = match second {
            127 => 8,
            126 => 2,
            _ => 0,
        };
        let header_bytes = HEADER_BYTES_MIN + length_bytes;
        let header = peek(source, header_bytes)?;
        let long = header[HEADER_BYTES_MIN..header_bytes].iter();
        let long = long.fold(0, |length, &byte| length << 8 | usize::from(byte));
        let payload_bytes = if length_bytes > 0 {
            long
        } else {
            second.into()
        };
        let shortest = Self::new(0, []).header(0, payload_bytes);
        ensure!(
            shortest.len() == header_bytes,
            "a length of {payload_bytes} is written in {length_bytes} bytes more than needed"
        );
        let mut payload = take(source, header_bytes + payload_bytes)?;
        let first = payload[0];
        payload.drain(..header_bytes);
        Ok(Frame { first, payload })
    }
}

fn mask(bytes: &mut [u8]) {
    let (words, rest) = bytes.as_chunks_mut();
    for word in words {
        *word = (u64::from_le_bytes(*word) ^ MASKING_KEY).to_le_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(MASKING_KEY.to_le_bytes()) {
        *byte ^= key;
    }
}

/// As a message shows it: `opcode 1 (final), 3 bytes: abc`.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finality = if self.first & FIN == 0 {
            "to be continued"
        } else {
            "final"
        };
        let shown = &self.payload[..self.payload.len().min(SHOWN_BYTES)];
        write!(
            f,
            "opcode {:#x}, reserved bits {:#05b}, {finality}, {} bytes: {}",
            self.first & 0xf,
            self.first >> 4 & 7,
            self.payload.len(),
            escape::readable(shown)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Frame> {
        Frame::read(
            &mut bytes.to_vec(),
            |bytes, _| Ok(bytes),
            |bytes, length| Ok(bytes.drain(..length).collect()),
        )
    }

    /// RFC 6455 §5.7.
    #[test]
    fn frames_are_those_of_the_rfc() {
        let hello = Frame::text("Hello");
        let unmasked = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
        let masked = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(hello.unmasked(), unmasked);
        assert_eq!(hello.masked(), masked);
        assert_eq!(hello.clone().unfinished().unmasked()[0], 0x01);
        assert_eq!(
            Frame::binary([0; 256]).unmasked()[..4],
            [0x82, 0x7e, 0x01, 0x00]
        );
        assert_eq!(
            Frame::binary([]).announcing(65536)[..10],
            [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]
        );
    }

    #[test]
    fn what_was_written_is_read() {
        for length in [0, 1, 125, 126, 65535, 65536] {
            let frame = Frame::binary(vec![7; length]);
            assert_eq!(read(&frame.unmasked()).unwrap(), frame);
        }
        assert_eq!(Frame::close(1001, "x").close_code(), Some(1001));
        assert_eq!(Frame::close_with([]).close_code(), None);
        assert_eq!(Frame::text("xyz").close_code(), None);
    }

    #[test]
    fn what_no_server_may_send_is_an_error() {
        assert!(read(&Frame::text("Hello").masked()).is_err());
        assert!(read(&[0x81, 126, 0, 1, b'x']).is_err());
        assert!(read(&[0x81, 127, 0, 0, 0, 0, 0, 0, 1, 0]).is_err());
    }
}
