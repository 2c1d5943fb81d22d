//! What is kept of the first time that something happened, for whoever wants to know what it was
//! like: it is the same each time, or says enough.

use crate::record::Tls;

/// Of a worker, or of all.
#[derive(Clone, Debug, Default)]
pub struct Firsts {
    /// The head of the first answer.
    pub head: Option<Vec<u8>>,
    /// What the first TLS handshake agreed upon.
    pub tls: Option<Tls>,
    /// What was wrong with the first one that failed.
    pub tls_error: Option<String>,
    /// Why a proxy would not lead to the server, the first time that it would not.
    pub proxy_error: Option<String>,
    /// What a server did that is not WebSocket, or ended it, the first time.
    pub websocket_error: Option<String>,
}

impl Firsts {
    /// With what `other` has and these lack.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            head: self.head.or_else(|| other.head.clone()),
            tls: self.tls.or_else(|| other.tls.clone()),
            tls_error: self.tls_error.or_else(|| other.tls_error.clone()),
            proxy_error: self.proxy_error.or_else(|| other.proxy_error.clone()),
            websocket_error: self
                .websocket_error
                .or_else(|| other.websocket_error.clone()),
        }
    }
}
