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
    /// Whether the server has to agree to HTTP/2, which nobody may speak in TLS without having
    /// agreed on it (RFC 9113 §3.2).
    needs_http2: bool,
    desk: Desk,
}

impl Security {
    pub(super) fn of(plan: &Plan, desk: &Desk) -> Option<Self> {
        let tls = plan.tls.clone()?;
        let needs_http2 = plan.scenario.version == HttpVersion::Http2;
        let protocol = match needs_http2 {
            true => "h2",
            false => "http/1.1",
        };
        Some(Self {
            connector: tls.client_config(&[protocol]).into(),
            tls,
            needs_http2,
            desk: desk.clone(),
        })
    }

    /// Secures a connection that has just been opened.
    pub(super) async fn secure(&self, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let started_ns = self.desk.now_ns();
        let server_name = self.tls.server_name.clone();
        let stream = self.connector.connect(server_name, stream).await?;
        let (_, connection) = stream.get_ref();
        if self.needs_http2 && connection.alpn_protocol() != Some(b"h2") {
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
