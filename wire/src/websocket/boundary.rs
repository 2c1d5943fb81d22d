//! Whether a message is under way.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::reader::Phase;

/// Longest header of a frame, in bytes (RFC 6455 §5.2).
const HEADER_BYTES_MAX: usize = 14;

/// Follows a stream of frames (RFC 6455 §5.2) as far as to know whether it stands between
/// messages, where a client may be silent for long, or within one, where it may not.
///
/// The codec does not tell. Only headers are looked at; what is wrong with them is the codec's to
/// find.
#[derive(Debug, Default)]
pub struct Boundary {
    /// The beginning of a header that is not whole, and how much of it there is.
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: usize,
    payload_left_bytes: u64,
    /// Whether a further fragment is due.
    is_fragmented: bool,
    /// Messages that have ended, and what came whole between them.
    messages: u64,
    /// Of the message under way.
    message_bytes: u64,
}

impl Boundary {
    /// Follows further bytes of the stream.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        self.message_bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.payload_left_bytes == 0 {
                bytes = self.pass_header(bytes);
            }
            let payload = self.payload_left_bytes.min(bytes.len() as u64);
            self.payload_left_bytes -= payload;
            bytes = &bytes[payload as usize..];
            if !self.is_within() {
                self.messages += 1;
                self.message_bytes = bytes.len() as u64;
            }
        }
    }

    /// What is waited for within a message, of whose bytes its frames' headers are a part; `None`
    /// between messages.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.is_within().then_some(Phase::Message {
            number: self.messages,
            received_bytes: self.message_bytes,
        })
    }

    fn is_within(&self) -> bool {
        self.header_bytes > 0 || self.payload_left_bytes > 0 || self.is_fragmented
    }

    /// Takes one header, or what there is of it.
    fn pass_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let before = self.header_bytes;
        let count = bytes.len().min(self.header.len() - before);
        self.header[before..before + count].copy_from_slice(&bytes[..count]);
        let mut header = Cursor::new(&self.header[..before + count]);
        match FrameHeader::parse(&mut header) {
            Ok(Some((parsed, payload_bytes))) => {
                let header_bytes = header.position() as usize;
                self.header_bytes = 0;
                self.payload_left_bytes = payload_bytes;
                if let OpCode::Data(Data::Text | Data::Binary | Data::Continue) = parsed.opcode {
                    self.is_fragmented = !parsed.is_final;
                }
                &bytes[header_bytes.saturating_sub(before)..]
            }
            Ok(None) => {
                self.header_bytes += count;
                &bytes[count..]
            }
            // The codec will not read on.
            Err(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tungstenite::protocol::frame::Frame;

    use super::*;

    fn bytes(frames: &[Frame]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for frame in frames {
            frame.clone().format(&mut bytes).unwrap();
        }
        bytes
    }

    fn data(payload_bytes: usize, opcode: Data, is_final: bool) -> Frame {
        Frame::message(vec![7; payload_bytes], OpCode::Data(opcode), is_final)
    }

    #[test]
    fn a_message_lasts_from_its_first_fragment_to_its_last_whatever_comes_between() {
        let mut boundary = Boundary::default();
        let mut pass = |frame| {
            boundary.pass(&bytes(&[frame]));
            boundary.phase()
        };
        let second = |received_bytes| {
            let number = 1;
            Some(Phase::Message {
                number,
                received_bytes,
            })
        };
        assert_eq!(pass(data(3, Data::Text, true)), None);
        assert_eq!(pass(data(3, Data::Text, false)), second(5));
        assert_eq!(pass(Frame::ping(vec![1])), second(8));
        assert_eq!(pass(data(0, Data::Continue, false)), second(10));
        assert_eq!(pass(data(200, Data::Continue, true)), None);
        assert_eq!(pass(Frame::ping(vec![])), None);
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_end_where_the_whole_does(
            sizes in prop::collection::vec((0_usize..300, any::<bool>()), 1..6),
            cuts in prop::collection::vec(1_usize..50, 1..60),
        ) {
            let mut frames: Vec<Frame> = sizes
                .iter()
                .map(|&(size, is_final)| data(size, Data::Continue, is_final))
                .collect();
            frames.push(data(70_000, Data::Binary, true));
            let stream = bytes(&frames);
            let mut boundary = Boundary::default();
            let mut rest = &stream[..];
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                boundary.pass(piece);
                rest = after;
                prop_assert!(rest.is_empty() == boundary.phase().is_none()
                    || stream.len() - rest.len() < 70_000);
            }
            prop_assert_eq!(boundary.phase(), None);
        }
    }
}
