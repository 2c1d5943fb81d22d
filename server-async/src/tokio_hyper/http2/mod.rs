//! A connection that speaks HTTP/2 (RFC 9113): hyper and h2 run it, each request in a task.
//!
//! There is no gate here: a stream of frames cannot be mistaken for another request, and what is
//! wrong with it h2 answers by the codes of the protocol. What h2 has no clock for is here:
//!
//! - `preface`: how it is known from HTTP/1;
//! - `frames`: whether the client stopped in the middle of something;
//! - `exchange`: what the requests of one connection share, and what is still owed to its client;
//! - `socket`: the bytes on their way to h2;
//! - `service` and `body`: from h2's request to the answer of `wire`.
//!
//! What a client can do is limited: [`STREAMS_MAX`] requests at a time, heads of 64 KiB, bodies
//! that all together take what one may take over HTTP/1.1. One that opens requests and takes them
//! back (rapid reset) is sent away by h2 after 20 that were not even looked at, and after 1024
//! that h2 had to refuse; each of the others costs it a frame of its own and ends its task.

mod body;
mod exchange;
mod frames;
pub(super) mod preface;
mod service;
mod socket;
#[cfg(test)]
mod tests;

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use hyper::rt::Executor;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use wire::limits::HEAD_BYTES_MAX;

use self::exchange::{Exchange, Silence};
use self::socket::Socket;
use super::Server;
use super::connection::{self, LINGER};
use super::deadline::Deadline;

/// Most requests under way on one connection; nginx and Apache have as many, or about so.
pub(super) const STREAMS_MAX: u32 = 128;

/// How much of a body may come before anybody has asked for it, in bytes.
const STREAM_WINDOW_BYTES: u32 = 128 * 1024;

/// The same for all bodies of a connection: so much that those which must wait for room cannot
/// hold up the one that they wait for.
const CONNECTION_WINDOW_BYTES: u32 = STREAMS_MAX * STREAM_WINDOW_BYTES;

/// Puts the requests of a connection on tokio's workers, whichever is free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spawn;

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Spawn {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

/// hyper's settings, the same for every connection.
pub(super) fn builder() -> Builder<Spawn> {
    let mut http2 = Builder::new(Spawn);
    http2
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    http2
}

/// Serves a connection of which `input`, the beginning, has been received.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    input: BytesMut,
    peer: Option<IpAddr>,
    server: &Arc<Server>,
    mut finishing: watch::Receiver<()>,
) {
    let exchange = Arc::new(Exchange::new(peer, server.options.clone()));
    let stream = Socket::new(&mut socket, input, Arc::clone(&exchange));
    let serving = serve(stream, &exchange, server);
    connection::woken_at_finish(pin!(serving), &mut finishing).await;
    drop(finishing);
    // Whatever the client still sends must not destroy what it was told last.
    connection::discard(&mut socket, LINGER).await;
}

/// Runs the connection until it ends by itself, its time is up, or all is answered at a stop.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: Socket<'_, S>,
    exchange: &Arc<Exchange>,
    server: &Server,
) {
    let service = service_fn(|request| service::answer(exchange.begin(), request));
    let mut connection = pin!(server.http2.serve_connection(stream, service));
    let mut deadline = Deadline::default();
    let mut is_last = false;
    poll_fn(|cx| {
        loop {
            if !is_last && (server.stop.is_asked() || exchange.is_last()) {
                is_last = true;
                exchange.finish();
                // The requests under way are answered, and no others begun (GOAWAY, RFC 9113
                // §6.8).
                connection.as_mut().graceful_shutdown();
            }
            // An error is a client that has gone, or broke the protocol: h2 has told it so.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !is_last && exchange.is_last() {
                continue;
            }
            match exchange.poll_silence(cx, &mut deadline) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Silence::Idle) => exchange.finish(),
                Poll::Ready(Silence::Stuck) => return Poll::Ready(()),
            }
        }
    })
    .await;
}
