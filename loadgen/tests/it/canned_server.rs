//! A server that answers each request with the same bytes, as fast as it can:
//! for tests in which the load generator is to be at its limit.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longest that requests are waited for.
const LIMIT: Duration = Duration::from_secs(20);

/// It listens until the process ends; a connection lasts as long as its client.
pub(crate) struct CannedServer {
    address: SocketAddr,
    answered: Arc<AtomicU64>,
}

impl CannedServer {
    /// Sends `answer`, which must be one whole answer, whatever the request.
    pub(crate) fn start(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        // Shared by all connections, and by the process for as long as it lives.
        let answer: &'static [u8] = answer.leak();
        let answered = Arc::<AtomicU64>::default();
        let count = Arc::clone(&answered);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let count = Arc::clone(&count);
                // An error means that the client went away.
                thread::spawn(move || serve(stream, answer, &count));
            }
        });
        Self { address, answered }
    }

    /// Five bytes.
    pub(crate) fn hello() -> Self {
        Self::start(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Waits until it has answered so many requests.
    pub(crate) fn until_answered(&self, requests: u64) {
        let began = Instant::now();
        while self.answered() < requests {
            assert!(began.elapsed() < LIMIT, "{} answered", self.answered());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many requests it has answered.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

/// All requests of a connection are alike, so that their bytes tell how many there are.
fn serve(mut stream: TcpStream, answer: &[u8], answered: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 65536];
    let mut received_bytes = stream.read(&mut buffer)?;
    let end = buffer[..received_bytes]
        .windows(4)
        .position(|four| four == b"\r\n\r\n");
    let request_bytes = end.ok_or(ErrorKind::InvalidData)? + 4;
    while received_bytes > 0 {
        let requests = received_bytes / request_bytes;
        for _ in 0..requests {
            stream.write_all(answer)?;
        }
        answered.fetch_add(requests as u64, Ordering::Relaxed);
        let of_the_next = received_bytes % request_bytes;
        received_bytes = of_the_next + stream.read(&mut buffer)?;
    }
    Ok(())
}
