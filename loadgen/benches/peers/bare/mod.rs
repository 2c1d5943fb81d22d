//! The bare loops: the least that a client of one thread can do, for want of which no load
//! generator can be cheaper. They parse nothing and record nothing: send the request, read until
//! as many bytes have come as an answer has, again. What loadgen costs beside them is what its
//! counting and its care cost.
//!
//! They run as a child process of the benchmark, so that their cost is taken as everybody's is:
//! `peers --bare epoll --address 127.0.0.1:8080 --connections 64 --seconds 2`.
//!
//! - [`epoll`]: readiness, a read and a write for each answer;
//! - [`uring`]: completion, everything that is to be done handed over at each wait; its buffers
//!   are in [`buffers`].

mod buffers;
mod epoll;
mod uring;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use rustix::net::AddressFamily;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// The flag by which the benchmark's program becomes a bare loop.
pub(crate) const FLAG: &str = "--bare";

/// A server that is silent for so long has failed.
const SILENCE_LONGEST: Duration = Duration::from_secs(5);

/// Longest answer to a bare loop's request, in bytes: a shared buffer takes it whole.
const ANSWER_BYTES_MAX: usize = 4096;

/// A bare loop to run.
#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long)]
    bare: Kind,
    #[arg(long)]
    address: SocketAddr,
    /// Connections open at a time.
    #[arg(long)]
    connections: u16,
    #[arg(long)]
    seconds: u64,
    /// How long load is made before it counts.
    #[arg(long, default_value_t = 0)]
    opening_seconds: u64,
    /// A new connection for each request, which the server closes.
    #[arg(long)]
    new_connections: bool,
}

/// How bytes move.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Epoll,
    IoUring,
}

/// What a loop is to do.
struct Task {
    address: SocketAddr,
    connections: usize,
    request: &'static [u8],
    /// Length of each answer, its head included.
    answer_bytes: usize,
    opening: Duration,
    seconds: Duration,
}

/// What a loop has done in the time that counts.
struct Outcome {
    requests: u64,
    elapsed: Duration,
    cpu: Duration,
}

/// What a loop does: begun when its opening begins, and again, from nothing, when that ends.
struct Count {
    /// How long it lasts from the beginning that was the last.
    limit: Duration,
    /// How long the part lasts that will count, if that has not begun.
    to_come: Option<Duration>,
    began: Instant,
    /// What the process had cost by then.
    cpu: Duration,
    /// Requests answered since.
    requests: u64,
}

/// Runs the loop that the command line names and prints what it did as JSON.
pub(crate) fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let task = Task::new(&arguments)?;
    let outcome = match (arguments.bare, arguments.new_connections) {
        (Kind::Epoll, false) => epoll::keep_alive(&task),
        (Kind::Epoll, true) => epoll::new_connections(&task),
        (Kind::IoUring, false) => uring::keep_alive(&task),
        (Kind::IoUring, true) => uring::new_connections(&task),
    }?;
    let result = json!({
        "requests": outcome.requests,
        "elapsed_s": outcome.elapsed.as_secs_f64(),
        "cpu_s": outcome.cpu.as_secs_f64(),
    });
    println!("{result}");
    Ok(())
}

impl Task {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let address = arguments.address;
        let close = match arguments.new_connections {
            true => "Connection: close\r\n",
            false => "",
        };
        // As long as what others send by themselves.
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bare\r\nAccept: */*\r\n{close}\r\n"
        );
        let answer_bytes = answer_bytes(address, request.as_bytes())?;
        Ok(Self {
            address,
            connections: arguments.connections.into(),
            // io_uring may read it as long as the process lives.
            request: request.into_bytes().leak(),
            answer_bytes,
            opening: Duration::from_secs(arguments.opening_seconds),
            seconds: Duration::from_secs(arguments.seconds),
        })
    }
}

impl Task {
    /// The connections that are kept, open.
    fn connect_all(&self) -> io::Result<Vec<TcpStream>> {
        let connections = 0..self.connections;
        connections
            .map(|_| TcpStream::connect(self.address))
            .collect()
    }

    fn family(&self) -> AddressFamily {
        match self.address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        }
    }
}

impl Count {
    fn begin(task: &Task) -> Self {
        match task.opening.is_zero() {
            true => Self::of(task.seconds, None),
            false => Self::of(task.opening, Some(task.seconds)),
        }
    }

    fn of(limit: Duration, to_come: Option<Duration>) -> Self {
        Self {
            limit,
            to_come,
            began: Instant::now(),
            cpu: own_cpu(),
            requests: 0,
        }
    }

    fn is_over(&mut self) -> bool {
        if self.began.elapsed() < self.limit {
            return false;
        }
        match self.to_come {
            None => true,
            Some(limit) => {
                *self = Self::of(limit, None);
                false
            }
        }
    }

    fn end(&self) -> Outcome {
        Outcome {
            requests: self.requests,
            elapsed: self.began.elapsed(),
            cpu: own_cpu() - self.cpu,
        }
    }
}

/// User and system time of this process so far.
fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// How long the answer to `request` is, learned by asking once.
fn answer_bytes(address: SocketAddr, request: &[u8]) -> anyhow::Result<usize> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SILENCE_LONGEST))?;
    stream.write_all(request)?;
    let mut reader = BufReader::new(stream.take(ANSWER_BYTES_MAX as u64));
    let (mut head_bytes, mut body_bytes) = (0, None);
    loop {
        let mut line = String::new();
        head_bytes += reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                body_bytes = Some(value.parse::<usize>()?);
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let body_bytes = body_bytes.context("the answer has no Content-Length")?;
    let bytes = head_bytes + body_bytes;
    ensure!(
        bytes <= ANSWER_BYTES_MAX,
        "the answer is too long: {bytes} bytes"
    );
    Ok(bytes)
}

/// What is left to come of an answer once `count` bytes of `left_bytes` have.
fn left_after(left_bytes: usize, count: usize) -> io::Result<usize> {
    match left_bytes.checked_sub(count) {
        Some(left_bytes) if count > 0 => Ok(left_bytes),
        Some(_) => Err(io::Error::other("the server has closed a connection")),
        None => Err(io::Error::other("an answer is longer than the first was")),
    }
}
