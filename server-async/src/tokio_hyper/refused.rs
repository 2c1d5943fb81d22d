//! Connections beyond the most that are taken, where they are refused: told 503, and given a
//! moment to hear it.

use std::net::IpAddr;
use std::time::Duration;

use server_common::{access_log, clock};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use wire::answer::Answer;
use wire::refusal::Refusal;

use super::Server;
use super::connection::{LINGER, discard};
use super::socket::Socket;
use crate::cli::SERVER;

/// Refused connections that are given that moment, at a time: so many descriptors are to be had
/// beyond the limit. In a flood the others are closed as soon as they are told.
pub(super) const LEAVING_MAX: usize = 128;

/// Refuses one connection. Over TLS it is closed without a word, for a word would take a
/// handshake, which costs more than most requests.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    peer: Option<IpAddr>,
    server: &Server,
) {
    if server.tls.is_some() {
        return;
    }
    let date = clock::date();
    let answer = Answer::from(Refusal::OVERLOADED);
    if server.options.connection.access_log {
        let body_bytes = answer.sent_body_bytes(false);
        let line = wire::access_log::line(peer, &date, &[], answer.status, body_bytes);
        access_log::write(SERVER, line);
    }
    let mut socket = Socket::new(socket, server.options.write_timeout);
    let place = server.leaving.try_acquire();
    let moment = match place {
        Ok(_) => LINGER,
        Err(_) => Duration::ZERO,
    };
    // It fits into a new socket's buffer; one who has gone meanwhile need not be seen off.
    if socket.write_all(&answer.render_last(&date)).await.is_ok() {
        discard(&mut socket, moment).await;
    }
}
