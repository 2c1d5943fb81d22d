//! One thread, one connection at a time: accept, answer, close.
//!
//! While a connection is served all others wait in the accept queue. No switch between threads,
//! no event queue: nothing costs less CPU per request, and nothing waits worse.

use std::io;
use std::sync::Arc;

use crate::acceptor::Acceptor;
use crate::connection::{ReadBuffer, Server};

pub(super) fn run(mut acceptor: Acceptor, server: &Arc<Server>) -> io::Result<()> {
    let mut buffer = ReadBuffer::new();
    while let Some(newcomer) = acceptor.next() {
        server.serve(newcomer, &mut buffer);
    }
    Ok(())
}
