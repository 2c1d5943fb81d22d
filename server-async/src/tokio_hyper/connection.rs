//! A connection's task, from the first byte to the close.

use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use server_common::clock;
use server_common::listener::{Caller, Service};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::coop::unconstrained;
use tokio::time::timeout;
use wire::answer::Answer;
use wire::refusal::Refusal;

use super::exchange::Exchange;
use super::gate::{Ending, Gate};
use super::socket::{Socket, Stream};
use super::{Server, http2, push, service, tls, websocket};

/// How long input is read and thrown away after the last answer, so that the reset which follows
/// unread bytes does not destroy the answer before the client has read it (RFC 9112 §9.6).
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// What is thrown away in one read, in bytes.
const DISCARD_BYTES: usize = 16 * 1024;

/// hyper's settings, the same for every connection. What is not set here is as hyper has it: 100
/// header fields on the stack (`max_headers` would put them on the heap), buffers up to 400 KiB,
/// no timer (the deadlines are the gate's), a flush for each answer of a pipeline, and pieces handed
/// on as they are (`writev(false)` would copy large bodies too, at 25 % of their cost; the gate
/// joins small ones).
pub(super) fn http1() -> http1::Builder {
    let mut http1 = http1::Builder::new();
    http1
        // A client that has shut down its sending side still gets its answers; and hyper reads
        // only when it wants more of a request, on which the gate relies.
        .half_close(true)
        // ab up to 2.4.48 and other old clients look for `Content-Length:` letter by letter.
        .title_case_headers(true);
    http1
}

/// Serves one connection. Whatever goes wrong on it is its own affair, hence no error.
pub(super) async fn run<S: Stream>(
    socket: S,
    caller: Caller,
    server: &Arc<Server>,
    finishing: watch::Receiver<()>,
) {
    if caller.service == Service::Push {
        return Box::pin(push::run(socket, server, finishing)).await;
    }
    let peer = caller.peer;
    let socket = Socket::new(socket, server.options.write_timeout);
    match &server.tls {
        None => run_http1(socket, peer, server, finishing).await,
        // Boxed, or a connection in the clear would have room for it in its task.
        Some(tls) => Box::pin(tls::run(tls, socket, peer, server, finishing)).await,
    }
}

/// Serves a connection that begins as HTTP/1 does; a client may turn out to speak HTTP/2, or ask
/// for WebSocket.
pub(super) async fn run_http1<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    peer: Option<IpAddr>,
    server: &Arc<Server>,
    mut finishing: watch::Receiver<()>,
) {
    let exchange = Exchange::new(peer, server.options.connection, &server.stop);
    let gate = Gate::new(socket, &exchange);
    let service = service_fn(|request| service::answer(&exchange, request));
    let mut connection = server.http1.serve_connection(gate, service);

    // An error is a client that has gone or does not read, or a body that broke off; the gate
    // knows which.
    let _ = woken_at_finish(Pin::new(&mut connection), &mut finishing).await;

    let mut gate = connection.into_parts().io;
    let ending = gate.take_ending();
    let linger = gate.has_input_left() || exchange.body_may_stay_away();
    let (mut socket, input) = gate.into_parts();
    // What came behind the last answer is nobody's concern.
    match ending.filter(|_| !exchange.answered_last()) {
        Some(Ending::Http2) => {
            Box::pin(http2::run(socket, input, peer, server, finishing)).await;
        }
        Some(Ending::WebSocket(handshake)) => {
            let talk = websocket::run(socket, input, &handshake, &exchange, server, finishing);
            Box::pin(talk).await;
        }
        Some(Ending::Refused(refusal)) => refuse(socket, refusal, &exchange).await,
        Some(Ending::Closed) | None if linger => discard(&mut socket, LINGER).await,
        Some(Ending::Closed) | None => {}
    }
}

/// Tells a client what was wrong, as the last answer.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    refusal: Refusal,
    exchange: &Exchange<'_>,
) {
    let answer = Answer::from(refusal);
    exchange.log(answer.status, answer.sent_body_bytes(false));
    let last = answer.render_last(&clock::date());
    let _ = socket.write_all(&last).await;
    discard(&mut socket, LINGER).await;
}

/// Runs `future`, and once more when the server begins to finish, so that a connection that waits
/// for its next request sees it.
///
/// The signal is polled once only, which is enough to have the task woken by it (whatever is left
/// of tokio's budget, so that the poll is not put off): polling it with every request would cost
/// what the request's own bookkeeping costs.
pub(super) async fn woken_at_finish<F: Future + Unpin>(
    mut future: F,
    finishing: &mut watch::Receiver<()>,
) -> F::Output {
    let mut finish = pin!(unconstrained(finishing.changed()));
    let mut is_noted = false;
    poll_fn(|cx| {
        if !is_noted {
            is_noted = true;
            let _ = finish.as_mut().poll(cx);
        }
        Pin::new(&mut future).poll(cx)
    })
    .await
}

/// Says that nothing more will be sent, then reads until the client closes, for `time` at most.
pub(super) async fn discard<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut S, time: Duration) {
    let read = async {
        socket.shutdown().await?;
        // Not an array: it would be part of every connection's task, where it is hardly ever
        // needed.
        let mut bytes = vec![0; DISCARD_BYTES];
        while socket.read(&mut bytes).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(time, read).await;
}
