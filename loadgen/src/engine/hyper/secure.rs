//! TLS between a connection's socket and hyper, by tokio-rustls.

use std::io;

use rustls::{Error, HandshakeKind};
use tokio_rustls::TlsConnector;

use super::meter::Stream;
use crate::engine::agreed::agreed;
use crate::engine::desk::Desk;
use crate::engine::news::Handshake;
use crate::plan::{self, HttpVersion, Plan};

/// How the connections of a worker are secured.
pub(super) struct Security {
    tls: plan::Tls,
    connector: TlsConnector,
    version: HttpVersion,
    desk: Desk,
}

impl Security {
    pub(super) fn of(plan: &Plan, desk: &Desk) -> Option<Self> {
        let tls = plan.tls.clone()?;
        let version = plan.scenario.version;
        Some(Self {
            connector: tls.client_config(&[version.alpn()]).into(),
            tls,
            version,
            desk: desk.clone(),
        })
    }

    /// Secures a connection that has just been opened.
    pub(super) async fn secure(&self, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let started_ns = self.desk.now_ns();
        let server_name = self.tls.server_name.clone();
        let stream = self.connector.connect(server_name, stream).await?;
        let (_, connection) = stream.get_ref();
        let is_agreed = connection.alpn_protocol() == Some(self.version.alpn().as_bytes());
        if self.version.needs_agreement() && !is_agreed {
            return Err(io::Error::other(Error::NoApplicationProtocol));
        }
        let handshake = Handshake {
            took_ns: self.desk.now_ns() - started_ns,
            is_resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        };
        self.desk
            .secured(handshake, || agreed(connection, &self.tls));
        Ok(Box::new(stream))
    }
}
