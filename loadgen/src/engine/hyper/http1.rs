//! A lane on an HTTP/1.1 connection of its own.

use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Parts, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, timeout, timeout_at};

use super::cause;
use super::gauge::Gauge;
use super::meter::Meter;
use super::worker::Worker;
use crate::engine::asynchronous::Client;
use crate::engine::failure;
use crate::engine::socket::CLOSING_LONGEST;
use crate::http1::Answer;
use crate::outcome::Cause;
use crate::recorder::Timing;

pub(super) struct Http1 {
    worker: Rc<Worker>,
    /// Open, and ready for the next request.
    connection: Option<Connection>,
    /// Of no more use; the server's close is awaited.
    closing: Option<Connection>,
}

/// hyper's connection, and the task that moves its bytes.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    mover: Option<JoinHandle<hyper::Result<Parts<TokioIo<Meter>>>>>,
    gauge: Rc<Gauge>,
    is_reused: bool,
}

/// How a request fared.
enum Asked {
    Answered(Answer),
    Failed(Cause),
    /// The server had closed the connection before anything of the request was written.
    NotSent,
}

impl Http1 {
    pub(super) fn new(worker: Rc<Worker>) -> Self {
        Self {
            worker,
            connection: None,
            closing: None,
        }
    }

    async fn open(&self, timing: &mut Timing) -> Result<Connection, Cause> {
        let deadline = Instant::now() + self.worker.connect_timeout;
        let meter = self.worker.connector.connect(timing, deadline).await?;
        let gauge = meter.gauge();
        let shaken = Builder::new()
            .title_case_headers(true)
            .handshake(TokioIo::new(meter))
            .await;
        let (sender, connection) = shaken.map_err(|error| cause::of_chain(&error, false))?;
        Ok(Connection {
            sender,
            mover: Some(spawn_local(connection.without_shutdown())),
            gauge,
            is_reused: false,
        })
    }
}

impl Client for Http1 {
    async fn exchange(&mut self, timing: &mut Timing) -> Result<Answer, Cause> {
        let deadline = Instant::now() + self.worker.timeout;
        loop {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.open(timing).await?,
            };
            let asking = connection.ask(&self.worker, timing);
            let Ok(asked) = timeout_at(deadline, asking).await else {
                return Err(failure::timeout(connection.gauge.phase()));
            };
            match asked {
                Asked::NotSent => {}
                Asked::Failed(cause) => return Err(cause),
                Asked::Answered(answer) => {
                    match answer.keep_alive && self.worker.keep_alive {
                        true => self.connection = Some(connection),
                        false => self.closing = Some(connection),
                    }
                    return Ok(answer);
                }
            }
        }
    }

    /// Leaves closing to the server, so that TIME_WAIT and its use of a port are the server's.
    async fn settle(&mut self) {
        // An answer to half a request leaves the other half in the way.
        self.connection
            .take_if(|connection| !connection.sender.is_ready());
        if let Some(connection) = self.closing.take()
            && self.worker.server_closes.get()
        {
            let closed = timeout(CLOSING_LONGEST, connection.ended()).await;
            self.worker.server_closes.set(closed.is_ok());
        }
    }
}

impl Connection {
    async fn ask(&mut self, worker: &Worker, timing: &mut Timing) -> Asked {
        self.gauge.begin();
        let request = worker.requests.of(timing.path).clone().map(Full::new);
        let sent = self.sender.try_send_request(request).await;
        let read = match sent {
            Ok(response) => self.read(worker, response).await,
            Err(mut error) => {
                let message: Option<Request<_>> = error.take_message();
                if message.is_some() && self.is_reused {
                    return Asked::NotSent;
                }
                Err(self.cause(error.error()))
            }
        };
        let read = match self.has_more_than_asked_for().await {
            true => read.and(Err(Cause::MalformedResponse)),
            false => read,
        };
        self.is_reused = true;
        timing.sent_ns = self.gauge.sent_ns();
        timing.first_byte_ns = self.gauge.first_byte_ns();
        read.map_or_else(Asked::Failed, Asked::Answered)
    }

    async fn read(&self, worker: &Worker, response: Response<Incoming>) -> Result<Answer, Cause> {
        self.gauge.head();
        worker.read(response, |error| self.cause(error)).await
    }

    /// Whether bytes follow the answer, which must not be taken for the next one: it is what hyper
    /// ends a connection for that rests, if it was not the socket.
    async fn has_more_than_asked_for(&mut self) -> bool {
        let mover = self.mover.take_if(|mover| mover.is_finished());
        match mover {
            Some(mover) => matches!(mover.await, Ok(Err(_))) && !self.gauge.has_failed(),
            None => false,
        }
    }

    fn cause(&self, error: &hyper::Error) -> Cause {
        let by_socket = self.gauge.cause();
        by_socket.unwrap_or_else(|| cause::of_chain(error, self.gauge.has_begun()))
    }

    /// Waits for the server's end of it.
    async fn ended(mut self) {
        if let Some(mover) = &mut self.mover
            && let Ok(Ok(parts)) = mover.await
        {
            parts.io.into_inner().ended().await;
        }
    }
}

impl Drop for Connection {
    /// hyper would read an answer to its end that nobody wants any more.
    fn drop(&mut self) {
        if let Some(mover) = &self.mover {
            mover.abort();
        }
    }
}
