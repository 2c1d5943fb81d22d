//! The connection to a master: a ZeroMQ DEALER (RFC 28), whose peer is a master's ROUTER.
//!
//! A DEALER of this library connects once. What is sent goes into a queue, and when the peer is gone
//! nothing waits for its return. So each connection is a task of its own, under a name that no other
//! one had: a ROUTER knows its peers by name, and would take a second connection of one name for an
//! error of the first.
//!
//! The library believes the length that a peer announces of a frame: one that lies on purpose, after
//! a handshake as a master has it, can take all memory. Who can do that could also have any address
//! loaded; [`BYTES_MAX`] is for what has come.

use std::error::Error;
use std::io::{
    self,
    ErrorKind::{BrokenPipe, ConnectionReset},
};
use std::iter::successors;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zeromq::util::PeerIdentity;
use zeromq::{
    DealerSocket, Socket, SocketEvent, SocketOptions, SocketRecv, SocketSend, ZmqError, ZmqMessage,
};

use super::address::Address;
#[cfg(doc)]
use super::message::BYTES_MAX;
use super::message::FromMaster;
use super::protocol::Event;
use crate::hexadecimal::hexadecimal;

/// Between two attempts to connect.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// A connection, or the attempts to make one. It ends when this is dropped.
pub(super) struct Connection {
    /// The name of this worker on it.
    pub(super) node_id: String,
    outgoing: UnboundedSender<Vec<u8>>,
    task: JoinHandle<()>,
}

/// What has happened on a connection.
pub(super) struct Noted {
    /// On which; `None` if it happened elsewhere.
    pub(super) node_id: Option<String>,
    pub(super) event: Event,
}

impl Connection {
    /// Begins to connect to `address`, for at most `limit` each time; `notes` gets what happens.
    pub(super) fn begin(address: Address, limit: Duration, notes: UnboundedSender<Noted>) -> Self {
        let node_id = fresh_name();
        let (outgoing, to_send) = unbounded_channel();
        let line = Line {
            node_id: node_id.clone(),
            address,
            limit,
            notes,
        };
        Self {
            node_id,
            outgoing,
            task: tokio::spawn(line.run(to_send)),
        }
    }

    /// Whether it has ended, in whatever way.
    pub(super) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Sends these bytes when there is a connection.
    pub(super) fn send(&self, bytes: Vec<u8>) {
        // A task that has ended has said so.
        let _ = self.outgoing.send(bytes);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Line {
    node_id: String,
    address: Address,
    limit: Duration,
    notes: UnboundedSender<Noted>,
}

/// Why no connection came about.
enum Refusal {
    /// Nobody is there, or nobody that can be reached.
    Nobody(String),
    /// Whoever is there is no Locust master.
    Other(String),
}

impl Line {
    async fn run(self, to_send: UnboundedReceiver<Vec<u8>>) {
        let socket = loop {
            match self.connect().await {
                Ok(socket) => break socket,
                Err(refusal) => self.note(refusal.into()),
            }
            sleep(RETRY_EVERY).await;
        };
        self.note(Event::Connected);
        if !self.carry(socket, to_send).await {
            // Whoever is there may go on like this.
            sleep(RETRY_EVERY).await;
        }
        self.note(Event::Disconnected);
    }

    /// Passes messages to and fro until the connection ends; whether anything was heard on it.
    async fn carry(
        &self,
        mut socket: DealerSocket,
        mut to_send: UnboundedReceiver<Vec<u8>>,
    ) -> bool {
        let mut gone = socket.monitor();
        let (mut sender, mut receiver) = socket.split();
        let mut has_heard = false;
        loop {
            tokio::select! {
                bytes = to_send.recv() => {
                    let Some(bytes) = bytes else { return has_heard };
                    if sender.send(ZmqMessage::from(bytes)).await.is_err() {
                        return has_heard;
                    }
                }
                message = receiver.recv() => match message {
                    Ok(message) => {
                        has_heard = true;
                        self.note(heard(&message));
                    }
                    Err(_) => return has_heard,
                },
                told = gone.recv() => match told {
                    Ok(SocketEvent::Disconnected(_) | SocketEvent::Closed) | Err(_) => {
                        return has_heard;
                    }
                    Ok(_) => {}
                },
            }
        }
    }

    async fn connect(&self) -> Result<DealerSocket, Refusal> {
        self.knock().await?;
        let mut options = SocketOptions::default();
        options.connect_timeout(self.limit);
        if let Ok(identity) = self.node_id.parse::<PeerIdentity>() {
            options.peer_identity(identity);
        }
        let mut socket = DealerSocket::with_options(options);
        match socket.connect(&format!("tcp://{}", self.address)).await {
            Ok(()) => Ok(socket),
            Err(error) => Err(self.refusal(&error)),
        }
    }

    /// Whether anybody listens: the library does not tell that from silence.
    async fn knock(&self) -> Result<(), Refusal> {
        let address = &self.address;
        let opened = timeout(self.limit, async {
            let places: Vec<_> = lookup_host((address.name(), address.port)).await?.collect();
            TcpStream::connect(&places[..]).await
        });
        let why = match opened.await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no connection within {} s", self.limit.as_secs_f64()),
        };
        Err(Refusal::Nobody(format!(
            "no master at {address} yet ({why}); start locust --master there, or check --master"
        )))
    }

    fn refusal(&self, error: &ZmqError) -> Refusal {
        let address = &self.address;
        if is_closed_at_once(error) {
            return Refusal::Nobody(format!(
                "no master at {address} yet: whoever listens there, as a tunnel does for one, closed \
                 the connection at once; start locust --master there, or check --master"
            ));
        }
        let why = match error {
            ZmqError::ConnectTimeout(limit) => {
                format!("it said nothing within {} s", limit.as_secs_f64())
            }
            // It was there a moment ago.
            ZmqError::Network(error) => {
                return Refusal::Nobody(format!("no master at {address} ({error})"));
            }
            ZmqError::Codec(error) => format!("it does not speak ZeroMQ: {error}"),
            error => error.to_string(),
        };
        Refusal::Other(format!(
            "whoever listens at {address} is no Locust master ({why}); give the port for workers, \
             --master-bind-port, not that of the web interface"
        ))
    }

    fn note(&self, event: Event) {
        let node_id = Some(self.node_id.clone());
        // Whoever does not listen any more has ended.
        let _ = self.notes.send(Noted { node_id, event });
    }
}

impl From<Refusal> for Event {
    fn from(refusal: Refusal) -> Self {
        let (line, is_other) = match refusal {
            Refusal::Nobody(line) => (line, false),
            Refusal::Other(line) => (line, true),
        };
        Self::NotConnected { line, is_other }
    }
}

/// Whether the peer went before it said anything.
fn is_closed_at_once(error: &ZmqError) -> bool {
    if matches!(error, ZmqError::Other("Failed Greeting exchange")) {
        return true;
    }
    let mut causes = successors(error.source(), |&cause| cause.source());
    let cause = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| matches!(cause.kind(), ConnectionReset | BrokenPipe))
}

fn heard(message: &ZmqMessage) -> Event {
    let mut frames = message.iter();
    match (frames.next(), frames.next()) {
        (Some(bytes), None) => match FromMaster::decode(bytes) {
            Ok(message) => Event::Heard(message),
            Err(error) => Event::Malformed(error.to_string()),
        },
        _ => Event::Malformed(format!("a message of {} parts", message.len())),
    }
}

/// As Locust's own workers are called: the machine's name, and what nobody else has.
fn fresh_name() -> String {
    let mut random = [0_u8; 16];
    // Without it names would be those of before: a master says so by refusing them.
    let _ = SystemRandom::new().fill(&mut random);
    let digits = hexadecimal(&random);
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    // A name of a ROUTER's peer has 255 bytes at most.
    let host: String = host.chars().filter(char::is_ascii).take(100).collect();
    format!("{host}_{digits}")
}
