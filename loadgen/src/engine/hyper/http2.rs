//! A lane that is a stream of an HTTP/2 connection, which it shares with others.

use std::rc::Rc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{Instant, timeout_at};

use super::cause;
use super::gauge::Gauge;
use super::worker::Worker;
use crate::engine::asynchronous::Client;
use crate::engine::failure;
use crate::http1::Answer;
use crate::outcome::Cause;
use crate::recorder::Timing;

pub(super) struct Http2 {
    worker: Rc<Worker>,
    connection: Rc<Shared>,
}

/// The connection of several lanes. The one that needs it first opens it, the others wait for it.
#[derive(Default)]
pub(super) struct Shared(Mutex<Option<Connection>>);

#[derive(Clone)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    gauge: Rc<Gauge>,
    /// The task that moves its bytes ends with the last clone.
    _mover: Rc<Mover>,
}

struct Mover(AbortHandle);

/// Spawns hyper's tasks beside the lanes.
#[derive(Clone)]
struct Beside;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Beside {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}

impl Http2 {
    pub(super) fn new(worker: Rc<Worker>, connection: Rc<Shared>) -> Self {
        Self { worker, connection }
    }

    /// The connection, opened if there is none that takes requests.
    async fn connection(&self, timing: &mut Timing) -> Result<(Connection, bool), Cause> {
        let deadline = Instant::now() + self.worker.connect_timeout;
        let locking = timeout_at(deadline, self.connection.0.lock());
        let mut shared = locking.await.map_err(|_| Cause::ConnectTimeout)?;
        shared.take_if(|connection| connection.sender.is_closed());
        if let Some(connection) = &*shared {
            return Ok((connection.clone(), true));
        }
        let connection = self.open(timing, deadline).await?;
        Ok((shared.insert(connection).clone(), false))
    }

    async fn open(&self, timing: &mut Timing, deadline: Instant) -> Result<Connection, Cause> {
        let meter = self.worker.connector.connect(timing, deadline).await?;
        let gauge = meter.gauge();
        let shaken = Builder::new(Beside).handshake(TokioIo::new(meter)).await;
        let (sender, connection) = shaken.map_err(|error| cause::of_chain(&error, false))?;
        let mover = spawn_local(async {
            // Its requests are told what it fails of.
            let _ = connection.await;
        });
        Ok(Connection {
            sender,
            gauge,
            _mover: Rc::new(Mover(mover.abort_handle())),
        })
    }

    /// Makes the request on `connection`; `None` if the server had ended that before anything of
    /// the request was written.
    async fn ask(
        &self,
        connection: &mut Connection,
        is_reused: bool,
        timing: &mut Timing,
    ) -> Option<Result<Answer, Cause>> {
        let request = self.worker.requests.of(timing.path).clone();
        let sent = connection.sender.try_send_request(request.map(Full::new));
        let response = match sent.await {
            Ok(response) => response,
            Err(mut error) => {
                let is_unsent = error.take_message().is_some();
                let cause = connection.cause(error.error(), false);
                return (!is_unsent || !is_reused).then_some(Err(cause));
            }
        };
        timing.first_byte_ns = Some(self.worker.desk.now_ns());
        let cause_of = |error: &_| connection.cause(error, true);
        Some(self.worker.read(response, cause_of).await)
    }
}

impl Client for Http2 {
    async fn exchange(&mut self, timing: &mut Timing) -> Result<Answer, Cause> {
        let deadline = Instant::now() + self.worker.timeout;
        loop {
            let (mut connection, is_reused) = self.connection(timing).await?;
            let asking = self.ask(&mut connection, is_reused, timing);
            match timeout_at(deadline, asking).await {
                Ok(Some(answered)) => return answered,
                Ok(None) => {}
                Err(_) => return Err(failure::timeout(connection.gauge.phase())),
            }
        }
    }

    async fn settle(&mut self) {}
}

impl Connection {
    fn cause(&self, error: &hyper::Error, has_begun: bool) -> Cause {
        let by_socket = self.gauge.cause();
        by_socket.unwrap_or_else(|| cause::of_chain(error, has_begun))
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.0.abort();
    }
}
