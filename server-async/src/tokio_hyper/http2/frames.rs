//! Where in the stream of frames a connection stands.

use super::preface::PREFACE;

/// Length of a frame's header, in bytes (RFC 9113 §4.1).
const HEADER_BYTES: usize = 9;

// RFC 9113 §6.
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Follows the frames that a client sends, to know whether the connection may be left waiting:
/// between two frames, and not where a block of fields goes on in the next.
///
/// What is in the frames, and whether it may be there, is for h2 to say.
#[derive(Debug)]
pub(super) struct Frames {
    /// Of the preface, and then of a payload, still to come, in bytes.
    skipped_bytes_left: usize,
    header: [u8; HEADER_BYTES],
    header_bytes: usize,
    is_in_fields: bool,
    /// Whether the first frame, which is the client's SETTINGS, has come.
    has_begun: bool,
}

impl Frames {
    /// At the start of a connection, before the preface.
    pub(super) fn new() -> Self {
        Self {
            skipped_bytes_left: PREFACE.len(),
            header: [0; HEADER_BYTES],
            header_bytes: 0,
            is_in_fields: false,
            has_begun: false,
        }
    }

    /// Takes what the client sent; whether a frame ended in it after which the connection may
    /// wait.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) -> bool {
        let mut has_ended = false;
        while !bytes.is_empty() {
            let count = match self.skipped_bytes_left {
                0 => self.receive_header(bytes),
                left => {
                    let count = left.min(bytes.len());
                    self.skipped_bytes_left -= count;
                    count
                }
            };
            bytes = &bytes[count..];
            if self.skipped_bytes_left == 0 && self.header_bytes == HEADER_BYTES {
                self.header_bytes = 0;
                self.has_begun = true;
                has_ended |= !self.is_in_fields;
            }
        }
        has_ended
    }

    /// Takes what is the header's, and says how much that was.
    fn receive_header(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(HEADER_BYTES - self.header_bytes);
        self.header[self.header_bytes..][..count].copy_from_slice(&bytes[..count]);
        self.header_bytes += count;
        if let [a, b, c, kind, flags, ..] = self.header
            && self.header_bytes == HEADER_BYTES
        {
            self.skipped_bytes_left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            self.is_in_fields = matches!(kind, HEADERS | CONTINUATION) && flags & END_HEADERS == 0;
        }
        count
    }

    /// Whether the client may leave it at that for now.
    pub(super) fn may_wait(&self) -> bool {
        self.has_begun
            && self.skipped_bytes_left == 0
            && self.header_bytes == 0
            && !self.is_in_fields
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, payload_bytes: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, payload_bytes, kind, flags, 0, 0, 0, 1];
        frame.resize(HEADER_BYTES + usize::from(payload_bytes), b'x');
        frame
    }

    #[test]
    fn a_connection_may_wait_after_its_settings_and_not_before() {
        let mut frames = Frames::new();
        assert!(!frames.receive(PREFACE) && !frames.may_wait());
        assert!(frames.receive(&frame(4, 0, 0)) && frames.may_wait());
    }

    #[test]
    fn a_block_of_fields_ends_with_its_last_frame() {
        let mut frames = Frames::new();
        frames.receive(&[PREFACE.as_slice(), &frame(4, 0, 6)].concat());
        assert!(!frames.receive(&frame(HEADERS, 0, 5)) && !frames.may_wait());
        assert!(!frames.receive(&frame(CONTINUATION, 0, 0)) && !frames.may_wait());
        assert!(frames.receive(&frame(CONTINUATION, END_HEADERS, 5)) && frames.may_wait());
    }

    proptest! {
        #[test]
        fn a_connection_may_wait_where_a_frame_ends_in_whatever_pieces_it_comes(
            lengths in vec(0..=255_u8, 1..5),
            piece_bytes in 1..300_usize,
            cut in 1..200_usize,
        ) {
            let sent: Vec<u8> = lengths.iter().flat_map(|&length| frame(0, 0, length)).collect();
            let sent = [PREFACE.as_slice(), &sent].concat();
            let mut frames = Frames::new();
            for piece in sent.chunks(piece_bytes) {
                frames.receive(piece);
            }
            prop_assert!(frames.may_wait());

            let last_bytes = HEADER_BYTES + usize::from(lengths[lengths.len() - 1]);
            let cut = cut.min(last_bytes - 1);
            let mut frames = Frames::new();
            for piece in sent[..sent.len() - cut].chunks(piece_bytes) {
                frames.receive(piece);
            }
            prop_assert!(!frames.may_wait());
        }
    }
}
