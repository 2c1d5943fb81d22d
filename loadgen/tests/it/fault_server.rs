//! A server that does with the k-th request what a script says, and keeps a
//! log of what it saw, so that a test can hold the client's report against it.
//!
//! Blocking sockets and a thread for each connection: the plainest server there
//! is, because it is the yardstick. Everything that waits also waits for the
//! stop, so that dropping the server ends it at once, also in mid-stall.

use std::io::{self, PipeReader, PipeWriter};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::ServerConfig;

use crate::behaviour::{Behaviour, Ending, Performance, Step};
use crate::certificate::Certificate;
use crate::channel::Channel;
use crate::request::Request;
use crate::script::Script;

/// Longest request that is read: the tests' requests are tiny.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Longest wait for a client that neither speaks nor leaves, and for a test
/// that waits for the server: beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server saw: the truth that a client's report is held against.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) connections_accepted: usize,
    /// Where they came from, in their order.
    pub(crate) clients: Vec<IpAddr>,
    pub(crate) connections_ended: usize,
    /// What was done with each request, in the order in which requests were
    /// read whole (or connections accepted, see [`Behaviour::is_at_accept`]).
    pub(crate) played: Vec<Behaviour>,
    /// Performances that were written to their end.
    pub(crate) answers_sent: usize,
}

/// The server; it listens while it lives.
pub(crate) struct FaultServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Closing it is the stop signal.
    stop: Option<PipeWriter>,
    acceptor: Option<JoinHandle<()>>,
}

impl FaultServer {
    /// Listens on a free port of the loopback address.
    pub(crate) fn start(script: Script) -> Self {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), script)
    }

    /// Listens on a given address, which another server has left.
    pub(crate) fn start_on(address: SocketAddr, script: Script) -> Self {
        Self::start_with(TcpListener::bind(address).expect("a free port"), script)
    }

    /// Takes over a listener, and what waits in its accept queue.
    pub(crate) fn start_with(listener: TcpListener, script: Script) -> Self {
        Self::serve(listener, script, None)
    }

    /// Encrypts what it says.
    pub(crate) fn start_encrypted(script: Script, certificate: &Certificate) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        Self::serve(listener, script, Some(certificate.server_config()))
    }

    fn serve(listener: TcpListener, script: Script, security: Option<Arc<ServerConfig>>) -> Self {
        let address = listener.local_addr().expect("the listener's address");
        let (stopped, stop) = io::pipe().expect("a pipe");
        let shared = Arc::new(Shared {
            script,
            security,
            stopped,
            log: Mutex::default(),
            changed: Condvar::new(),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept_until_stopped(&listener, &shared)
        });
        Self {
            address,
            shared,
            stop: Some(stop),
            acceptor: Some(acceptor),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        let scheme = match self.shared.security {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}/", self.address)
    }

    /// Blocks until the log fulfils `condition`.
    ///
    /// # Panics
    /// When that does not happen for as long as [`PATIENCE`].
    pub(crate) fn wait_until(&self, condition: impl Fn(&Log) -> bool) {
        let log = self.shared.log();
        let (log, timeout) = self
            .shared
            .changed
            .wait_timeout_while(log, PATIENCE, |log| !condition(log))
            .expect("no panic in the server");
        assert!(
            !timeout.timed_out(),
            "waited in vain for the server; it saw {log:?}"
        );
    }

    /// Ends every connection and tells what was seen.
    pub(crate) fn stop(mut self) -> Log {
        self.join();
        self.shared.log().clone()
    }

    fn join(&mut self) {
        drop(self.stop.take());
        if let Some(acceptor) = self.acceptor.take() {
            let result = acceptor.join();
            assert!(
                result.is_ok() || thread::panicking(),
                "the fault server panicked"
            );
        }
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.join();
    }
}

struct Shared {
    script: Script,
    /// If connections are encrypted.
    security: Option<Arc<ServerConfig>>,
    /// Readable (end of file) once the server is to stop.
    stopped: PipeReader,
    log: Mutex<Log>,
    changed: Condvar,
}

/// What a wait ended with.
#[derive(PartialEq, Eq)]
enum Woken {
    Ready,
    TimedOut,
    Stopped,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no panic in the server")
    }

    /// Changes the log and tells those who wait for it.
    fn note<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let result = change(&mut self.log());
        self.changed.notify_all();
        result
    }

    /// Takes the next line of the script.
    fn play(&self) -> Behaviour {
        self.note(|log| {
            let behaviour = self.script.at(log.played.len());
            log.played.push(behaviour);
            behaviour
        })
    }

    /// Waits until `source` (if any) can be read, but not past the stop.
    fn wait(&self, source: Option<PollFd<'_>>, timeout: Duration) -> io::Result<Woken> {
        let timeout = Timespec::try_from(timeout).expect("a short timeout");
        let mut fds = vec![PollFd::new(&self.stopped, PollFlags::IN)];
        fds.extend(source);
        poll(&mut fds, Some(&timeout))?;
        Ok(if !fds[0].revents().is_empty() {
            Woken::Stopped
        } else if fds.get(1).is_some_and(|fd| !fd.revents().is_empty()) {
            Woken::Ready
        } else {
            Woken::TimedOut
        })
    }
}

fn accept_until_stopped(listener: &TcpListener, shared: &Arc<Shared>) {
    listener
        .set_nonblocking(true)
        .expect("a nonblocking listener");
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    loop {
        let woken = shared.wait(Some(PollFd::new(listener, PollFlags::IN)), PATIENCE);
        // Also at the stop: what is in the accept queue has connected and counts.
        while let Ok((stream, client)) = listener.accept() {
            shared.note(|log| {
                log.connections_accepted += 1;
                log.clients.push(client.ip());
            });
            let shared = Arc::clone(shared);
            connections.push(thread::spawn(move || {
                // An error means that the client went away, which the log shows.
                let _ = Channel::new(stream, shared.security.as_ref(), PATIENCE)
                    .and_then(|channel| serve(channel, &shared));
                shared.note(|log| log.connections_ended += 1);
            }));
        }
        if !matches!(woken, Ok(Woken::Ready | Woken::TimedOut)) {
            break;
        }
        // What has ended keeps its stack until it is joined, and a fast client makes thousands.
        let (ended, running) = connections.into_iter().partition(JoinHandle::is_finished);
        join(ended);
        connections = running;
    }
    join(connections);
}

fn join(connections: Vec<JoinHandle<()>>) {
    for connection in connections {
        connection.join().expect("no panic in a connection");
    }
}

/// One connection: requests are read and answered until one of both ends it.
fn serve(mut channel: Channel, shared: &Shared) -> io::Result<()> {
    let next = shared.script.at(shared.log().played.len());
    if next.is_at_accept() {
        shared.play();
        return meet(channel, next, shared);
    }
    let mut received = Vec::new();
    while let Some(request) = read_request(&mut channel, &mut received, shared)? {
        let performance = shared.play().perform(request);
        let ending = perform(&mut channel, performance, shared)?;
        shared.note(|log| log.answers_sent += 1);
        match ending {
            Ending::AsAsked if request.keep_alive => {}
            Ending::AsAsked => return channel.close(),
            Ending::Close | Ending::Cut => break,
            Ending::Reset => return channel.reset(),
            Ending::Stall => return wait_for_end(&mut channel, shared),
        }
    }
    Ok(())
}

/// What is done to a connection whose request is not read.
fn meet(channel: Channel, behaviour: Behaviour, shared: &Shared) -> io::Result<()> {
    let wait_for = |happening| {
        let socket = PollFd::new(channel.socket(), happening);
        shared.wait(Some(socket), PATIENCE)
    };
    match behaviour {
        Behaviour::NeverReads => wait_for(PollFlags::RDHUP).map(drop),
        Behaviour::ResetsAtFirstByte => {
            wait_for(PollFlags::IN)?;
            channel.reset()
        }
        _ => Ok(()),
    }
}

/// Reads one request whole, head and body; `None` when the client has closed
/// or the server is to stop. Bytes past the request stay in `received`.
fn read_request(
    channel: &mut Channel,
    received: &mut Vec<u8>,
    shared: &Shared,
) -> io::Result<Option<Request>> {
    while received.len() < REQUEST_BYTES_MAX {
        if let Some((request, length)) = Request::parse(received) {
            received.drain(..length);
            return Ok(Some(request));
        }
        if !receive(channel, received, shared)? {
            return Ok(None);
        }
    }
    Err(io::Error::other("the request is too large"))
}

/// Waits for bytes of the client; false when it has closed or the server is to stop.
fn receive(channel: &mut Channel, received: &mut Vec<u8>, shared: &Shared) -> io::Result<bool> {
    let readable = PollFd::new(channel.socket(), PollFlags::IN);
    Ok(shared.wait(Some(readable), PATIENCE)? == Woken::Ready && channel.receive(received)?)
}

/// Sends what the performance says; how it ends is left to the caller.
fn perform(channel: &mut Channel, performance: Performance, shared: &Shared) -> io::Result<Ending> {
    // Corked, the last bytes wait for the FIN and travel with it.
    channel.cork(matches!(performance.ending, Ending::Close | Ending::Cut))?;
    for step in performance.steps {
        match step {
            Step::Send(bytes) => channel.send(&bytes)?,
            Step::Drip(bytes, pause) => {
                channel.cork(false)?;
                for byte in bytes {
                    channel.send(&[byte])?;
                    if shared.wait(None, pause)? == Woken::Stopped {
                        break;
                    }
                }
            }
            Step::SendForever(bytes) => {
                while shared.wait(None, Duration::ZERO)? != Woken::Stopped {
                    channel.send(&bytes)?;
                }
            }
        }
    }
    match performance.ending {
        Ending::Close => channel.close()?,
        Ending::Cut => channel.cut()?,
        Ending::AsAsked | Ending::Reset | Ending::Stall => {}
    }
    Ok(performance.ending)
}

/// Swallows what still comes until the client closes or the server is to stop.
fn wait_for_end(channel: &mut Channel, shared: &Shared) -> io::Result<()> {
    let mut swallowed = Vec::new();
    while receive(channel, &mut swallowed, shared)? {
        swallowed.clear();
    }
    Ok(())
}
