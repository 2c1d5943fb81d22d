//! A connection's beginning, on sockets that are set up as the fast engine's are.

use std::cell::Cell;
use std::future::Future;
use std::io;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::meter::{Meter, Stream};
use crate::engine::desk::Desk;
use crate::engine::failure::{self, Phase};
use crate::engine::socket::{self, ATTEMPT_LONGEST, Hop};
use crate::outcome::Cause;
use crate::plan::{Destination, Plan, Route};
use crate::recorder::Timing;

/// Opens the connections of a worker.
pub(super) struct Connector {
    route: Route,
    desk: Desk,
    /// The destination that could be reached last.
    destination: Cell<usize>,
    /// How many connections were begun: they take local addresses in turn.
    connections: Cell<usize>,
}

impl Connector {
    pub(super) fn new(plan: &Plan, desk: Desk) -> Self {
        Self {
            route: plan.target.route.clone(),
            desk,
            destination: Cell::new(0),
            connections: Cell::new(0),
        }
    }

    /// Opens a connection for the request of `timing`.
    pub(super) async fn connect(&self, timing: &mut Timing) -> Result<Meter, Cause> {
        let stream = self.try_destinations().await?;
        timing.connected_ns = self.desk.now_ns();
        self.desk.connected(timing.connected_ns - timing.started_ns);
        Ok(Meter::new(stream, self.desk.clone()))
    }

    /// To the destination that could be reached last, else to the next one.
    async fn try_destinations(&self) -> Result<Box<dyn Stream>, Cause> {
        let count = self.route.destinations.len();
        let first = self.destination.get();
        let mut last_cause = Cause::Dns;
        for attempt in 1..=count {
            let index = (first + attempt - 1) % count;
            let opening = self.open(&self.route.destinations[index]);
            let opened = match attempt < count {
                true => timeout(ATTEMPT_LONGEST, opening)
                    .await
                    .unwrap_or(Err(io::ErrorKind::TimedOut.into())),
                false => opening.await,
            };
            match opened {
                Ok(stream) => {
                    self.destination.set(index);
                    return Ok(stream);
                }
                Err(error) => last_cause = failure::cause(Phase::Connecting, &error),
            }
        }
        Err(last_cause)
    }

    async fn open(&self, destination: &Destination) -> io::Result<Box<dyn Stream>> {
        let turn = self.connections.replace(self.connections.get() + 1);
        let hop = Hop {
            destination,
            source: self.route.sources.in_turn(destination, turn),
            buffer_bytes: self.route.buffer_bytes,
        };
        let (socket, address) = socket::open(&hop)?;
        socket::connect(&socket, &address)?;
        match destination {
            Destination::Tcp(_) => {
                let stream = TcpStream::from_std(socket.into())?;
                opened(&stream, stream.writable(), TcpStream::take_error).await?;
                Ok(Box::new(stream))
            }
            Destination::Unix(_) => {
                let stream = UnixStream::from_std(socket.into())?;
                opened(&stream, stream.writable(), UnixStream::take_error).await?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Waits until a connection is open: the kernel says that it can be written to, or keeps the error
/// for whoever asks.
async fn opened<S>(
    stream: &S,
    writable: impl Future<Output = io::Result<()>>,
    take_error: impl FnOnce(&S) -> io::Result<Option<io::Error>>,
) -> io::Result<()> {
    writable.await?;
    take_error(stream)?.map_or(Ok(()), Err)
}
