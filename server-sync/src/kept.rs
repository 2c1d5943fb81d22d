//! Connections that are kept for a next request, so that a stop can wake who waits for it.
//!
//! A thread blocked in a read hears of nothing else. What ends its read is `shutdown` on the
//! socket by another thread: the read then returns what has come already, or the end. Only a
//! thread that waits for a further request is woken so: in the middle of one, shutting the
//! reading side would cut off the rest, and a new connection is owed an answer. A request that
//! comes in pieces, the first of them at the very moment of the stop, may still be cut off: the
//! race of RFC 9112 §9.6, which a client of kept connections must be ready for. And nothing can be
//! waited for on a socket whose reading side is shut: a WebSocket client hears its farewell, but
//! the server does not linger for what it is saying just then, and answers that with a reset.

use std::collections::HashMap;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socket2::Socket;

/// All connections of a server that have ever waited for a next request.
#[derive(Debug, Default)]
pub(crate) struct KeptConnections {
    is_stopping: AtomicBool,
    /// By descriptor, which is not given to another socket as long as this one is here.
    entries: Mutex<HashMap<RawFd, Entry>>,
}

#[derive(Debug)]
struct Entry {
    socket: Arc<Socket>,
    is_idle: Arc<AtomicBool>,
}

/// One connection's entry, taken out when this goes.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    connections: &'a KeptConnections,
    descriptor: RawFd,
    is_idle: Arc<AtomicBool>,
}

impl KeptConnections {
    /// Enters a connection, at first not idle.
    pub(crate) fn enter(&self, socket: Arc<Socket>) -> Kept<'_> {
        let descriptor = socket.as_raw_fd();
        let is_idle = Arc::new(AtomicBool::new(false));
        let entry = Entry {
            socket,
            is_idle: Arc::clone(&is_idle),
        };
        self.lock().insert(descriptor, entry);
        Kept {
            connections: self,
            descriptor,
            is_idle,
        }
    }

    /// Ends the reads of all idle connections, and lets none begin to idle from now on.
    pub(crate) fn wake_all(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        for entry in self.lock().values() {
            if entry.is_idle.load(Ordering::SeqCst) {
                // A peer that has gone meanwhile has ended the read as well.
                let _ = entry.socket.shutdown(Shutdown::Read);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RawFd, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept<'_> {
    /// Begins to wait for a next request; `false` means that the server is stopping.
    ///
    /// Here the mark is set and then the stop looked for, in [`KeptConnections::wake_all`] the
    /// stop is set and then the marks looked for. In whichever order they come (hence `SeqCst`),
    /// one of the two sees the other.
    pub(crate) fn begin_idling(&self) -> bool {
        self.is_idle.store(true, Ordering::SeqCst);
        !self.connections.is_stopping.load(Ordering::SeqCst)
    }

    /// The wait is over.
    pub(crate) fn end_idling(&self) {
        self.is_idle.store(false, Ordering::SeqCst);
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.descriptor);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use socket2::{Domain, Type};

    use super::*;

    #[test]
    fn a_stop_ends_the_reads_of_idle_connections_alone() {
        let connections = KeptConnections::default();
        let pair = || Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        let ((idle, _idle_peer), (busy, busy_peer)) = (pair(), pair());
        let (idle, busy) = (Arc::new(idle), Arc::new(busy));
        let kept_idle = connections.enter(Arc::clone(&idle));
        let kept_busy = connections.enter(Arc::clone(&busy));
        assert!(kept_idle.begin_idling() && kept_busy.begin_idling());
        kept_busy.end_idling();

        connections.wake_all();
        assert_eq!((&*idle).read(&mut [0]).unwrap(), 0);
        busy_peer.send(b"x").unwrap();
        assert_eq!((&*busy).read(&mut [0]).unwrap(), 1);
        assert!(!kept_busy.begin_idling());
    }

    #[test]
    fn a_connection_that_is_gone_leaves_nothing_behind() {
        let connections = KeptConnections::default();
        let (socket, _peer) = Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        let kept = connections.enter(Arc::new(socket));
        assert_eq!(connections.lock().len(), 1);
        drop(kept);
        assert_eq!(connections.lock().len(), 0);
    }
}
