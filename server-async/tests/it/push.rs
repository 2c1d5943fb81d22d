//! What the push stream does to the loops that serve it beside others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use contract::process::Process;

use crate::contract::LOOPS;
use crate::program::SERVER;

const PATIENCE: Duration = Duration::from_secs(10);

/// A server with one loop, and where it pushes to.
fn start(model: &str) -> (Process, SocketAddr) {
    let mut command = Command::new(SERVER);
    command.args(["--model", model, "--listen", "127.0.0.1:0"]);
    command.args(["--push", "127.0.0.1:0"]);
    let process = Process::start_in(&mut command, 2).unwrap();
    let push = process.push_address().unwrap();
    (process, push)
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Reads so many messages, whose numbers follow each other from `first`.
fn take(mut stream: &TcpStream, first: u64, count: u64) {
    let mut line = [0; 128];
    for number in first..first + count {
        stream.read_exact(&mut line).unwrap();
        let expected = format!("message {number:020} sent ");
        assert!(line.starts_with(expected.as_bytes()), "{number}");
        assert_eq!(line[127], b'\n');
    }
}

#[test]
fn who_asks_is_answered_beside_clients_that_take_all_they_get() {
    for model in LOOPS {
        let (process, push) = start(model);
        let asked = process.tcp_address().unwrap();
        let streams = [(); 3].map(|()| connect(push));
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _ends = SetAtEnd(&is_over);
            for stream in &streams {
                take(stream, 0, 1000);
                scope.spawn(|| {
                    let mut first = 1000;
                    while !is_over.load(Ordering::Relaxed) {
                        take(stream, first, 1000);
                        first += 1000;
                    }
                });
            }
            let began = Instant::now();
            for _ in 0..50 {
                let mut socket = connect(asked);
                let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
                socket.write_all(request).unwrap();
                let mut answer = String::new();
                socket.read_to_string(&mut answer).unwrap();
                assert!(answer.ends_with("ok"), "{model}: {answer}");
            }
            // Milliseconds; had each waited for a stream's end, for ever.
            assert!(began.elapsed() < PATIENCE, "{model}: {:?}", began.elapsed());
        });
    }
}

/// Ends other threads whatever becomes of this one.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
