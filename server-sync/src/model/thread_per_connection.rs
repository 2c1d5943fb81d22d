//! A thread for each connection, which ends with it.
//!
//! Nobody waits for anybody, at the price of a thread's start for each connection and of its
//! stack for as long as the connection is open.

use std::io;
use std::sync::Arc;
use std::thread;

use crate::acceptor::Acceptor;
use crate::connection::{ReadBuffer, Server};

/// Address space for a thread's stack. Only what is touched takes memory, some 20 KiB; the rest
/// is for a panic's backtrace. The standard library's 2 MiB would be 20 GiB of address space for
/// ten thousand connections.
const STACK_BYTES: usize = 256 * 1024;

pub(super) fn run(mut acceptor: Acceptor, server: &Arc<Server>) -> io::Result<()> {
    while let Some(newcomer) = acceptor.next() {
        let server = Arc::clone(server);
        let serve = move || server.serve(newcomer, &mut ReadBuffer::new());
        let spawned = thread::Builder::new().stack_size(STACK_BYTES).spawn(serve);
        if let Err(error) = spawned {
            // This connection went with its closure and is closed unanswered. The pause leaves
            // the next ones in the accept queue, where they lose nothing but time.
            acceptor.pause_after(&error);
        }
    }
    acceptor.close().wait_until_free();
    Ok(())
}
