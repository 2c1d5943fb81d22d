//! Stopping under load: whoever was let in is served, then nobody gets in.

use crate::connection::Connection;
use crate::expected::Expected;
use crate::subject::Subject;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Clients of each kind. More than one, so that a server which serves one at a
/// time has others waiting in its accept queue when it is stopped.
const CLIENTS: usize = 4;

/// Answers that the clients must have had together before the stop.
const ANSWERS_BEFORE_STOP: usize = 20;

/// How long the load may take to get going.
const START_TIME_MAX: Duration = Duration::from_secs(5);

/// How long the server may go on serving once it is told to stop: what is
/// under way then takes milliseconds.
const STOP_TIME_MAX: Duration = Duration::from_secs(3);

/// Long enough that every client has a request under way at the stop.
const REQUEST: &str = "GET /delay/10 HTTP/1.1\r\nHost: contract\r\n\r\n";

/// Puts load on new connections and on reused ones, calls `stop` meanwhile,
/// and looks that no request is lost:
///
/// - A request on a new connection that connected before `stop` was called
///   gets its whole answer, though it may still wait in the accept queue.
/// - One that connected later gets its whole answer or no byte of it: between
///   a server's last accept and its close of the listener the kernel still
///   completes handshakes.
/// - A request on a reused connection may find it closed before the first byte
///   of the answer (the race of RFC 9112 §9.6), but never in the middle.
/// - A pipelined request that the server has read is answered.
/// - Within three seconds connects are refused.
///
/// # Errors
/// Says how requests were lost, or that the server goes on.
pub fn stops_without_losing_requests(subject: &Subject, stop: impl FnOnce()) -> Result<()> {
    let load = Load::default();
    std::thread::scope(|scope| {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(scope.spawn(|| load.run(subject, 1)));
            if subject.keep_alive {
                clients.push(scope.spawn(|| load.run(subject, usize::MAX)));
            }
        }
        load.wait_until_running();
        let under_way = subject.keep_alive.then(|| RequestUnderWay::send(subject));
        load.stopped_at.get_or_init(Instant::now);
        stop();
        let under_way = under_way.map(|sent| sent.and_then(RequestUnderWay::expect_answer));
        let clients = clients
            .into_iter()
            .map(|client| client.join().expect("a client does not panic"));
        let errors: BTreeSet<_> = clients
            .chain(under_way)
            .filter_map(Result::err)
            .map(|error| format!("{error:#}"))
            .collect();
        let message = Vec::from_iter(errors).join("; ");
        ensure!(message.is_empty(), "{message}");
        Ok(())
    })?;
    let answers = load.answers.into_inner();
    ensure!(
        answers >= ANSWERS_BEFORE_STOP,
        "there were only {answers} answers within {START_TIME_MAX:?}"
    );
    ensure!(
        Connection::open(subject).is_err(),
        "connects are accepted again"
    );
    Ok(())
}

/// What the clients share.
#[derive(Default)]
struct Load {
    answers: AtomicUsize,
    /// Just before the server is told to stop.
    stopped_at: OnceLock<Instant>,
}

impl Load {
    /// Returns after a while in any case, so that the server is stopped.
    fn wait_until_running(&self) {
        let started = Instant::now();
        while self.answers.load(Ordering::SeqCst) < ANSWERS_BEFORE_STOP
            && started.elapsed() < START_TIME_MAX
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopped_at.get().is_some()
    }

    /// Whether the server should have come to its end by now.
    fn is_overdue(&self) -> bool {
        let stopped_at = self.stopped_at.get();
        stopped_at.is_some_and(|stopped_at| stopped_at.elapsed() > STOP_TIME_MAX)
    }

    /// One client: connects again and again until it is refused.
    fn run(&self, subject: &Subject, requests_per_connection: usize) -> Result<()> {
        loop {
            match Connection::open(subject) {
                Ok(connection) => self.serve_out(subject, connection, requests_per_connection)?,
                Err(_) if self.is_stopping() => return Ok(()),
                Err(error) => return Err(error.context("before the stop")),
            }
            ensure!(
                !self.is_overdue(),
                "the stopped server goes on accepting connections"
            );
        }
    }

    /// Sends requests on one connection until it is closed.
    fn serve_out(
        &self,
        subject: &Subject,
        mut connection: Connection,
        requests: usize,
    ) -> Result<()> {
        let mut may_be_lost = self.is_stopping();
        for request in 0..requests {
            let Some(answer) = connection.answer_if_any(REQUEST)? else {
                let excused = may_be_lost && self.is_stopping();
                ensure!(excused, "request {request} on a connection was lost");
                return Ok(());
            };
            let expected = Expected::hello(connection.local_ip()?);
            expected.compare_open_or_closing(&answer, subject.keep_alive)?;
            self.answers.fetch_add(1, Ordering::SeqCst);
            if answer.header("Connection") == Some("close") {
                return Ok(());
            }
            may_be_lost = true;
            ensure!(
                !self.is_overdue(),
                "the stopped server goes on serving a connection"
            );
        }
        Ok(())
    }
}

/// A request that the server has begun on when it is stopped.
struct RequestUnderWay(Connection);

impl RequestUnderWay {
    /// Two requests in one write: once the first is answered, the second has
    /// been read as well.
    fn send(subject: &Subject) -> Result<Self> {
        let mut connection = Connection::open(subject)?;
        connection.send(
            "GET /healthz HTTP/1.1\r\nHost: contract\r\n\r\n\
             GET /delay/200 HTTP/1.1\r\nHost: contract\r\n\r\n",
        )?;
        connection.expect(&Expected::ok("text/plain", "ok"))?;
        Ok(RequestUnderWay(connection))
    }

    fn expect_answer(mut self) -> Result<()> {
        let answer = self.0.answer();
        let answer = answer.context("a request under way at the stop is lost")?;
        Expected::hello(self.0.local_ip()?).compare_open_or_closing(&answer, true)?;
        self.0.expect_close()
    }
}
