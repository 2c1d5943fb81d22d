//! Two clients that send a message to and fro by way of a server, or one and an echo: whose turn it
//! is, and whether what came is what was sent. No sockets, no clocks.

use super::framing::{Kind, Received};
use super::message::Message;
use crate::outcome::Cause;
use crate::plan::WebSocket;

/// The client that begins a round trip, and ends it.
pub(super) const FIRST: usize = 0;

/// A round trip after another.
#[derive(Debug)]
pub(super) struct Pair {
    message: Message,
    kind: Kind,
    /// The client that answers: with an echo the same.
    far: usize,
    /// The client that is to get the message, if one is under way.
    awaits: Option<usize>,
}

/// What follows a message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This client sends the message that is the pair's now.
    Send(usize),
    /// The round trip is done.
    Done,
}

impl Pair {
    /// The pair `index`.
    pub(super) fn new(index: usize, shape: &WebSocket) -> Self {
        Self {
            message: Message::new(index, shape.message_bytes),
            kind: Kind::of(shape),
            far: shape.clients_of_pair() - 1,
            awaits: None,
        }
    }

    /// A round trip begins: the first client sends the message that is the pair's now.
    pub(super) fn begin(&mut self) -> usize {
        self.message.next();
        self.awaits = Some(self.far);
        FIRST
    }

    /// The round trip under way is given up.
    pub(super) fn give_up(&mut self) {
        self.awaits = None;
    }

    /// What is to be sent.
    pub(super) fn message(&self) -> (Kind, &[u8]) {
        (self.kind, self.message.bytes())
    }

    /// The client that is to get the message, if one is under way.
    pub(super) fn awaits(&self) -> Option<usize> {
        self.awaits
    }

    /// Client `client` got a message.
    ///
    /// # Errors
    ///
    /// It was another's, or is not what was sent.
    pub(super) fn hear(&mut self, client: usize, received: &Received) -> Result<Next, Cause> {
        let is_right = self.awaits == Some(client)
            && received.kind == self.kind
            && *received.bytes == *self.message.bytes();
        if !is_right {
            return Err(Cause::WrongMessage);
        }
        if client == FIRST {
            self.awaits = None;
            return Ok(Next::Done);
        }
        // The answer is another message: one that the server sends to everybody is not taken for it.
        self.message.next();
        self.awaits = Some(FIRST);
        Ok(Next::Send(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Framing, WebSocketClient};

    fn pair(is_echo: bool) -> Pair {
        let shape = WebSocket {
            client: WebSocketClient::Async,
            framing: Framing::WebSocket,
            is_echo,
            is_text: false,
            message_bytes: 32,
        };
        Pair::new(3, &shape)
    }

    fn received(pair: &Pair) -> Received {
        let (kind, bytes) = pair.message();
        Received {
            kind,
            bytes: bytes.to_vec().into(),
        }
    }

    #[test]
    fn a_message_goes_there_and_another_comes_back() {
        let mut pair = pair(false);
        for _ in 0..3 {
            assert_eq!((pair.begin(), pair.awaits()), (0, Some(1)));
            let there = received(&pair);
            assert_eq!(pair.hear(1, &there), Ok(Next::Send(1)));
            let back = received(&pair);
            assert_ne!(there.bytes, back.bytes);
            assert_eq!(pair.hear(0, &back), Ok(Next::Done));
            assert_eq!(pair.awaits(), None);
        }
    }

    #[test]
    fn an_echo_needs_one_client() {
        let mut pair = pair(true);
        assert_eq!((pair.begin(), pair.awaits()), (0, Some(0)));
        let echo = received(&pair);
        assert_eq!(pair.hear(0, &echo), Ok(Next::Done));
    }

    #[test]
    fn what_was_not_sent_or_comes_to_another_is_wrong() {
        let mut pair = pair(false);
        pair.begin();
        let right = received(&pair);
        assert_eq!(pair.hear(0, &right), Err(Cause::WrongMessage));
        let text = Received {
            kind: Kind::Text,
            ..right.clone()
        };
        assert_eq!(pair.hear(1, &text), Err(Cause::WrongMessage));
        let other = Received {
            bytes: b"hello".as_slice().into(),
            ..right.clone()
        };
        assert_eq!(pair.hear(1, &other), Err(Cause::WrongMessage));
        assert_eq!(pair.hear(1, &right), Ok(Next::Send(1)));
        // A server that sends it to everybody.
        assert_eq!(pair.hear(0, &right), Err(Cause::WrongMessage));
        pair.give_up();
        assert_eq!(pair.hear(0, &right), Err(Cause::WrongMessage));
    }
}
