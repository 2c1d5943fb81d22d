//! What follows HTTP on a connection that asks for WebSocket (RFC 6455): tokio-tungstenite reads and
//! makes the frames, in the connection's task.
//!
//! - `client`: whom a message goes to, and how long everything may take;
//! - `pipe`: what the codec takes for a client's socket.

mod client;
mod pipe;

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

use bytes::BytesMut;
use server_common::clock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use wire::refusal::Refusal;
use wire::status::Status;
use wire::websocket::config;
use wire::websocket::handshake::{Handshake, Talk};

use self::client::{Client, Turn};
use self::pipe::Pipe;
use super::Server;
use super::connection::{self, LINGER};
use super::exchange::Exchange;

/// Serves a client that has asked for it, and has sent `input` behind that.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    input: BytesMut,
    handshake: &Handshake,
    exchange: &Exchange<'_>,
    server: &Server,
    mut finishing: watch::Receiver<()>,
) {
    let seat = match &handshake.talk {
        Talk::Echo => None,
        // Others wake the client's task, as its socket does.
        Talk::Relay { room } => match server.options.relay.enter(room, waker().await) {
            Some(seat) => Some(seat),
            None => return connection::refuse(socket, Refusal::RELAY_FULL, exchange).await,
        },
    };
    exchange.log(Status::SwitchingProtocols, 0);
    let answer = handshake.render_answer(&clock::date());
    let codec = codec(Pipe::new(&mut socket, input, answer)).await;
    let mut client = Client::new(codec, seat, server);
    let talk = async {
        loop {
            match poll_fn(|cx| client.poll(cx)).await? {
                Turn::Over => return std::io::Result::Ok(()),
                Turn::Bloated => client = client.slimmed().await,
            }
        }
    };
    let said_all = connection::woken_at_finish(pin!(talk), &mut finishing).await;
    // A client that has gone, or takes nothing, is not waited for.
    if said_all.is_ok() {
        connection::discard(&mut socket, LINGER).await;
    }
}

/// A codec at the beginning of a message.
async fn codec<S: AsyncRead + AsyncWrite + Unpin>(pipe: Pipe<S>) -> WebSocketStream<Pipe<S>> {
    WebSocketStream::from_raw_socket(pipe, Role::Server, Some(config())).await
}

/// What wakes the present task.
async fn waker() -> Waker {
    poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
}

#[cfg(test)]
mod tests;
