//! The status codes the servers use (RFC 9110 §15).

/// A response status that the servers can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 101: what follows is WebSocket.
    SwitchingProtocols,
    /// 200
    Ok,
    /// 400: the request is not HTTP as RFC 9112 has it, or a number in its path is out of range.
    BadRequest,
    /// 405: the route knows the path, not the method.
    MethodNotAllowed,
    /// 408: the head or the body did not arrive in time.
    RequestTimeout,
    /// 413: the body is over [`crate::limits::BODY_BYTES_MAX`].
    ContentTooLarge,
    /// 414: the request line is over [`crate::limits::REQUEST_LINE_BYTES_MAX`].
    UriTooLong,
    /// 426: the path speaks WebSocket only, and this version of it.
    UpgradeRequired,
    /// 431: the head is over [`crate::limits::HEAD_BYTES_MAX`] or [`crate::limits::HEADERS_MAX`].
    HeaderFieldsTooLarge,
    /// 501: a transfer coding other than chunked.
    NotImplemented,
    /// 503: the server has as many connections as it takes, or cannot keep one of this kind.
    ServiceUnavailable,
    /// 505: neither HTTP/1.0 nor HTTP/1.1.
    VersionNotSupported,
}

impl Status {
    /// The three digits.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::SwitchingProtocols => 101,
            Self::Ok => 200,
            Self::BadRequest => 400,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::ContentTooLarge => 413,
            Self::UriTooLong => 414,
            Self::UpgradeRequired => 426,
            Self::HeaderFieldsTooLarge => 431,
            Self::NotImplemented => 501,
            Self::ServiceUnavailable => 503,
            Self::VersionNotSupported => 505,
        }
    }

    /// Code and reason phrase as the status line has them, such as `404 Not Found`.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::SwitchingProtocols => "101 Switching Protocols",
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::RequestTimeout => "408 Request Timeout",
            Self::ContentTooLarge => "413 Content Too Large",
            Self::UriTooLong => "414 URI Too Long",
            Self::UpgradeRequired => "426 Upgrade Required",
            Self::HeaderFieldsTooLarge => "431 Request Header Fields Too Large",
            Self::NotImplemented => "501 Not Implemented",
            Self::ServiceUnavailable => "503 Service Unavailable",
            Self::VersionNotSupported => "505 HTTP Version Not Supported",
        }
    }
}
