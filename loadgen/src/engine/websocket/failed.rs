//! What went wrong on a connection: its cause, and the first time also why, in words.

use crate::engine::ledger::Ledger;
use crate::outcome::Cause;

/// A cause, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Under which it counts.
    pub cause: Cause,
    /// What the other side did, if the cause does not say that.
    pub reason: Option<String>,
}

impl Failed {
    pub(super) fn new(cause: Cause, reason: impl Into<String>) -> Self {
        Self {
            cause,
            reason: Some(reason.into()),
        }
    }

    /// Keeps why, the first time.
    pub(super) fn note(&self, ledger: &mut Ledger) {
        match (&self.reason, self.cause) {
            (None, _) => {}
            (Some(reason), Cause::TlsHandshake) => ledger.first_tls_error(|| Some(reason.clone())),
            (Some(reason), _) => ledger.first_websocket_error(reason),
        }
    }
}

impl From<Cause> for Failed {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            reason: None,
        }
    }
}
