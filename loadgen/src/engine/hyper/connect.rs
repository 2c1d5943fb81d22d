//! A connection's beginning, on sockets that are set up as the fast engine's are.

use std::cell::Cell;
use std::future::Future;
use std::io;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::meter::{Meter, Stream};
use super::secure::Security;
use crate::engine::desk::Desk;
use crate::engine::failure::{self, Phase};
use crate::engine::socket::{self, ATTEMPT_LONGEST, Hop};
use crate::outcome::Cause;
use crate::plan::{Destination, Plan, Route};
use crate::recorder::Timing;

/// Opens the connections of a worker.
pub(super) struct Connector {
    route: Route,
    security: Option<Security>,
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
            security: Security::of(plan, &desk),
            desk,
            destination: Cell::new(0),
            connections: Cell::new(0),
        }
    }

    /// Opens a connection for the request of `timing`, and secures it if it is to be.
    pub(super) async fn connect(
        &self,
        timing: &mut Timing,
        deadline: Instant,
    ) -> Result<Meter, Cause> {
        let begun_ns = self.desk.now_ns();
        let opening = timeout_at(deadline, self.try_destinations());
        let mut stream = opening.await.unwrap_or(Err(Cause::ConnectTimeout))?;
        self.desk.connected(self.desk.now_ns() - begun_ns);
        if let Some(security) = &self.security {
            stream = self.secure(security, stream, deadline).await?;
        }
        self.desk.is_ready();
        timing.connected_ns = self.desk.now_ns();
        let is_encrypted = self.security.is_some();
        Ok(Meter::new(stream, is_encrypted, self.desk.clone()))
    }

    async fn secure(
        &self,
        security: &Security,
        stream: Box<dyn Stream>,
        deadline: Instant,
    ) -> Result<Box<dyn Stream>, Cause> {
        let secured = timeout_at(deadline, security.secure(stream)).await;
        let secured = secured.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
        secured.map_err(|error| {
            self.desk.not_secured(|| error.to_string());
            failure::cause(Phase::Securing, &error)
        })
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
