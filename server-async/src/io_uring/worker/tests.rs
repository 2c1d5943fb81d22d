use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use server_common::listener::Caller;
use server_common::options::WRITE_WAITS;
use server_common::stop::StopHandle;
use socket2::{Domain, Socket, Type};

use super::*;
use crate::io_uring::connection::Turn;
use crate::io_uring::door::Newcomer;
use crate::slots::Key;

/// Far above what anything here takes.
const LONGEST: Duration = Duration::from_secs(10);

const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// More than sockets take.
const LARGE: &[u8] = b"GET /bytes/67108864 HTTP/1.1\r\nHost: a\r\n\r\n";
const LARGE_BYTES: usize = 67_108_864;

/// A loop whose turns are taken one by one.
struct ByHand {
    worker: Worker,
    completed: Vec<Completed>,
    _stop: StopHandle,
}

impl ByHand {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let (handle, stop) = Stop::new().unwrap();
        let mut worker = worker(Vec::new(), options, &stop, 64);
        worker.begin().unwrap();
        Self {
            worker,
            completed: Vec::new(),
            _stop: handle,
        }
    }

    /// A connection, and the client's end of it.
    fn connect(&mut self) -> (Key, UnixStream) {
        let (socket, client) = UnixStream::pair().unwrap();
        client.set_read_timeout(Some(LONGEST)).unwrap();
        let newcomer = Newcomer {
            socket: OwnedFd::from(socket),
            caller: Caller::default(),
        };
        let before = self.keys();
        self.worker.crowd.enter(newcomer, Standing::Served);
        let is_new = |key: &Key| !before.contains(key);
        (self.keys().into_iter().find(is_new).unwrap(), client)
    }

    fn keys(&self) -> Vec<Key> {
        self.worker.crowd.connections.keys()
    }

    fn close(&mut self, key: Key) {
        self.worker.crowd.tend(key, Connection::close);
    }

    /// A turn that waits for nothing.
    fn glance(&mut self) {
        let ring = &mut self.worker.crowd.ring;
        ring.wait(Some(Duration::ZERO), &mut self.completed)
            .unwrap();
        self.worker.work_off(&mut self.completed);
    }

    fn turn(&mut self) {
        self.worker.turn(&mut self.completed).unwrap();
    }

    /// Takes turns until the client has something to read, which it does.
    fn read(&mut self, client: &mut UnixStream) -> String {
        client.set_nonblocking(true).unwrap();
        let mut bytes = [0; 1000];
        loop {
            match client.read(&mut bytes) {
                Ok(count) => return String::from_utf8_lossy(&bytes[..count]).into_owned(),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            self.turn();
        }
    }
}

/// A loop on a thread of its own.
struct Running {
    address: SocketAddr,
    stop: Option<StopHandle>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    fn start(options: Options, buffers: u16) -> Self {
        let listener = Listener::bind_tcp(([127, 0, 0, 1], 0).into(), 128, |_| Ok(())).unwrap();
        let address = listener.socket().local_addr().unwrap().as_socket().unwrap();
        let (handle, stop) = Stop::new().unwrap();
        let worker = worker(vec![listener], options, &stop, buffers);
        Self {
            address,
            stop: Some(handle),
            thread: Some(thread::spawn(move || worker.run())),
        }
    }

    /// A client that has small buffers, so that it does not take what it does not read.
    fn connect(&self) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.set_send_buffer_size(64 * 1024).unwrap();
        socket.connect(&self.address.into()).unwrap();
        socket.set_read_timeout(Some(LONGEST)).unwrap();
        socket.into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.unwrap().unwrap().unwrap();
        }
    }
}

fn worker(listeners: Vec<Listener>, options: Options, stop: &Stop, buffers: u16) -> Worker {
    let ring = Ring::new().unwrap();
    let buffers = Buffers::register_from_to(&ring, buffers, buffers).unwrap();
    let ties = Ties::between(1, options.connections_max).unwrap().remove(0);
    Worker::with(ring, buffers, listeners, options, stop, ties)
}

#[test]
fn what_completes_late_reaches_neither_the_connection_that_closed_nor_the_next() {
    let mut by_hand = ByHand::new();
    let (first, mut late) = by_hand.connect();
    by_hand.glance();
    // It is being received, and comes before the kernel hears of the close.
    late.write_all(HELLO).unwrap();
    by_hand.close(first);
    let (second, mut client) = by_hand.connect();
    assert_ne!(second.slot, first.slot);
    client.write_all(HELLO).unwrap();
    assert!(by_hand.read(&mut client).starts_with("HTTP/1.1 200"));
    // Closed with or without a reset, but unanswered.
    assert_eq!(late.read(&mut [0; 1]).unwrap_or(0), 0);

    let (third, _client) = by_hand.connect();
    assert_eq!(third.slot, first.slot);
    assert_ne!(third.generation, first.generation);
}

#[test]
fn a_backlog_of_cancelled_operations_leaves_nothing_behind() {
    const CONNECTIONS: usize = 200;
    let mut by_hand = ByHand::new();
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| by_hand.connect()).collect();
    for (_, client) in clients.iter_mut().step_by(2) {
        client.write_all(LARGE).unwrap();
    }
    // Until those sockets are full.
    for _ in 0..20 {
        by_hand.glance();
    }
    // Half of them are sending, all are receiving.
    for &(key, _) in &clients {
        by_hand.close(key);
    }
    assert_eq!(by_hand.keys().len(), CONNECTIONS);
    while !by_hand.worker.crowd.is_empty() {
        by_hand.turn();
    }
    let receiving = by_hand.worker.crowd.ring.receiving();
    assert_eq!(receiving.load(std::sync::atomic::Ordering::Relaxed), 0);
    // Their sockets are closed: each client comes to the end of what it was sent.
    for (_, client) in &mut clients {
        std::io::copy(client, &mut std::io::sink()).ok();
        assert_eq!(client.read(&mut [0; 1]).unwrap_or(0), 0);
    }
}

#[test]
fn a_panic_ends_one_connection_and_not_the_loop() {
    let mut by_hand = ByHand::new();
    let (first, mut victim) = by_hand.connect();
    let (_, mut client) = by_hand.connect();
    let panic = |_: &mut Connection, _: &mut Turn<'_>| panic!("as expected");
    by_hand.worker.crowd.tend(first, panic);
    client.write_all(HELLO).unwrap();
    assert!(by_hand.read(&mut client).starts_with("HTTP/1.1 200"));
    assert_eq!(victim.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn what_comes_while_another_connection_works_has_come_in_time() {
    let mut by_hand = ByHand::new();
    let (_, mut waiting) = by_hand.connect();
    let (working, _client) = by_hand.connect();
    by_hand.glance();
    let far_too_long = 2 * Options::default().connection.read_timeout;
    let crowd = &mut by_hand.worker.crowd;
    crowd.tend(working, |_, turn| turn.now += far_too_long);
    assert!(crowd.next_due().is_none());
    waiting.write_all(HELLO).unwrap();
    assert!(by_hand.read(&mut waiting).starts_with("HTTP/1.1 200"));
}

#[test]
fn uploads_come_whole_when_there_is_one_buffer_for_all_of_them() {
    const BODY_BYTES: usize = 1 << 20;
    let running = Running::start(Options::default(), 1);
    thread::scope(|scope| {
        for letter in *b"abcdef" {
            let mut client = running.connect();
            scope.spawn(move || {
                let body = vec![letter; BODY_BYTES];
                let head = format!(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
                     Content-Length: {BODY_BYTES}\r\n\r\n"
                );
                client.write_all(head.as_bytes()).unwrap();
                client.write_all(&body).unwrap();
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).unwrap();
                assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(&body));
            });
        }
    });
}

#[test]
fn a_client_that_takes_nothing_is_cut_after_the_write_timeout() {
    let options = Options {
        write_timeout: Duration::from_millis(200),
        connections_max: Some(1),
        ..Options::default()
    };
    let running = Running::start(options, 64);
    let mut deaf = running.connect();
    deaf.write_all(LARGE).unwrap();
    let asked = Instant::now();
    // There is a place for the next only when the other is gone.
    let mut next = running.connect();
    next.write_all(HELLO).unwrap();
    assert!(next.read(&mut [0; 1000]).unwrap() > 0);
    assert!(asked.elapsed() >= Duration::from_millis(200));
    let mut answer = Vec::new();
    // With a reset, perhaps.
    let _ = deaf.read_to_end(&mut answer);
    assert!(answer.len() < LARGE_BYTES);
}

#[test]
fn a_wait_that_a_stop_ends_was_not_in_vain() {
    let mut by_hand = ByHand::with(Options {
        write_timeout: Duration::from_secs(60),
        ..Options::default()
    });
    let (key, mut deaf) = by_hand.connect();
    deaf.write_all(LARGE).unwrap();
    // Until its socket is full.
    for _ in 0..20 {
        by_hand.glance();
    }
    for _ in 1..WRITE_WAITS {
        by_hand.worker.crowd.tend(key, Connection::time_is_up);
        by_hand.turn();
    }
    by_hand.worker.crowd.finish();
    by_hand.turn();
    by_hand.glance();
    assert_eq!(by_hand.keys(), [key]);
}

#[test]
fn a_client_that_takes_little_at_a_time_is_never_cut() {
    // Far longer than this client is ever kept from reading by others on its core.
    let write_timeout = Duration::from_secs(1);
    let options = Options {
        write_timeout,
        ..Options::default()
    };
    let running = Running::start(options, 64);
    let mut slow = running.connect();
    slow.write_all(LARGE).unwrap();
    let mut piece = vec![0; 32 * 1024];
    let mut received = 0;
    let began = Instant::now();
    while began.elapsed() < 2 * write_timeout {
        received += slow.read(&mut piece).unwrap();
        thread::sleep(write_timeout / 100);
    }
    assert!(received < LARGE_BYTES);
    while received < LARGE_BYTES {
        let count = slow.read(&mut piece).unwrap();
        assert!(count > 0, "cut after {received} bytes");
        received += count;
    }
}

#[test]
fn what_is_sent_while_an_answer_is_not_taken_waits_in_the_sockets() {
    let running = Running::start(Options::default(), 64);
    let mut client = running.connect();
    client.write_all(LARGE).unwrap();
    client
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let requests = HELLO.repeat(1000);
    let mut sent = 0;
    let error = loop {
        match client.write(&requests) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < LARGE_BYTES / 4, "nobody stops the client");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn requests_that_were_held_are_answered_in_order() {
    let running = Running::start(Options::default(), 64);
    let mut client = running.connect();
    // The second request comes while the first one's pause lasts, and more than is held with it.
    client
        .write_all(b"GET /delay/50 HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut reader = client.try_clone().unwrap();
    let writer = thread::spawn(move || {
        for _ in 0..40 {
            client.write_all(&HELLO.repeat(100)).unwrap();
        }
        client
            .write_all(b"GET /bytes/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .unwrap();
    });
    let mut answers = String::new();
    reader.read_to_string(&mut answers).unwrap();
    writer.join().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 4002);
    assert!(answers.ends_with("\r\n\r\n012"));
}
