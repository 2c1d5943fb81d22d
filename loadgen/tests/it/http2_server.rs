//! A server of HTTP/2 that does with the k-th request what a script says, and
//! keeps a log of what it saw. It stands on h2, which sends any frame when asked.

use std::future::pending;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

/// The body of every good answer.
const BODY: &str = "hello";

/// How long an answer takes, so that requests meet others on their connection.
const WORK: Duration = Duration::from_millis(2);

/// What the server does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Answers.
    Answer,
    /// Sends RST_STREAM in place of an answer.
    Reset(Reason),
    /// Sends RST_STREAM after a part of the body.
    ResetMidBody,
    /// Sends GOAWAY in place of an answer.
    GoAway,
    /// Answers, and lets the connection take no other request.
    AnswerAndLeave,
    /// Ends the connection after a part of the body.
    CutMidBody,
    /// Says nothing.
    Silence,
}

/// What the server saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    /// Requests under way on one connection at a time, at most.
    pub(crate) streams_max: usize,
    /// Of the first request.
    pub(crate) authority: Option<String>,
    /// Names of the first request's fields, sorted.
    pub(crate) fields: Vec<String>,
    /// Bytes of all requests' bodies.
    pub(crate) body_bytes: usize,
}

/// The server; it listens while it lives.
pub(crate) struct Http2Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// The k-th request meets the k-th act, those behind them the last.
    script: Vec<Act>,
    /// If connections are encrypted.
    security: Option<TlsAcceptor>,
    log: Mutex<Log>,
}

impl Http2Server {
    pub(crate) fn start(script: &[Act]) -> Self {
        Self::serve(script, None)
    }

    /// Speaks TLS, and agrees to one of `protocols` (ALPN) if there are some.
    pub(crate) fn start_encrypted(script: &[Act], protocols: &[&str]) -> Self {
        let mut config = ServerConfig::clone(&Certificate::good().server_config());
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        config.alpn_protocols = protocols.collect();
        Self::serve(script, Some(Arc::new(config).into()))
    }

    fn serve(script: &[Act], security: Option<TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            script: script.to_vec(),
            security,
            log: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            LocalSet::new().block_on(&runtime, async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = accept(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = match self.shared.security {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}/", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn log(&self) -> Log {
        self.shared.log().clone()
    }
}

impl Drop for Http2Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("dropped once").expect("no panic in it");
        }
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no panic in the server")
    }

    async fn read(&self, mut body: RecvStream) {
        while let Some(Ok(data)) = body.data().await {
            self.log().body_bytes += data.len();
            let _ = body.flow_control().release_capacity(data.len());
        }
    }

    /// Enters a request, and tells what to do with it.
    fn play(&self, request: &Request<RecvStream>) -> Act {
        let mut log = self.log();
        if log.requests == 0 {
            log.authority = request.uri().authority().map(ToString::to_string);
            log.fields = request.headers().keys().map(ToString::to_string).collect();
            log.fields.sort();
        }
        let last = self.script.len() - 1;
        let act = self.script[log.requests.min(last)];
        log.requests += 1;
        act
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        shared.log().connections += 1;
        let shared = Arc::clone(&shared);
        spawn_local(async move {
            match shared.security.clone() {
                None => meet(stream, &shared).await,
                Some(security) => {
                    // As below.
                    if let Ok(stream) = security.accept(stream).await {
                        meet(stream, &shared).await;
                    }
                }
            }
        });
    }
}

async fn meet(stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Arc<Shared>) {
    // An error means that the client went away, which the log shows.
    if let Ok(connection) = Builder::new().handshake(stream).await {
        serve(connection, shared).await;
    }
}

/// One connection, until one of both ends it.
async fn serve<S>(mut connection: Connection<S, Bytes>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let cut = Rc::new(Notify::new());
    let mut answers = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            Some(ended) = answers.join_next() => {
                ended.expect("no panic in an answer");
                continue;
            }
            // Before anything else is sent.
            () = cut.notified() => return,
        };
        let Some(Ok((request, respond))) = accepted else {
            return;
        };
        let act = shared.play(&request);
        match act {
            Act::GoAway => connection.abrupt_shutdown(Reason::INTERNAL_ERROR),
            Act::AnswerAndLeave => connection.graceful_shutdown(),
            _ => {}
        }
        answers.spawn_local({
            let (cut, shared) = (Rc::clone(&cut), Arc::clone(shared));
            async move {
                shared.read(request.into_body()).await;
                tokio::time::sleep(WORK).await;
                // What cannot be sent goes to a client that has gone away.
                let _ = answer(act, respond, &cut).await;
            }
        });
        let mut log = shared.log();
        log.streams_max = log.streams_max.max(answers.len());
    }
}

async fn answer(act: Act, mut respond: SendResponse<Bytes>, cut: &Notify) -> Result<(), h2::Error> {
    let head = Response::builder().header("server", "test/2");
    let head = head.header("content-length", BODY.len()).body(());
    let head = head.expect("a head");
    let (whole, part) = (Bytes::from(BODY), Bytes::from(&BODY[..2]));
    match act {
        Act::Answer | Act::AnswerAndLeave => {
            respond.send_response(head, false)?.send_data(whole, true)?;
        }
        Act::Reset(reason) => respond.send_reset(reason),
        Act::ResetMidBody | Act::CutMidBody => {
            let mut stream = respond.send_response(head, false)?;
            stream.send_data(part, false)?;
            tokio::time::sleep(WORK).await;
            if act == Act::ResetMidBody {
                stream.send_reset(Reason::INTERNAL_ERROR);
            } else {
                cut.notify_one();
                pending::<()>().await;
            }
        }
        Act::GoAway => {}
        Act::Silence => pending().await,
    }
    Ok(())
}
