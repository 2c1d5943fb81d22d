//! Who makes and reads HTTP, and what moves the bytes.

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
        }
    }

    /// The driver of the fast engine; the others decide that for themselves.
    #[must_use]
    pub const fn driver(self) -> Option<Driver> {
        match self {
            Self::Fast(driver) => Some(driver),
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
