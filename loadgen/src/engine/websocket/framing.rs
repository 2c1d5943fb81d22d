//! Messages as bytes and bytes as messages: in WebSocket's frames, by tungstenite, or as they are.
//! No sockets: bytes in, bytes out.

use std::io::{self, ErrorKind, Read, Write};

use bytes::Bytes;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::frame::{CloseFrame, Utf8Bytes};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use super::failed::Failed;
use super::input::Input;
use crate::outcome::Cause;
use crate::plan::{self, WebSocket};

/// Least and most bytes that the codec takes at a time: it clears as many before each.
const READ_BYTES_MIN: usize = 256;
const READ_BYTES_MAX: usize = 64 * 1024;

/// What messages there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub bytes: Bytes,
}

/// One connection's.
#[derive(Debug)]
pub(super) enum Framing {
    /// In frames.
    WebSocket(Box<WebSocketContext>),
    /// As they are, each so many bytes long.
    Raw(usize),
}

impl Kind {
    pub(super) fn of(shape: &WebSocket) -> Self {
        match shape.is_text {
            true => Self::Text,
            false => Self::Binary,
        }
    }
}

impl Framing {
    pub(super) fn new(shape: &WebSocket) -> Self {
        match shape.framing {
            plan::Framing::WebSocket => {
                Self::websocket(shape.message_bytes, shape.message_bytes_max())
            }
            plan::Framing::Raw => Self::Raw(shape.message_bytes),
        }
    }

    /// For messages of about `usual` bytes, and at most `longest`.
    fn websocket(usual: usize, longest: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(usual.clamp(READ_BYTES_MIN, READ_BYTES_MAX))
            // What is written goes to memory at once.
            .write_buffer_size(0)
            .max_message_size(Some(longest))
            .max_frame_size(Some(longest));
        Self::WebSocket(Box::new(WebSocketContext::new(Role::Client, Some(config))))
    }

    /// Puts a message behind what is to be sent; behind a farewell it does not go out.
    pub(super) fn send(&mut self, kind: Kind, bytes: &[u8], outgoing: &mut Vec<u8>) {
        let Self::WebSocket(context) = self else {
            return outgoing.extend_from_slice(bytes);
        };
        let bytes = Bytes::copy_from_slice(bytes);
        let message = match kind {
            Kind::Binary => Message::Binary(bytes),
            Kind::Text => match Utf8Bytes::try_from(bytes) {
                Ok(text) => Message::Text(text),
                // Nothing that is sent as text comes from elsewhere than from text.
                Err(_) => return,
            },
        };
        // Memory takes every byte.
        let _ = context.write(&mut Outgoing(outgoing), message);
    }

    /// The next message in `input`, if one is there whole. What the protocol calls for meanwhile is
    /// put behind what is to be sent.
    pub(super) fn next(
        &mut self,
        input: &mut Input,
        outgoing: &mut Vec<u8>,
    ) -> Result<Option<Received>, Failed> {
        match self {
            Self::WebSocket(context) => next_in_frames(context, input, outgoing),
            Self::Raw(length) => Ok(next_as_it_is(*length, input)),
        }
    }

    /// Puts a farewell behind what is to be sent.
    pub(super) fn close(&mut self, outgoing: &mut Vec<u8>) {
        if let Self::WebSocket(context) = self {
            close(context, CloseCode::Normal, outgoing);
        }
    }
}

fn next_as_it_is(length: usize, input: &mut Input) -> Option<Received> {
    let bytes = input.unread().get(..length)?;
    let bytes = Bytes::copy_from_slice(bytes);
    input.consume(length);
    Some(Received {
        kind: Kind::Binary,
        bytes,
    })
}

fn next_in_frames(
    context: &mut WebSocketContext,
    input: &mut Input,
    outgoing: &mut Vec<u8>,
) -> Result<Option<Received>, Failed> {
    loop {
        let (kind, bytes) = match context.read(&mut Both(input, outgoing)) {
            Ok(Message::Text(text)) => (Kind::Text, Bytes::from(text)),
            Ok(Message::Binary(bytes)) => (Kind::Binary, bytes),
            // The codec answers pings with its next step.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
            Ok(Message::Close(frame)) => {
                let _ = context.flush(&mut Outgoing(outgoing));
                return Err(closed(frame.as_ref()));
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => {
                let (cause, code) = judge(&error);
                close(context, code, outgoing);
                return Err(Failed::new(cause, error.to_string()));
            }
        };
        return Ok(Some(Received { kind, bytes }));
    }
}

/// What a violation counts as, and what the other side is told of it (RFC 6455 §7.4.1).
fn judge(error: &Error) -> (Cause, CloseCode) {
    match error {
        Error::Capacity(_) => (Cause::MessageTooLarge, CloseCode::Size),
        Error::Utf8(_) => (Cause::NotUtf8, CloseCode::Invalid),
        _ => (Cause::WebSocketProtocol, CloseCode::Protocol),
    }
}

fn closed(frame: Option<&CloseFrame>) -> Failed {
    match frame {
        None => Cause::WebSocketClosed.into(),
        Some(frame) => {
            let code = u16::from(frame.code);
            let reason = frame.reason.escape_debug();
            Failed::new(Cause::WebSocketClosed, format!("code {code} \"{reason}\""))
        }
    }
}

fn close(context: &mut WebSocketContext, code: CloseCode, outgoing: &mut Vec<u8>) {
    let reason = Utf8Bytes::from_static("");
    // Memory takes every byte.
    let _ = context.close(&mut Outgoing(outgoing), Some(CloseFrame { code, reason }));
}

/// The codec's stream where it only writes.
struct Outgoing<'a>(&'a mut Vec<u8>);

/// The codec's stream where it reads as well.
struct Both<'a>(&'a mut Input, &'a mut Vec<u8>);

impl Read for Outgoing<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

impl Write for Outgoing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Both<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Both<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `bytes`, and what is answered.
    fn hear(bytes: &[u8]) -> (Vec<Result<Received, Cause>>, Vec<u8>) {
        let mut framing = Framing::websocket(100, 100);
        let (mut input, mut outgoing, mut heard) = (Input::default(), Vec::new(), Vec::new());
        // However they arrive.
        for byte in bytes {
            input.push(&[*byte]);
            match framing.next(&mut input, &mut outgoing) {
                Ok(None) => {}
                Ok(Some(received)) => heard.push(Ok(received)),
                Err(failed) => {
                    heard.push(Err(failed.cause));
                    break;
                }
            }
        }
        (heard, outgoing)
    }

    /// The code of a close frame from a client, which is masked.
    fn code(frame: &[u8]) -> u16 {
        assert_eq!(frame[0], 0x88, "{frame:?}");
        u16::from_be_bytes([frame[6] ^ frame[2], frame[7] ^ frame[3]])
    }

    #[test]
    fn fragments_become_a_message_and_pings_between_them_are_answered() {
        let (heard, outgoing) = hear(b"\x01\x02he\x89\x01!\x80\x03llo");
        let hello = Received {
            kind: Kind::Text,
            bytes: b"hello".as_slice().into(),
        };
        assert_eq!(heard, [Ok(hello)]);
        assert_eq!((outgoing[0], outgoing.len()), (0x8a, 7));
    }

    #[test]
    fn each_violation_has_its_cause_and_its_code() {
        for (bytes, cause, told) in [
            (&b"\x81\x02\xc3\x28"[..], Cause::NotUtf8, 1007),
            (b"\x82\x84\0\0\0\0abcd", Cause::WebSocketProtocol, 1002),
            (b"\xc2\x01a", Cause::WebSocketProtocol, 1002),
            (b"\x83\x01a", Cause::WebSocketProtocol, 1002),
            (b"\x82\x65", Cause::MessageTooLarge, 1009),
            (b"\x02\x50", Cause::MessageTooLarge, 1009),
            (b"\x88\x02\x03\xe9", Cause::WebSocketClosed, 1001),
        ] {
            let mut bytes = bytes.to_vec();
            if bytes == b"\x02\x50" {
                bytes.extend([b'a'; 0x50]);
                bytes.extend(b"\x80\x50");
                bytes.extend([b'a'; 0x50]);
            }
            let (heard, outgoing) = hear(&bytes);
            assert_eq!(heard, [Err(cause)]);
            assert_eq!(code(&outgoing), told, "{cause:?}");
        }
    }

    #[test]
    fn raw_messages_are_as_long_as_each_other() {
        let mut framing = Framing::Raw(3);
        let (mut input, mut outgoing) = (Input::default(), Vec::new());
        input.push(b"abcde");
        let next = framing.next(&mut input, &mut outgoing).unwrap().unwrap();
        assert_eq!(&*next.bytes, b"abc");
        assert_eq!(framing.next(&mut input, &mut outgoing), Ok(None));
        framing.send(Kind::Binary, b"xyz", &mut outgoing);
        framing.close(&mut outgoing);
        assert_eq!(outgoing, b"xyz");
    }
}
