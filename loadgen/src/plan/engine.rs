//! Who makes and reads HTTP, and what moves the bytes.

use super::websocket::{WebSocket, WebSocketClient};

/// What makes requests and reads answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Ours, on one of its drivers.
    Fast(Driver),
    /// hyper's client connections: HTTP/2, and a cross-check for HTTP/1.1.
    Hyper,
    /// reqwest's asynchronous client: what an application would use.
    Reqwest,
    /// reqwest's blocking client, a thread for each connection.
    ReqwestBlocking,
    /// Pairs of WebSocket clients.
    WebSocket(WebSocket),
}

/// What moves the bytes of the fast engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// The kernel says when a connection is ready.
    Epoll,
    /// The kernel is told what to do and says when it is done.
    IoUring,
}

impl Engine {
    /// Its name in flags and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fast(_) => "fast",
            Self::Hyper => "hyper",
            Self::Reqwest => "reqwest",
            Self::ReqwestBlocking => "reqwest-blocking",
            Self::WebSocket(_) => "websocket",
        }
    }

    /// What the pairs of WebSocket clients are, if that is what it makes.
    #[must_use]
    pub const fn websocket(&self) -> Option<&WebSocket> {
        match self {
            Self::WebSocket(shape) => Some(shape),
            _ => None,
        }
    }

    /// The driver of the fast engine and of asynchronous WebSocket clients; the others decide that
    /// for themselves.
    #[must_use]
    pub const fn driver(self) -> Option<Driver> {
        match self {
            Self::Fast(driver) => Some(driver),
            Self::WebSocket(WebSocket {
                client: WebSocketClient::Async,
                ..
            }) => Some(Driver::Epoll),
            _ => None,
        }
    }
}

impl Driver {
    /// What takes least CPU time per request, or no more than the other: docs/METHOD.md has the
    /// measurements. io_uring wins nothing yet that a run would notice, and every system has this.
    pub const CHEAPEST: Self = Self::Epoll;

    /// Its name in flags and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::IoUring => "io-uring",
        }
    }
}
