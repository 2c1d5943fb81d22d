//! Why a WebSocket connection is closed.

use tungstenite::Error;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

/// The reason that a server gives before it closes (RFC 6455 §7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// 1001: the server stops.
    Stopping,
    /// 1002: the client broke the protocol.
    Protocol,
    /// 1007: a text that is not UTF-8.
    NotText,
    /// 1008: the client does not take what others send.
    TooSlow,
    /// 1008: a message that has begun does not end.
    Unfinished,
    /// 1009: a message over [`crate::limits::WEBSOCKET_MESSAGE_BYTES_MAX`].
    TooLarge,
    /// 1011: no sign of life, although one was asked for.
    Silent,
}

impl Farewell {
    /// What is to be said to a client after `error`; nothing if there is nobody left to hear it.
    #[must_use]
    pub fn after(error: &Error) -> Option<Self> {
        match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            Error::Protocol(_) => Some(Self::Protocol),
            Error::Utf8(_) => Some(Self::NotText),
            Error::Capacity(_) => Some(Self::TooLarge),
            _ => None,
        }
    }

    /// The close frame's content.
    #[must_use]
    pub fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Stopping => (CloseCode::Away, "the server stops"),
            Self::Protocol => (CloseCode::Protocol, "not a frame that may come here"),
            Self::NotText => (CloseCode::Invalid, "a text that is not UTF-8"),
            Self::TooSlow => (CloseCode::Policy, "too slow for what others send"),
            Self::Unfinished => (CloseCode::Policy, "a message did not end in time"),
            Self::TooLarge => (CloseCode::Size, "a message over 16 MiB"),
            Self::Silent => (CloseCode::Error, "no answer to a ping"),
        };
        CloseFrame {
            code,
            reason: reason.into(),
        }
    }
}
