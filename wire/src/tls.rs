//! How the servers speak TLS: one configuration for every model of both.

use std::sync::Arc;

use rustls::ServerConfig;

/// A server's certificate, key and rules, shared by all its connections.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// What rustls is given.
    #[must_use]
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.0
    }
}
