//! Connections beyond the most that are taken, where they are refused: told 503, and given a
//! moment to hear it.

use std::time::Duration;

use server_common::listener::Caller;
use server_common::overloaded;
use tokio::io::AsyncWriteExt;

use super::Server;
use super::connection::{LINGER, discard};
use super::socket::{Socket, Stream};
use crate::cli::SERVER;

/// Refused connections that are given that moment, at a time: so many descriptors are to be had
/// beyond the limit. In a flood the others are closed as soon as they are told.
pub(super) const LEAVING_MAX: usize = 128;

/// Refuses one connection. Over TLS it is closed without a word.
pub(super) async fn run<S: Stream>(socket: S, caller: Caller, server: &Server) {
    let Some(answer) = overloaded::answer(SERVER, caller, &server.options) else {
        return;
    };
    let mut socket = Socket::new(socket, server.options.write_timeout);
    let place = server.leaving.try_acquire();
    let moment = match place {
        Ok(_) => LINGER,
        Err(_) => Duration::ZERO,
    };
    // It fits into a new socket's buffer; one who has gone meanwhile need not be seen off.
    if socket.write_all(&answer).await.is_ok() {
        discard(&mut socket, moment).await;
    }
}
