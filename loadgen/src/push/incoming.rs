//! Bytes as they come, put together to messages and checked.

use super::ending::Ending;
use super::message::{MESSAGE_BYTES, Message, may_begin, messages};
use super::numbering::{Errors, Numbering};

/// What has come for one client, and was not handed on.
#[derive(Debug)]
pub(super) struct Incoming {
    buffer: Box<[u8]>,
    filled: usize,
    numbering: Numbering,
    is_push: bool,
}

impl Incoming {
    /// Takes at most so many messages at a time.
    pub(super) fn new(messages: usize) -> Self {
        Self {
            buffer: vec![0; messages * MESSAGE_BYTES].into_boxed_slice(),
            filled: 0,
            numbering: Numbering::default(),
            is_push: false,
        }
    }

    /// Where to put what comes next: room for at most so many messages, with what is there of the
    /// first.
    pub(super) fn room(&mut self, messages: usize) -> &mut [u8] {
        let end = messages
            .saturating_mul(MESSAGE_BYTES)
            .min(self.buffer.len());
        &mut self.buffer[self.filled..end]
    }

    /// So many bytes have come there; checks the messages that are whole now.
    ///
    /// # Errors
    ///
    /// They are none, from one on. Those before it stay.
    pub(super) fn fill(&mut self, bytes: usize) -> Result<(), Ending> {
        let before = self.filled / MESSAGE_BYTES * MESSAGE_BYTES;
        self.filled += bytes;
        let end = self.filled / MESSAGE_BYTES * MESSAGE_BYTES;
        for (index, bytes) in messages(&self.buffer[before..end]).enumerate() {
            let Some(message) = Message::parse(bytes) else {
                self.filled = before + index * MESSAGE_BYTES;
                return Err(self.not_a_message());
            };
            self.numbering.note(message);
            self.is_push = true;
        }
        // An answer in another protocol may be shorter than a message, and wait for a question.
        match self.is_push || may_begin(&self.buffer[..self.filled]) {
            true => Ok(()),
            false => Err(Ending::NotPush),
        }
    }

    /// The messages that are whole.
    pub(super) fn whole(&self) -> &[u8] {
        &self.buffer[..self.filled / MESSAGE_BYTES * MESSAGE_BYTES]
    }

    /// How many those are.
    pub(super) fn whole_messages(&self) -> u64 {
        (self.filled / MESSAGE_BYTES) as u64
    }

    /// Forgets the messages that are whole.
    pub(super) fn clear(&mut self) {
        let whole = self.whole().len();
        self.buffer.copy_within(whole..self.filled, 0);
        self.filled -= whole;
    }

    /// What was wrong with the numbers so far.
    pub(super) fn errors(&self) -> Errors {
        self.numbering.errors
    }

    /// How a stream has ended that ended here.
    pub(super) fn end(&self) -> Ending {
        match self.filled % MESSAGE_BYTES {
            0 => Ending::Closed,
            _ => Ending::ClosedInMessage,
        }
    }

    fn not_a_message(&self) -> Ending {
        match self.is_push {
            true => Ending::Malformed,
            false => Ending::NotPush,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::message;
    use super::*;

    /// Feeds `stream` in pieces of `piece`; what was whole, or the end.
    fn feed(stream: &[u8], piece: usize) -> Result<Vec<u8>, Ending> {
        let mut incoming = Incoming::new(4);
        let mut whole = Vec::new();
        for piece in stream.chunks(piece) {
            incoming.room(4)[..piece.len()].copy_from_slice(piece);
            incoming.fill(piece.len())?;
            whole.extend_from_slice(incoming.whole());
            incoming.clear();
        }
        Ok(whole)
    }

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let stream: Vec<u8> = (0..20).flat_map(|number| message(number, 1)).collect();
        for piece in [1, 7, 127, 128, 129, 300, 384] {
            assert_eq!(feed(&stream, piece).as_deref(), Ok(&stream[..]), "{piece}");
        }
    }

    #[test]
    fn there_is_no_more_room_than_was_asked_for() {
        let mut incoming = Incoming::new(4);
        assert_eq!(incoming.room(1).len(), 128);
        assert_eq!(incoming.room(100).len(), 512);
        incoming.room(4)[..100].copy_from_slice(&message(0, 1)[..100]);
        incoming.fill(100).unwrap();
        assert_eq!(incoming.room(1).len(), 28);
        assert_eq!(incoming.end(), Ending::ClosedInMessage);
    }

    #[test]
    fn messages_before_something_else_stay() {
        let mut incoming = Incoming::new(4);
        let stream = [message(0, 1), message(1, 1), [b'x'; 128], message(2, 1)].concat();
        incoming.room(4).copy_from_slice(&stream);
        assert_eq!(incoming.fill(512), Err(Ending::Malformed));
        assert_eq!(incoming.whole_messages(), 2);
    }

    #[test]
    fn another_protocol_is_told_by_its_first_bytes() {
        assert_eq!(feed(b"HTTP/1.1 400", 4), Err(Ending::NotPush));
        assert_eq!(feed(b"m\n", 1), Err(Ending::NotPush));
    }

    #[test]
    fn garbage_after_messages_is_told_from_another_protocol() {
        let stream = [message(0, 1), [b'x'; 128]].concat();
        assert_eq!(feed(&stream, 100), Err(Ending::Malformed));
    }
}
