//! How a client's stream ended.

use std::io::{self, ErrorKind};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a client's stream ended. All but `done` are failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It went on until the end of the run.
    Done,
    /// Nobody listens there.
    ConnectRefused,
    /// No connection came about in time.
    ConnectTimeout,
    /// No connection came about for another reason.
    ConnectFailed,
    /// What came first is no message.
    NotPush,
    /// After messages came something that is none.
    Malformed,
    /// Nothing came for longer than the time limit.
    Silent,
    /// The server closed the connection.
    Closed,
    /// The server closed it in the middle of a message.
    ClosedInMessage,
    /// The connection was reset, or broke in another way.
    Reset,
    /// The queues reached the limit of their memory.
    MemoryLimit,
}

impl Ending {
    /// The name that the record has for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::ConnectFailed => "connect_failed",
            Self::NotPush => "not_push",
            Self::Malformed => "malformed",
            Self::Silent => "silent",
            Self::Closed => "closed",
            Self::ClosedInMessage => "closed_in_message",
            Self::Reset => "reset",
            Self::MemoryLimit => "memory_limit",
        }
    }

    /// What happened and what to do next, for a person.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Done => "it went on until the end",
            Self::ConnectRefused => {
                "nobody accepts connections there; check that the server runs with --push on this \
                 address"
            }
            Self::ConnectTimeout => {
                "no connection came about in time; check the address, or raise --connect-timeout"
            }
            Self::ConnectFailed => "no connection came about; check the address and the network",
            Self::NotPush => {
                "what came is no push stream; give the address that the server says it is pushing \
                 to, not the one it is listening on"
            }
            Self::Malformed => "after good messages came something else; see it with nc",
            Self::Silent => {
                "nothing came in time; check that the server pushes there, or raise --timeout or \
                 --duration"
            }
            Self::Closed => "the server closed the connection; see what it says on stderr",
            Self::ClosedInMessage => {
                "the server closed the connection in the middle of a message; see what it says on \
                 stderr"
            }
            Self::Reset => "the connection broke; see what the server says on stderr",
            Self::MemoryLimit => {
                "the queues took all the memory they may; bound them with --queue N, run shorter, \
                 or raise --queue-memory"
            }
        }
    }

    pub(super) fn of_connect(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::ConnectRefused,
            // What connect_timeout says, and what a socket says whose SYNs went unanswered.
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::ConnectTimeout,
            _ => Self::ConnectFailed,
        }
    }
}
