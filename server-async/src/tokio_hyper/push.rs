//! The push stream: a task makes messages when the client's socket is to have them.

use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use server_common::clock;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::sleep;
use wire::connection::Need;
use wire::route::Pause;
use wire::session::Session;

use super::Server;
use super::connection::{LINGER, discard};
use super::socket::{Socket, Stream};

/// Batches before others have their turn: to a client that reads at full speed there is always
/// room for one more.
const BATCHES_PER_TURN: u32 = 16;

/// Serves one client, which is not read from: what it sends stays in the kernel.
pub(super) async fn run<S: Stream>(socket: S, server: &Server, finishing: watch::Receiver<()>) {
    let session = Session::push(server.options.push);
    let write_timeout = server.options.write_timeout;
    let mut socket = Socket::new(socket, session.write_timeout(write_timeout));
    if push(session, &mut socket, write_timeout, finishing)
        .await
        .is_ok()
    {
        discard(&mut socket, LINGER).await;
    }
}

/// Pushes until the stop, then ends with the message under way. A client that does not take the
/// rest of it as soon as one that reads would is cut.
///
/// # Errors
///
/// The client has gone, or took nothing for too long.
async fn push<S: Stream>(
    mut session: Session,
    socket: &mut Socket<S>,
    write_timeout: Duration,
    mut finishing: watch::Receiver<()>,
) -> io::Result<()> {
    let mut finish = pin!(finishing.changed());
    let mut batches_left = BATCHES_PER_TURN;
    loop {
        match session.need(&clock::date()) {
            Need::Time if batches_left == 0 => {
                yield_now().await;
                batches_left = BATCHES_PER_TURN;
            }
            Need::Time => {
                session.tell_time(Instant::now(), clock::since_1970());
                batches_left -= 1;
            }
            Need::Output => tokio::select! {
                biased;
                _ = &mut finish => break,
                written = socket.write(session.output()) => session.wrote(written?),
            },
            Need::Pause(Pause::Wait(time)) => tokio::select! {
                biased;
                _ = &mut finish => break,
                () = sleep(time) => {}
            },
            // A stream needs nothing else.
            _ => break,
        }
    }
    session.finish();
    socket.limit_writes(session.write_timeout(write_timeout));
    socket.write_all(session.output()).await
}

#[cfg(test)]
mod tests;
