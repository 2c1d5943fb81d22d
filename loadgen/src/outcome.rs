//! How a request ends: in exactly one outcome.
//!
//! `issued = succeeded + failed + cancelled`, and failed is the sum of its
//! causes. A load generator that counts a request twice, or not at all, cannot
//! be believed about anything else; so the outcome is a value that the engine
//! hands over once, and every counter is derived from it.

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The whole answer arrived and was as expected.
    Succeeded,
    /// It failed, for this one cause.
    Failed(Cause),
    /// It was under way when the run ended, and says nothing about the server.
    Cancelled,
}

impl Outcome {
    /// Whether an answer arrived whole, the expected one or another.
    pub const fn has_answer(self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::Failed(
                    Cause::UnexpectedStatus | Cause::UnexpectedLength | Cause::UnexpectedBody
                )
        )
    }
}

/// Why a request failed, in the order in which a request meets these dangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The name did not resolve.
    Dns,
    /// The connection was refused: nobody listens there, or a proxy would not lead there (CONNECT).
    ConnectRefused,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// No route to the host or the network.
    ConnectUnreachable,
    /// The connection was reset while it was being opened.
    ConnectReset,
    /// This machine had no local port left (EADDRNOTAVAIL).
    NoLocalPort,
    /// This process had no file descriptor left (EMFILE, ENFILE).
    NoFileDescriptor,
    /// The TLS handshake failed.
    TlsHandshake,
    /// The server did not switch to WebSocket (no 101, RFC 6455 §4.1).
    NotWebSocket,
    /// The server answered the upgrade to WebSocket with the key of another one.
    WrongAcceptKey,
    /// Reset, or broken pipe, while the request was being written.
    WriteReset,
    /// The request could not be written in time.
    WriteTimeout,
    /// Reset while the answer was awaited or read.
    ReadReset,
    /// The answer was not complete in time.
    ReadTimeout,
    /// Closed without a byte of the answer.
    ClosedBeforeResponse,
    /// Closed before the end of the answer: truncated.
    ClosedMidResponse,
    /// The answer breaks the rules of HTTP.
    MalformedResponse,
    /// The head or the body is over the client's limit.
    ResponseTooLarge,
    /// A status that was not expected.
    UnexpectedStatus,
    /// A length that differs from the expected one.
    UnexpectedLength,
    /// A body that differs from the expected one.
    UnexpectedBody,
    /// A message did not come out on the other side of a WebSocket relay in time.
    NotRelayed,
    /// The server closed the WebSocket, with a close frame, in the middle of a round trip.
    WebSocketClosed,
    /// A WebSocket text message that is not UTF-8.
    NotUtf8,
    /// A frame that breaks the rules of WebSocket (RFC 6455): masked, reserved bits, out of order.
    WebSocketProtocol,
    /// A WebSocket message over the client's limit.
    MessageTooLarge,
    /// A message that is not the one that was sent, or that came to another client.
    WrongMessage,
    /// None of the above.
    Other,
}

impl Cause {
    /// Every cause, in order of declaration; `ALL[cause.index()] == cause`.
    pub const ALL: [Self; 28] = [
        Self::Dns,
        Self::ConnectRefused,
        Self::ConnectTimeout,
        Self::ConnectUnreachable,
        Self::ConnectReset,
        Self::NoLocalPort,
        Self::NoFileDescriptor,
        Self::TlsHandshake,
        Self::NotWebSocket,
        Self::WrongAcceptKey,
        Self::WriteReset,
        Self::WriteTimeout,
        Self::ReadReset,
        Self::ReadTimeout,
        Self::ClosedBeforeResponse,
        Self::ClosedMidResponse,
        Self::MalformedResponse,
        Self::ResponseTooLarge,
        Self::UnexpectedStatus,
        Self::UnexpectedLength,
        Self::UnexpectedBody,
        Self::NotRelayed,
        Self::WebSocketClosed,
        Self::NotUtf8,
        Self::WebSocketProtocol,
        Self::MessageTooLarge,
        Self::WrongMessage,
        Self::Other,
    ];

    /// The place in [`Cause::ALL`], for counters kept in an array.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in the JSON record and in every text.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::ConnectUnreachable => "connect_unreachable",
            Self::ConnectReset => "connect_reset",
            Self::NoLocalPort => "no_local_port",
            Self::NoFileDescriptor => "no_file_descriptor",
            Self::TlsHandshake => "tls_handshake",
            Self::NotWebSocket => "not_websocket",
            Self::WrongAcceptKey => "wrong_accept_key",
            Self::WriteReset => "write_reset",
            Self::WriteTimeout => "write_timeout",
            Self::ReadReset => "read_reset",
            Self::ReadTimeout => "read_timeout",
            Self::ClosedBeforeResponse => "closed_before_response",
            Self::ClosedMidResponse => "closed_mid_response",
            Self::MalformedResponse => "malformed_response",
            Self::ResponseTooLarge => "response_too_large",
            Self::UnexpectedStatus => "unexpected_status",
            Self::UnexpectedLength => "unexpected_length",
            Self::UnexpectedBody => "unexpected_body",
            Self::NotRelayed => "not_relayed",
            Self::WebSocketClosed => "websocket_closed",
            Self::NotUtf8 => "not_utf8",
            Self::WebSocketProtocol => "websocket_protocol",
            Self::MessageTooLarge => "message_too_large",
            Self::WrongMessage => "wrong_message",
            Self::Other => "other",
        }
    }

    /// One sentence for a reader who sees the label for the first time.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Dns => "The name did not resolve.",
            Self::ConnectRefused => {
                "The connection was refused: nobody listens there, or no proxy leads there."
            }
            Self::ConnectTimeout => "No connection within the connect timeout.",
            Self::ConnectUnreachable => "No route to the host or the network.",
            Self::ConnectReset => "The connection was reset while it was being opened.",
            Self::NoLocalPort => "This machine had no local port left.",
            Self::NoFileDescriptor => "This process had no file descriptor left.",
            Self::TlsHandshake => "The TLS handshake failed.",
            Self::NotWebSocket => "The server did not switch to WebSocket.",
            Self::WrongAcceptKey => {
                "The server answered the upgrade to WebSocket with a wrong key."
            }
            Self::WriteReset => "Reset, or broken pipe, while the request was being written.",
            Self::WriteTimeout => "The request could not be written in time.",
            Self::ReadReset => "Reset while the answer was awaited or read.",
            Self::ReadTimeout => "The answer was not complete in time.",
            Self::ClosedBeforeResponse => "Closed without a byte of the answer.",
            Self::ClosedMidResponse => "Closed before the end of the answer: truncated.",
            Self::MalformedResponse => "The answer breaks the rules of HTTP.",
            Self::ResponseTooLarge => "The head or the body is over the client's limit.",
            Self::UnexpectedStatus => "A status that was not expected.",
            Self::UnexpectedLength => "A length that differs from the expected one.",
            Self::UnexpectedBody => "A body that differs from the expected one.",
            Self::NotRelayed => "Nothing came out on the other side of the relay in time.",
            Self::WebSocketClosed => {
                "The server closed the WebSocket in the middle of a round trip."
            }
            Self::NotUtf8 => "A text message that is not UTF-8.",
            Self::WebSocketProtocol => {
                "A frame that breaks the rules of WebSocket: masked, reserved bits, or out of order."
            }
            Self::MessageTooLarge => "A message that is longer than what was sent.",
            Self::WrongMessage => {
                "A message that is not the one that was sent, or came to another client."
            }
            Self::Other => "None of the other causes.",
        }
    }

    /// What it is to the requests behind the one it struck, on the same connection: what broke the
    /// connection struck them too, what was wrong with an answer only kept theirs away.
    #[must_use]
    pub const fn of_those_behind(self) -> Self {
        match self {
            Self::ClosedMidResponse | Self::MalformedResponse | Self::ResponseTooLarge => {
                Self::ClosedBeforeResponse
            }
            cause => cause,
        }
    }

    /// Whether the request was not even sent: there was no connection to send it on.
    pub const fn is_before_the_request(self) -> bool {
        self.index() <= Self::WrongAcceptKey.index()
    }

    /// The cause with this label, or `None`.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.label() == label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_cause_at_its_index() {
        for (index, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause.index(), index);
        }
        // A cause added to the enum but not to ALL would come after Other.
        assert_eq!(Cause::ALL.last(), Some(&Cause::Other));
    }

    #[test]
    fn every_label_leads_back_to_its_cause() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_label(cause.label()), Some(cause));
        }
        assert_eq!(Cause::from_label("bad_luck"), None);
    }
}
