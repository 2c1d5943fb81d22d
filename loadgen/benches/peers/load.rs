//! What clients do to servers.

use std::fmt;

/// A closed loop of one request on each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Connections open at a time.
    pub(crate) connections: usize,
    /// Connections besides that have had an answer and keep silent.
    pub(crate) idle: usize,
    /// Whether a connection is kept for the next request.
    pub(crate) keep_alive: bool,
    pub(crate) answer: Answer,
    /// Whether a client's cost is that of the requests on open connections, as only loadgen and
    /// the bare loops tell it, instead of the whole process's from its first instruction to its
    /// last. With thousands of connections their opening would be a good part of that.
    pub(crate) opened_before: bool,
}

/// What the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The page at `/`, of 50 bytes.
    Page,
    /// So many bytes.
    Bytes(usize),
}

impl Load {
    /// Requests of the page on connections that are kept.
    pub(crate) const fn kept(connections: usize) -> Self {
        Self {
            connections,
            idle: 0,
            keep_alive: true,
            answer: Answer::Page,
            opened_before: false,
        }
    }

    /// Requests of the page, a connection each.
    pub(crate) const fn new_each(connections: usize) -> Self {
        Self {
            keep_alive: false,
            ..Self::kept(connections)
        }
    }

    /// The URL's path.
    pub(crate) fn path(self) -> String {
        match self.answer {
            Answer::Page => "/".to_owned(),
            Answer::Bytes(count) => format!("/bytes/{count}"),
        }
    }
}

/// `64 kept`, `64 new`, `64 kept, 16 KiB`.
impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.keep_alive { "kept" } else { "new" };
        write!(f, "{} {kind}", self.connections)?;
        if self.idle > 0 {
            write!(f, ", {} idle", self.idle)?;
        }
        match self.answer {
            Answer::Page => Ok(()),
            answer => write!(f, ", {answer}"),
        }
    }
}

/// `page`, `16 KiB`, `1 MiB`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Page => f.write_str("page"),
            Self::Bytes(bytes) if bytes < 1 << 20 => write!(f, "{} KiB", bytes >> 10),
            Self::Bytes(bytes) => write!(f, "{} MiB", bytes >> 20),
        }
    }
}
