//! One thread, one connection at a time: accept, answer, close.
//!
//! While a connection is served all others wait in the accept queue. No switch between threads,
//! no event queue: nothing costs less CPU per request, and nothing waits worse.

use std::collections::VecDeque;
use std::io;
use std::iter;
use std::sync::Arc;

use server_common::options::Overload;

use crate::acceptor::{Acceptor, Newcomer};
use crate::connection::{ReadBuffer, Server};

/// Nobody is refused while a connection is served, for there is no one to do it. Who came
/// meanwhile is looked at when it ends: as many as have a place wait for their turn in the order
/// in which they came, the others hear 503.
pub(super) fn run(mut acceptor: Acceptor, server: &Arc<Server>) -> io::Result<()> {
    let mut buffer = ReadBuffer::new();
    let mut waiting = VecDeque::new();
    let refuses =
        server.options.overload == Overload::Refuse && server.options.connections_max.is_some();
    while let Some(newcomer) = next(&mut waiting, &mut acceptor) {
        server.serve(newcomer, &mut buffer);
        if refuses {
            waiting.extend(iter::from_fn(|| acceptor.next_present()));
        }
    }
    Ok(())
}

fn next(waiting: &mut VecDeque<Newcomer>, acceptor: &mut Acceptor) -> Option<Newcomer> {
    waiting.pop_front().or_else(|| acceptor.next())
}
