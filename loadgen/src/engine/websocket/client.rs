//! A client that answers messages, on the same connection as the load's: for whoever wants to know
//! whether it keeps the protocol.

use std::time::{Duration, Instant};

use super::connection::{BUFFER_BYTES, Connection, Stop};
use super::failed::Failed;
use super::framing::{Kind, Received};
use super::line::{Line, Turnstile};
use crate::engine::{failure, ticks};
use crate::outcome::Cause;
use crate::plan::Plan;

/// A connection on which messages are sent and received.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    buffer: Vec<u8>,
    /// Limit for each wait.
    timeout: Duration,
}

impl Client {
    /// Connects as a run of `plan` would, and asks for `path`.
    ///
    /// # Errors
    ///
    /// What a run would count; [`Cause::Other`] if the plan is of another run.
    pub fn connect(plan: &Plan, path: &str) -> Result<Self, Failed> {
        let Some(&shape) = plan.engine.websocket() else {
            return Err(Failed::new(Cause::Other, "a plan without WebSocket"));
        };
        let turnstile = Turnstile::default();
        let line = Line::new(plan, shape, &turnstile);
        let patience = &mut until(plan.connect_timeout);
        let endpoint = line.endpoint_for(path)?;
        let opened = Connection::open(&line, endpoint, ticks::LONGEST, patience);
        let mut connection = opened.map_err(failed)?;
        let mut buffer = vec![0; BUFFER_BYTES];
        while !connection.opens(&mut buffer, patience).map_err(failed)? {}
        Ok(Self {
            connection,
            buffer,
            timeout: plan.timeout,
        })
    }

    /// The next message.
    ///
    /// # Errors
    ///
    /// There is none, for this cause: [`Cause::WebSocketClosed`] if the server has said farewell.
    /// What the protocol has the client answer is sent by then.
    pub fn receive(&mut self) -> Result<Received, Failed> {
        let patience = &mut until(self.timeout);
        let received = self.connection.receive(&mut self.buffer, patience);
        received.map_err(failed)
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// What kept it from being sent.
    pub fn send(&mut self, kind: Kind, message: &[u8]) -> Result<(), Failed> {
        self.connection.endpoint.send(kind, message);
        let sent = self.connection.flush(&mut until(self.timeout));
        sent.map_err(failed)
    }

    /// Waits until the server has ended the connection, which it is to do first (RFC 6455 §7.1.1),
    /// whatever it sends until then.
    pub fn until_ended(mut self) {
        let patience = &mut until(self.timeout);
        self.connection.until_ended(&mut self.buffer, patience);
    }
}

/// Goes on for so long.
fn until(limit: Duration) -> impl FnMut(failure::Phase) -> Result<(), Stop> {
    let began = Instant::now();
    move |phase| match began.elapsed() >= limit {
        true => Err(failure::timeout(phase).into()),
        false => Ok(()),
    }
}

fn failed(stop: Stop) -> Failed {
    match stop {
        Stop::Failed(failed) => failed,
        // Nobody ends a run here.
        Stop::Over => Cause::Other.into(),
    }
}
