//! A server that answers at once, except when it pauses: by a schedule of its own, so that what a
//! client measures can be held against what it must have met.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use loadgen::system::affinity::CpuSet;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

/// How long each pause is.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// From one pause's start to the next one's. The first comes after half of it, counted from the
/// first connection.
pub(crate) const PERIOD: Duration = Duration::from_secs(5);

/// How soon the server sees that it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const LISTENER: Token = Token(usize::MAX);

/// Runs in a thread until it is dropped.
pub(crate) struct PausingServer {
    pub(crate) address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl PausingServer {
    /// Starts it on `cores`.
    pub(crate) fn start(cores: &CpuSet) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = cores.run(|| {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || serve(listener, &is_over))
        })?;
        Ok(Self {
            address,
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for PausingServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Ok(()))) | None => {}
            Some(Ok(Err(error))) => eprintln!("peers: the pausing server has failed: {error}"),
            Some(Err(_)) => eprintln!("peers: the pausing server has panicked"),
        }
    }
}

fn serve(mut listener: TcpListener, is_over: &AtomicBool) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections: Vec<TcpStream> = Vec::new();
    let mut next_pause: Option<Instant> = None;
    while !is_over.load(Ordering::Relaxed) {
        let now = Instant::now();
        let until_pause = next_pause.map_or(LOOK_EVERY, |at| at.saturating_duration_since(now));
        if until_pause.is_zero() {
            thread::sleep(PAUSE);
            next_pause = next_pause.map(|at| at + PERIOD);
            continue;
        }
        poll.poll(&mut events, Some(until_pause.min(LOOK_EVERY)))?;
        for event in &events {
            match event.token() {
                LISTENER => {
                    next_pause.get_or_insert_with(|| Instant::now() + PERIOD / 2);
                    accept(&listener, &poll, &mut connections)?;
                }
                Token(index) => answer(&mut connections[index]),
            }
        }
    }
    Ok(())
}

/// Takes all connections that wait.
fn accept(listener: &TcpListener, poll: &Poll, connections: &mut Vec<TcpStream>) -> io::Result<()> {
    loop {
        let mut connection = match listener.accept() {
            Ok((connection, _)) => connection,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        connection.set_nodelay(true)?;
        let token = Token(connections.len());
        poll.registry()
            .register(&mut connection, token, Interest::READABLE)?;
        connections.push(connection);
    }
}

/// Answers every request that has come; on the loopback none comes in pieces. What becomes of a
/// connection that fails is for the client to tell.
fn answer(connection: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = connection.read(&mut buffer) {
        let heads = buffer[..count].windows(4);
        for _ in heads.filter(|end| end == b"\r\n\r\n") {
            let _ = connection.write_all(ANSWER);
        }
    }
}
