//! The handshake, and what is spoken behind it.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use wire::tls::{Protocol, Tls};

use super::connection::{self, LINGER};
use super::{Server, http2};

/// The server's side of every handshake.
pub(super) fn acceptor(tls: &Tls) -> TlsAcceptor {
    TlsAcceptor::from(Arc::clone(tls.config()))
}

/// Serves a connection once its handshake is done, for which it has the read timeout.
///
/// A client that does not speak TLS is told so by an alert and closed.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &TlsAcceptor,
    socket: S,
    peer: Option<IpAddr>,
    server: &Arc<Server>,
    finishing: watch::Receiver<()>,
) {
    let handshake = tls.accept(socket).into_fallible();
    let read_timeout = server.options.connection.read_timeout;
    let mut socket = match timeout(read_timeout, handshake).await {
        Ok(Ok(socket)) => socket,
        // What else it has sent must not destroy the alert.
        Ok(Err((_, mut socket))) => return connection::discard(&mut socket, LINGER).await,
        Err(_) => return,
    };
    // A stopping server waits for this to go, and the last word comes after what is run here.
    let _speaking = finishing.clone();
    if socket.get_ref().1.alpn_protocol() == Some(Protocol::Http2.name()) {
        http2::run(&mut socket, BytesMut::new(), peer, server, finishing).await;
    } else {
        connection::run_http1(&mut socket, peer, server, finishing).await;
    }
    // close_notify: that nothing is missing at the end (RFC 8446 §6.1).
    let _ = socket.shutdown().await;
    // The client's own, if it comes apart from what it has sent before, is unread still, and the
    // reset that follows unread bytes would destroy what the socket has not sent yet.
    connection::discard(&mut socket, LINGER).await;
}

#[cfg(test)]
mod tests;
