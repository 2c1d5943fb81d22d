//! Flags of `loadgen push`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::UsageError;
use super::run::Server;
use crate::plan::{above_zero, duration, seconds};
use crate::push::plan::{Client, Plan, Work};
use crate::system::memory::available_bytes;

/// Clients, each of which takes a thread.
const CLIENTS_MAX: usize = 1000;

/// Memory for the queues where the system does not say how much there is.
const QUEUE_MEMORY_BYTES: u64 = 1 << 30;

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 could not run, a stream ended before the run, or a message was missing,
repeated or none; 2 the command line is wrong; 130 a signal ended it, after its report";

/// A client of a server that pushes (server-sync or server-async with --push).
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PushArgs {
    /// Where the server pushes: HOST:PORT, or as it says itself, tcp://HOST:PORT
    #[arg(value_name = "ADDR")]
    address: String,
    /// Who reads while a message is worked on: blocking (nobody: a thread for each client reads a
    /// message, works on it, and reads the next) or async (a loop, into a queue for each client that
    /// a worker empties)
    #[arg(long, value_enum, value_name = "HOW", default_value = "async")]
    #[arg(hide_possible_values = true)]
    client: Client,
    /// How long the work on a message takes; 0 is as fast as can be
    #[arg(long, value_name = "TIME", default_value = "500us", value_parser = duration)]
    delay: Duration,
    /// Spend that time on the CPU; without this flag it is spent waiting, as for a database
    #[arg(long)]
    work: bool,
    /// Clients, at most 1000
    #[arg(long, value_name = "N", default_value = "3", value_parser = clients)]
    #[arg(allow_negative_numbers = true)]
    clients: usize,
    /// Length of the run
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = seconds)]
    duration: Duration,
    /// Most messages that an async client holds, then it stops reading until half of them are done:
    /// a number, or unbounded [default: unbounded]
    #[arg(long, value_name = "N", value_parser = queue, allow_negative_numbers = true)]
    queue: Option<Bound>,
    /// Most memory that all queues together take, in bytes; a client that comes to its share reads
    /// no more [default: half of what is free]
    #[arg(long, value_name = "BYTES", value_parser = above_zero::<NonZeroU64>)]
    #[arg(allow_negative_numbers = true)]
    queue_memory: Option<NonZeroU64>,
    /// Size of the clients' receive buffers (SO_RCVBUF, which Linux doubles) [default: the system's]
    #[arg(long, value_name = "BYTES", value_parser = above_zero::<NonZeroU32>)]
    #[arg(allow_negative_numbers = true)]
    rcvbuf: Option<NonZeroU32>,
    /// Longest silence of a server that is being read from
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = seconds)]
    timeout: Duration,
    /// Longest time for a connection to come about
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = seconds)]
    connect_timeout: Duration,
    /// What to print on stdout: text (for people) or json (the record)
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(hide_possible_values = true)]
    pub format: PushFormat,
    /// Write the record, as JSON, to this file too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

/// A form in which a push run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PushFormat {
    /// The record: one JSON document
    Json,
    /// A summary for people
    Text,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    None,
    Messages(NonZeroUsize),
}

impl PushArgs {
    /// What to do, in types.
    ///
    /// # Errors
    ///
    /// One line that names what makes no sense.
    pub fn plan(&self) -> Result<Plan, UsageError> {
        let queue = match (self.client, self.queue) {
            (Client::Blocking, Some(_)) => {
                return Err(UsageError::line(
                    "--queue: a blocking client has no queue; give --client async, or drop --queue",
                ));
            }
            (_, Some(Bound::Messages(bound))) => Some(bound),
            _ => None,
        };
        let server = self.server.process()?;
        Ok(Plan {
            target: self.address.clone(),
            addresses: addresses(&self.address)?,
            client: self.client,
            work: match self.work {
                true => Work::Cpu,
                false => Work::Wait,
            },
            delay: self.delay,
            clients: self.clients,
            duration: self.duration,
            queue,
            queue_memory_bytes: match self.queue_memory {
                Some(bytes) => bytes.get(),
                None => available_bytes().map_or(QUEUE_MEMORY_BYTES, |bytes| bytes / 2),
            },
            receive_buffer_bytes: self.rcvbuf.map(|bytes| bytes.get() as usize),
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            server_pid: server.map(|server| server.pid),
        })
    }
}

/// The addresses of `HOST:PORT` or `tcp://HOST:PORT`, at least one.
fn addresses(text: &str) -> Result<Vec<SocketAddr>, UsageError> {
    let place = text.strip_prefix("tcp://").unwrap_or(text);
    let resolved = place.to_socket_addrs().map(Vec::from_iter);
    let wrong = |why: String| UsageError::line(format!("{text}: {why}; give HOST:PORT"));
    match resolved {
        _ if place.contains('/') => Err(wrong("a push stream is TCP and no URL".to_owned())),
        Ok(addresses) if addresses.is_empty() => Err(wrong("the name has no address".to_owned())),
        Ok(addresses) => Ok(addresses),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn clients(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|clients| (1..=CLIENTS_MAX).contains(clients))
        .ok_or_else(|| format!("give a whole number from 1 to {CLIENTS_MAX}"))
}

fn queue(text: &str) -> Result<Bound, String> {
    match text {
        "unbounded" => Ok(Bound::None),
        _ => text
            .parse()
            .map(Bound::Messages)
            .map_err(|_| "give a whole number above 0, or unbounded".to_owned()),
    }
}
