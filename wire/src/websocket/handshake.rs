//! The request that opens a WebSocket connection, and the answer (RFC 6455 §4.2).

use tungstenite::handshake::derive_accept_key;

use crate::answer::UPGRADE_FIELDS;
use crate::date::Date;
use crate::limits::ROOM_NAME_BYTES_MAX;
use crate::refusal::Refusal;
use crate::status::Status;

/// Length of 16 bytes in base64.
const KEY_BYTES: usize = 24;

/// An opening handshake that was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Where messages are to go.
    pub talk: Talk,
    /// What proves to the client that its key was read.
    accept: String,
}

/// Where a client's messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Talk {
    /// Back to it.
    Echo,
    /// To every other client of the room.
    Relay {
        /// The target's query as it was written; empty if there is none.
        room: Box<str>,
    },
}

impl Handshake {
    /// Checks the client's key; where the messages go is in the `target`, which is `/ws` or
    /// `/ws/echo` with a query or without.
    ///
    /// # Errors
    ///
    /// The refusal of a key that is not 16 bytes in base64, or of a room with too long a name.
    pub fn new(key: &[u8], target: &str) -> Result<Box<Self>, Refusal> {
        if !is_key(key) {
            return Err(Refusal::bad_request(
                "Sec-WebSocket-Key is not 16 bytes in base64",
            ));
        }
        let talk = match target.split_once('?').unwrap_or((target, "")) {
            ("/ws/echo", _) => Talk::Echo,
            (_, room) if room.len() > ROOM_NAME_BYTES_MAX => {
                return Err(Refusal::bad_request(
                    "the room's name, which is the query, is over 128 bytes",
                ));
            }
            (_, room) => Talk::Relay { room: room.into() },
        };
        let accept = derive_accept_key(key);
        Ok(Box::new(Self { talk, accept }))
    }

    /// The whole answer, after which WebSocket is spoken.
    #[must_use]
    pub fn render_answer(&self, date: &Date) -> Vec<u8> {
        let status = Status::SwitchingProtocols.line();
        let (upgrade, websocket) = UPGRADE_FIELDS[0];
        let mut answer = format!(
            "HTTP/1.1 {status}\r\n{upgrade}: {websocket}\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nDate: ",
            self.accept,
        )
        .into_bytes();
        answer.extend_from_slice(date.as_bytes());
        answer.extend_from_slice(b"\r\n\r\n");
        answer
    }
}

fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_BYTES
        && key
            .strip_suffix(b"==")
            .is_some_and(|digits| digits.iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6455 §1.3.
    const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";

    #[test]
    fn the_answer_is_that_of_rfc_6455() {
        let handshake = Handshake::new(KEY, "/ws").unwrap();
        let answer = handshake.render_answer(&Date::from_unix_seconds(784_111_777));
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
        );
    }

    #[test]
    fn the_query_is_the_room() {
        let talk = |target: &str| Handshake::new(KEY, target).unwrap().talk;
        let room = |room: &str| Talk::Relay { room: room.into() };
        assert_eq!(talk("/ws"), room(""));
        assert_eq!(talk("/ws?pair=17"), room("pair=17"));
        assert_eq!(talk("/ws/echo?x"), Talk::Echo);
        let long = "x".repeat(ROOM_NAME_BYTES_MAX + 1);
        assert!(Handshake::new(KEY, &format!("/ws?{long}")).is_err());
        // An echo has no room.
        assert_eq!(talk(&format!("/ws/echo?{long}")), Talk::Echo);
    }

    #[test]
    fn a_key_is_16_bytes_in_base64() {
        for key in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZ===",
            "dGhlIHNhbXBsZSBub25jZQ==x",
            "dGhl-HNhbXBsZSBub25jZQ==",
        ] {
            assert!(Handshake::new(key.as_bytes(), "/ws").is_err(), "{key}");
        }
    }
}
