//! A thread for each connection, which ends with it.
//!
//! Nobody waits for anybody, at the price of a thread's start for each connection and of its
//! stack for as long as the connection is open.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
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
        match start(server, newcomer) {
            Ok(()) => backoff.succeeded(),
            Err((error, newcomer)) => {
                if let Some(newcomer) = newcomer {
                    acceptor.refuse(newcomer.socket.share(), newcomer.caller);
                }
                if let Some(pause) = backoff.failed(&error) {
                    acceptor.pause(pause);
                }
            }
        }
    }
    acceptor.close().wait_until_free();
    Ok(())
}

/// The newcomer comes back if there is no thread for it. Meanwhile it lies where either can take
/// it: a second handle on its socket would keep it open after its thread has closed it.
fn start(server: &Arc<Server>, newcomer: Newcomer) -> Result<(), (io::Error, Option<Newcomer>)> {
    let slot = Arc::new(Mutex::new(Some(newcomer)));
    let (server, theirs) = (Arc::clone(server), Arc::clone(&slot));
    let serve = move || {
        if let Some(newcomer) = take(&theirs) {
            server.serve(newcomer, &mut ReadBuffer::new());
        }
    };
    let thread = thread::Builder::new().stack_size(STACK_BYTES);
    let started = thread.spawn(serve);
    started.map(drop).map_err(|error| (error, take(&slot)))
}

fn take(slot: &Mutex<Option<Newcomer>>) -> Option<Newcomer> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
