//! The driver alone, against a server within the test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use super::*;
use crate::plan::Destination;

/// Far above what anything here takes.
const LONGEST: Duration = Duration::from_secs(10);

/// What happened, with the bytes taken out of the driver.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Progress(Progress),
    Received(Vec<u8>, Then),
    Ended,
    Failed(io::ErrorKind),
}

struct Peer {
    listener: TcpListener,
    destination: Destination,
}

impl Peer {
    fn new() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let destination = Destination::Tcp(listener.local_addr().unwrap());
        Self {
            listener,
            destination,
        }
    }

    fn accept(&self) -> TcpStream {
        self.listener.accept().unwrap().0
    }

    fn hop(&self) -> Hop<'_> {
        Hop {
            destination: &self.destination,
            source: None,
            buffer_bytes: None,
        }
    }
}

/// The driver, or nothing where there is no io_uring: the program does without it there, too.
fn driver<'a>(slots: usize) -> Option<Completion<'a>> {
    match Completion::new(slots) {
        Ok(driver) => Some(driver),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            None
        }
    }
}

/// Opens a connection on which `bytes` are sent.
fn open<'a>(driver: &mut Completion<'a>, slot: usize, peer: &'a Peer, bytes: &'static [u8]) {
    driver.connect(slot, peer.hop()).unwrap();
    driver.send(slot, Cow::Borrowed(bytes)).unwrap();
    assert_eq!(hear(driver), (slot, Heard::Progress(Progress::Sent)));
}

/// The next thing that happens.
fn hear(driver: &mut Completion<'_>) -> (usize, Heard) {
    let began = Instant::now();
    loop {
        if let Some((slot, event)) = driver.next() {
            let heard = match event {
                Event::Progress(progress) => Heard::Progress(progress),
                Event::Received { bytes, then } => Heard::Received(bytes.to_vec(), then),
                Event::Ended => Heard::Ended,
                Event::Failed(error) => Heard::Failed(error.kind()),
            };
            return (slot, heard);
        }
        assert!(began.elapsed() < LONGEST, "nothing happens");
        driver.wait(LONGEST, None).unwrap();
    }
}

/// What happens until bytes come.
fn receive(driver: &mut Completion<'_>) -> (Vec<u8>, Then) {
    loop {
        match hear(driver).1 {
            Heard::Progress(_) => {}
            Heard::Received(bytes, then) => return (bytes, then),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_answer_and_its_end_are_heard_at_once() {
    let peer = Peer::new();
    let Some(mut driver) = driver(1) else { return };
    driver.connect(0, peer.hop()).unwrap();
    let progress = driver.send(0, Cow::Borrowed(b"ask")).unwrap();
    assert_eq!(progress, Progress::Connecting);
    assert_eq!(hear(&mut driver), (0, Heard::Progress(Progress::Sent)));

    let mut server = peer.accept();
    server.read_exact(&mut [0; 3]).unwrap();
    server.write_all(b"answer").unwrap();
    drop(server);
    assert_eq!(
        hear(&mut driver),
        (0, Heard::Received(b"answer".to_vec(), Then::Ended))
    );
}

#[test]
fn what_completes_after_a_close_is_not_heard_on_the_next_connection() {
    let peer = Peer::new();
    let Some(mut driver) = driver(1) else { return };
    open(&mut driver, 0, &peer, b"first");
    let mut first = peer.accept();
    first.write_all(b"too late").unwrap();
    // The kernel has received that, or will in the next wait; both come after the close.
    driver.close(0);

    open(&mut driver, 0, &peer, b"second");
    let mut second = peer.accept();
    second.write_all(b"in time").unwrap();
    assert_eq!(receive(&mut driver), (b"in time".to_vec(), Then::Open));
}

#[test]
fn what_is_asked_for_just_before_a_close_is_not_done_to_the_next_connection() {
    let peer = Peer::new();
    let Some(mut driver) = driver(1) else { return };
    open(&mut driver, 0, &peer, b"first");
    driver.send(0, Cow::Borrowed(b" farewell")).unwrap();
    driver.close(0);

    // Its descriptor is the one that was closed.
    open(&mut driver, 0, &peer, b"second");
    driver.close(0);
    driver.wait(Duration::ZERO, None).unwrap();
    let received = [peer.accept(), peer.accept()].map(|mut server| {
        let mut received = String::new();
        server.read_to_string(&mut received).unwrap();
        received
    });
    assert_eq!(received, ["first farewell", "second"]);
}

#[test]
fn bytes_that_are_being_sent_outlive_their_connection() {
    let peer = Peer::new();
    let Some(mut driver) = driver(1) else { return };
    driver.connect(0, peer.hop()).unwrap();
    // More than the sockets take, so that the kernel still has it when the slot is closed.
    driver.send(0, Cow::Owned(vec![b'x'; 32 << 20])).unwrap();
    let server = peer.accept();
    assert_eq!(hear(&mut driver), (0, Heard::Progress(Progress::Sending)));
    assert!(driver.unsent_bytes(0) > 0);
    driver.close(0);
    assert_eq!(driver.shared.kept.len(), 1);
    assert_eq!(driver.unsent_bytes(0), 0);

    // Nothing of it is heard, and the bytes are let go of.
    while !driver.shared.kept.is_empty() {
        driver.wait(LONGEST, None).unwrap();
        assert!(driver.next().is_none());
    }
    drop(server);
}

#[test]
fn more_than_all_buffers_hold_is_received_nevertheless() {
    const CONNECTIONS: usize = 3;
    /// Together more than the 64 buffers that there are.
    const ANSWER_BYTES: usize = 4 << 20;
    let peer = Peer::new();
    let Some(mut driver) = driver(CONNECTIONS) else {
        return;
    };
    let mut servers = Vec::new();
    for slot in 0..CONNECTIONS {
        driver.connect(slot, peer.hop()).unwrap();
        driver.send(slot, Cow::Borrowed(b"ask")).unwrap();
        driver.wait(Duration::ZERO, None).unwrap();
        let mut server = peer.accept();
        servers.push(std::thread::spawn(move || {
            server.read_exact(&mut [0; 3]).unwrap();
            server.write_all(&vec![b'y'; ANSWER_BYTES]).unwrap();
            server
        }));
    }
    let is_out_of_buffers = |completed: &Completed| completed.result == Err(Errno::NOBUFS);
    while !driver.completed.iter().any(is_out_of_buffers) {
        driver.wait(LONGEST, None).unwrap();
    }

    let mut received = 0;
    while received < CONNECTIONS * ANSWER_BYTES {
        received += receive(&mut driver).0.len();
    }
    assert_eq!(received, CONNECTIONS * ANSWER_BYTES);
    for server in servers {
        drop(server.join().unwrap());
    }
}

#[test]
fn an_idle_connection_that_ends_is_heard_of() {
    let peer = Peer::new();
    let Some(mut driver) = driver(2) else { return };
    open(&mut driver, 1, &peer, b"ask");
    let mut server = peer.accept();
    server.write_all(b"answer").unwrap();
    assert_eq!(receive(&mut driver), (b"answer".to_vec(), Then::Open));
    server.read_exact(&mut [0; 3]).unwrap();
    drop(server);
    assert_eq!(hear(&mut driver), (1, Heard::Ended));
}

#[test]
fn a_port_where_nobody_listens_is_a_refusal() {
    let Peer {
        listener,
        destination,
    } = Peer::new();
    drop(listener);
    let hop = Hop {
        destination: &destination,
        source: None,
        buffer_bytes: None,
    };
    let Some(mut driver) = driver(1) else { return };
    driver.connect(0, hop).unwrap();
    driver.send(0, Cow::Borrowed(b"ask")).unwrap();
    let refused = Heard::Failed(io::ErrorKind::ConnectionRefused);
    assert_eq!(hear(&mut driver), (0, refused));
}

#[test]
fn a_wait_ends_when_its_time_is_over() {
    let Some(mut driver) = driver(1) else { return };
    let began = Instant::now();
    driver.wait(Duration::from_micros(500), None).unwrap();
    assert!(began.elapsed() >= Duration::from_micros(500));
    let start = Start {
        at_ns: 1,
        after: Duration::from_micros(500),
    };
    driver.wait(LONGEST, Some(start)).unwrap();
    assert!(began.elapsed() < LONGEST);
    assert!(driver.next().is_none());
}

#[test]
fn what_keeps_a_system_from_offering_it_is_told_from_a_lack_of_descriptors() {
    let kind = |errno: Errno| explain(errno.into()).kind();
    for errno in [Errno::NOSYS, Errno::PERM, Errno::INVAL] {
        assert_eq!(kind(errno), io::ErrorKind::Unsupported);
    }
    assert_ne!(kind(Errno::MFILE), io::ErrorKind::Unsupported);
}
