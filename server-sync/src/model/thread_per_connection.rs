//! A thread for each connection, which ends with it.
//!
//! Nobody waits for anybody, at the price of a thread's start for each connection and of its
//! stack for as long as the connection is open.

use std::io;
use std::sync::Arc;
use std::thread;

use server_common::accept_backoff::AcceptBackoff;

use crate::acceptor::{Acceptor, Newcomer};
use crate::cli::SERVER;
use crate::connection::{ReadBuffer, Server};
use crate::stack::STACK_BYTES;

/// A connection for which no thread can be had is told so by the accepting thread. The pause that
/// follows leaves the next ones in the accept queue, where they lose nothing but time.
pub(super) fn run(mut acceptor: Acceptor, server: &Arc<Server>) -> io::Result<()> {
    let mut backoff = AcceptBackoff::of(
        SERVER,
        "start a thread for a connection",
        "it is answered 503; see ulimit -u, kernel.threads-max and the memory that is left",
    );
    while let Some(newcomer) = acceptor.next() {
        let (socket, peer) = (newcomer.socket.share(), newcomer.peer);
        match start(server, newcomer) {
            Ok(()) => backoff.succeeded(),
            Err(error) => {
                acceptor.refuse(socket, peer);
                if let Some(pause) = backoff.failed(&error) {
                    acceptor.pause(pause);
                }
            }
        }
    }
    acceptor.close().wait_until_free();
    Ok(())
}

fn start(server: &Arc<Server>, newcomer: Newcomer) -> io::Result<()> {
    let server = Arc::clone(server);
    let serve = move || server.serve(newcomer, &mut ReadBuffer::new());
    let thread = thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(serve).map(drop)
}
