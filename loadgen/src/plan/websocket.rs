//! Ping-pong over WebSocket: what its clients send, and who they are.

use super::target::TargetError;
use super::url::Url;

/// Room in a message's limit for what a server may add to it, in bytes: more than was sent is
/// wrong, and is to be seen as such before it fills memory.
const MESSAGE_SLACK_BYTES: usize = 1024;

/// What is sent to and fro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSocket {
    /// Who sends it.
    pub client: WebSocketClient,
    /// How messages are told apart.
    pub framing: Framing,
    /// Whether the server answers its sender, so that a client needs no partner.
    pub is_echo: bool,
    /// Whether messages are text; binary if not.
    pub is_text: bool,
    /// Length of a message.
    pub message_bytes: usize,
}

/// How the clients wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebSocketClient {
    /// Readiness loops over all pairs.
    Async,
    /// A thread for each pair, on blocking sockets.
    Blocking,
}

/// What lies between messages and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The protocol (RFC 6455).
    WebSocket,
    /// Nothing: each message is as long as the others. What a round trip costs without the protocol.
    Raw,
}

impl WebSocket {
    /// Clients that take part in one round trip.
    #[must_use]
    pub const fn clients_of_pair(&self) -> usize {
        match self.is_echo {
            true => 1,
            false => 2,
        }
    }

    /// Longest message that is taken.
    #[must_use]
    pub const fn message_bytes_max(&self) -> usize {
        self.message_bytes + MESSAGE_SLACK_BYTES
    }

    /// What pair `index` of `pairs` asks for where `path` was given: each pair has a room of its own.
    #[must_use]
    pub fn path_of_pair(&self, path: &str, index: usize, pairs: usize) -> String {
        if self.is_echo || pairs == 1 {
            return path.to_owned();
        }
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        format!("{path}?pair={index}")
    }
}

impl WebSocketClient {
    /// Its name in flags and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::Blocking => "blocking",
        }
    }
}

impl Framing {
    /// Its name in records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Raw => "raw",
        }
    }

    /// Takes a URL apart: `ws` and `http` are one, `wss` and `https` as well, and `tcp` is raw.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong, and what to write.
    pub fn of_url(text: &str) -> Result<(Self, Url), String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (framing, scheme) = match scheme.to_ascii_lowercase().as_str() {
            "ws" => (Self::WebSocket, "http"),
            "wss" => (Self::WebSocket, "https"),
            "tcp" => (Self::Raw, "http"),
            _ => (Self::WebSocket, scheme),
        };
        let as_http = match scheme {
            "" => text.to_owned(),
            scheme => format!("{scheme}://{rest}"),
        };
        let url = Url::parse(&as_http).map_err(|error| wrong(text, &error))?;
        let has_port = rest
            .trim_end_matches('/')
            .ends_with(&format!(":{}", url.port));
        if framing == Self::Raw && (url.path != "/" || !has_port) {
            return Err(format!(
                "'{}' is no place for raw messages; write tcp://HOST:PORT",
                super::mask_password(text)
            ));
        }
        let masked = super::mask_password(text);
        Ok((framing, Url { masked, ..url }))
    }
}

fn wrong(text: &str, error: &TargetError) -> String {
    let reason = match error {
        TargetError::Url { reason, .. } if reason.starts_with("only") => {
            "its scheme is none of ws, wss, tcp"
        }
        TargetError::Url { reason, .. } => reason,
        TargetError::Dns(_) => "its name does not resolve",
    };
    let url: String = super::mask_password(text).chars().take(100).collect();
    format!(
        "'{url}' is not a WebSocket URL: {reason}; write ws://HOST[:PORT]/PATH, or wss, or \
         tcp://HOST:PORT for messages without the protocol"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Scheme;

    const SHAPE: WebSocket = WebSocket {
        client: WebSocketClient::Async,
        framing: Framing::WebSocket,
        is_echo: false,
        is_text: false,
        message_bytes: 32,
    };

    #[test]
    fn schemes_say_whether_to_encrypt_and_what_tells_messages_apart() {
        for (text, framing, scheme, port) in [
            ("ws://127.0.0.1/ws", Framing::WebSocket, Scheme::Http, 80),
            (
                "WS://127.0.0.1:7080/ws",
                Framing::WebSocket,
                Scheme::Http,
                7080,
            ),
            (
                "http://127.0.0.1:7080/ws",
                Framing::WebSocket,
                Scheme::Http,
                7080,
            ),
            ("wss://127.0.0.1/ws", Framing::WebSocket, Scheme::Https, 443),
            ("https://127.0.0.1:1/", Framing::WebSocket, Scheme::Https, 1),
            ("tcp://127.0.0.1:9", Framing::Raw, Scheme::Http, 9),
        ] {
            let (read, url) = Framing::of_url(text).unwrap();
            assert_eq!(
                (read, url.scheme, url.port),
                (framing, scheme, port),
                "{text}"
            );
            assert_eq!(url.masked, text);
        }
    }

    #[test]
    fn what_is_no_url_is_named_with_what_to_write() {
        for text in [
            "",
            "127.0.0.1:80",
            "ftp://127.0.0.1/",
            "ws:///",
            "ws://h:0/",
        ] {
            let line = Framing::of_url(text).unwrap_err();
            assert!(line.contains("write ws://HOST[:PORT]/PATH"), "{line}");
        }
        for text in ["tcp://127.0.0.1", "tcp://127.0.0.1:9/path"] {
            let line = Framing::of_url(text).unwrap_err();
            assert!(line.ends_with("write tcp://HOST:PORT"), "{line}");
        }
    }

    #[test]
    fn each_of_several_pairs_has_a_room_and_one_has_that_of_the_url() {
        assert_eq!(SHAPE.path_of_pair("/ws?room=a", 0, 1), "/ws?room=a");
        assert_eq!(SHAPE.path_of_pair("/ws?room=a", 17, 100), "/ws?pair=17");
        let echo = WebSocket {
            is_echo: true,
            ..SHAPE
        };
        assert_eq!(echo.path_of_pair("/ws/echo", 17, 100), "/ws/echo");
    }
}
