//! A fixed number of threads, each with one connection at a time.
//!
//! One thread accepts and hands the connections over in a queue. Threads are started once, and
//! there are never more: a flood costs memory for as many connections as there are threads and
//! places in the queue. The rest wait in the kernel's accept queue, or are refused. So they do
//! when all threads are held by clients that send nothing.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use server_common::options::Options;

use crate::acceptor::{Acceptor, Newcomer};
use crate::connection::{ReadBuffer, Server};
use crate::stack::STACK_BYTES;

/// Threads unless told otherwise: a kept connection holds its thread while it waits for its next
/// request, so it is the clients that count and not the cores. Apache's prefork has as many.
const THREADS_DEFAULT: usize = 256;

/// Connections taken at a time: one for each thread, and those in the queue, as many as there are
/// threads unless told otherwise. The last of so many waits for about as long as a connection
/// lasts; with more it would wait for several times as long, and a 503 helps it sooner.
pub(super) fn places(options: &Options) -> usize {
    let threads = threads(options);
    threads + options.queue.unwrap_or(threads)
}

fn threads(options: &Options) -> usize {
    options.threads.unwrap_or(THREADS_DEFAULT)
}

/// The end of the queue at which the threads stand, one at a time. That this is a lock and not a
/// condition on which all sleep keeps the acceptor from waking a thread for each connection: one
/// is woken, and wakes the next when it leaves. The condition was tried, and took half as many
/// context switches again.
type Queue = Arc<Mutex<Receiver<Newcomer>>>;

pub(super) fn run(mut acceptor: Acceptor, server: &Arc<Server>) -> io::Result<()> {
    // The places are its bound.
    let (handover, queue) = channel();
    let threads = start(server, queue)?;
    while let Some(newcomer) = acceptor.next() {
        hand_over(&handover, newcomer);
    }
    drop(acceptor);
    drop(handover);
    for thread in threads {
        // A connection's panic does not get as far as this.
        let _ = thread.join();
    }
    Ok(())
}

fn start(server: &Arc<Server>, queue: Receiver<Newcomer>) -> io::Result<Vec<JoinHandle<()>>> {
    let queue: Queue = Arc::new(Mutex::new(queue));
    let start_one = |_| {
        let (server, queue) = (Arc::clone(server), Arc::clone(&queue));
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn(move || serve_queue(&server, &queue))
    };
    (0..threads(&server.options)).map(start_one).collect()
}

fn serve_queue(server: &Server, queue: &Queue) {
    let mut buffer = ReadBuffer::new();
    while let Some(newcomer) = next(queue) {
        server.serve(newcomer, &mut buffer);
    }
}

/// The next connection; `None` when the acceptor has gone and the queue is empty. The lock is
/// given back before the connection is served.
fn next(queue: &Queue) -> Option<Newcomer> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}

fn hand_over(handover: &Sender<Newcomer>, newcomer: Newcomer) {
    // The threads stand at the other end until this one is dropped.
    let _ = handover.send(newcomer);
}
