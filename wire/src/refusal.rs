//! Why a connection is given up: the protocol was broken or a limit passed.

use crate::status::Status;

/// A request that cannot be served and after which the connection cannot go on, because where the
/// next request would begin is unknown or not to be trusted.
///
/// It is answered with its status, `Connection: close`, and one line that says what was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: Status,
    /// What was wrong, for the person who reads the answer.
    pub detail: &'static str,
}

impl Refusal {
    /// A head or body that did not come in time.
    pub const TIMEOUT: Self = Self {
        status: Status::RequestTimeout,
        detail: "the request did not arrive in time",
    };

    /// A body over the limit, as announced or as counted.
    pub const BODY_TOO_LARGE: Self = Self {
        status: Status::ContentTooLarge,
        detail: "the body is over 64 MiB",
    };

    /// More connections than the server takes. It is said before anything was asked.
    pub const OVERLOADED: Self = Self {
        status: Status::ServiceUnavailable,
        detail: "the server has as many connections as it takes; try again later",
    };

    /// More WebSocket clients than the relay takes.
    pub const RELAY_FULL: Self = Self {
        status: Status::ServiceUnavailable,
        detail: "the relay has as many clients as it takes; try again later",
    };

    /// A WebSocket where one connection is served after another.
    pub const ONE_AT_A_TIME: Self = Self {
        status: Status::ServiceUnavailable,
        detail: "this model serves one connection at a time, and a WebSocket would own it",
    };

    /// A 400 with its reason.
    #[must_use]
    pub const fn bad_request(detail: &'static str) -> Self {
        Self {
            status: Status::BadRequest,
            detail,
        }
    }
}
