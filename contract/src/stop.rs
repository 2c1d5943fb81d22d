//! Stopping under load: whoever was let in is served, then nobody gets in.

use crate::channel::Channel;
use crate::connection::Connection;
use crate::expected::Expected;
use crate::subject::Subject;
use crate::websocket::{Client, Frame};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock};
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

/// How long a connection without a request may stay open once the server is
/// told to stop: shorter than any idle timeout, longer than a machine is busy.
const IDLE_TIME_MAX: Duration = Duration::from_secs(1);

/// Clients who connect and ask right before the stop: so many that the last are
/// still in the accept queue.
const LATECOMERS: usize = 16;

/// Long enough that every client has a request under way at the stop.
const REQUEST: &str = "GET /delay/10 HTTP/1.1\r\nHost: contract\r\n\r\n";

/// Long enough to be under way well after the stop.
const LONG_REQUEST: &str = "GET /delay/200 HTTP/1.1\r\nHost: contract\r\n\r\n";

/// Messages that a WebSocket client says right before the stop: as many as a server reads at once
/// that gives little room to a client's first bytes (2 KiB), and more than it need answer in one turn.
const LAST_MESSAGES: usize = 250;

/// What a WebSocket client hears from a server that stops (RFC 6455 §7.4.1).
const STOPPING: u16 = 1001;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: contract\r\n\r\n";

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
/// - A connection that rests between two requests is closed within a second.
/// - WebSocket clients hear 1001 within that time, behind what others have sent them, in order and
///   without a gap; and an echo's behind all that it had said.
/// - Within three seconds connects are refused.
///
/// # Errors
/// Says how requests were lost, or that the server goes on.
pub fn stops_without_losing_requests(subject: &Subject, stop: impl FnOnce()) -> Result<()> {
    let load = Load::default();
    let all_connected = Barrier::new(LATECOMERS + 1);
    std::thread::scope(|scope| {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(scope.spawn(|| load.run(subject, 1)));
            if subject.keep_alive {
                clients.push(scope.spawn(|| load.run(subject, usize::MAX)));
            }
        }
        if subject.keep_alive {
            clients.push(scope.spawn(|| load.rest(subject)));
        }
        if subject.websocket {
            clients.push(scope.spawn(|| load.listen(subject)));
        }
        load.wait_until_running(subject);
        let begun = subject.keep_alive.then(|| begun(subject));
        let echo = subject.websocket.then(|| Client::open(subject, "/ws/echo"));
        for _ in 0..LATECOMERS {
            clients.push(scope.spawn(|| comes_late(subject, &all_connected)));
        }
        all_connected.wait();
        let echo = echo.map(|echo| says_much(echo?));
        load.stopped_at.get_or_init(Instant::now);
        stop();
        let begun = begun.map_or(Ok(()), |begun| expect_last_answer(begun?));
        let echoed = echo.map_or(Ok(()), |echo| hears_all_of_it(echo?));
        let errors: BTreeSet<_> = clients
            .into_iter()
            .map(|client| client.join().expect("a client does not panic"))
            .chain([begun, echoed])
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
    /// Whether the client that rests does so.
    is_resting: AtomicBool,
    /// Whether the WebSocket clients have heard each other.
    is_listening: AtomicBool,
    /// Just before the server is told to stop.
    stopped_at: OnceLock<Instant>,
}

impl Load {
    /// Returns after a while in any case, so that the server is stopped.
    fn wait_until_running(&self, subject: &Subject) {
        let started = Instant::now();
        let is_running = || {
            self.answers.load(Ordering::SeqCst) >= ANSWERS_BEFORE_STOP
                && (self.is_resting.load(Ordering::SeqCst) || !subject.keep_alive)
                && (self.is_listening.load(Ordering::SeqCst) || !subject.websocket)
        };
        while !is_running() && started.elapsed() < START_TIME_MAX {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopped_at.get().is_some()
    }

    /// How long ago the server was told to stop.
    fn since_stop(&self) -> Duration {
        self.stopped_at
            .get()
            .map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Whether the server should have come to its end by now.
    fn is_overdue(&self) -> bool {
        self.since_stop() > STOP_TIME_MAX
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

    /// One client that has had its answer and keeps its connection.
    fn rest(&self, subject: &Subject) -> Result<()> {
        let mut connection = Connection::open(subject)?;
        connection.send(HEALTH)?;
        connection.expect(&Expected::ok("text/plain", "ok"))?;
        self.is_resting.store(true, Ordering::SeqCst);
        while !connection.is_readable_within(Duration::from_millis(10))? {
            ensure!(
                self.since_stop() < IDLE_TIME_MAX,
                "a connection without a request is kept open after the stop"
            );
        }
        connection.expect_close()
    }

    /// Two clients of the relay, one that says nothing and one that listens to it until the end, a
    /// third that speaks all the time, and an echo's.
    fn listen(&self, subject: &Subject) -> Result<()> {
        let enter = |target| Client::open(subject, target);
        let [mut listens, mut speaks] = [enter("/ws?stop")?, enter("/ws?stop")?];
        let mut silent = [enter("/ws?silent")?, enter("/ws/echo")?];
        std::thread::scope(|scope| {
            let listening = scope.spawn(|| self.hears_in_order(&mut listens));
            let spoken = self.speak(&mut speaks);
            let heard = listening.join().expect("a client does not panic");
            heard.and(spoken)
        })?;
        silent
            .iter_mut()
            .try_for_each(|client| client.expect_farewell(STOPPING))
    }

    /// Sends numbers until it hears of the stop. What it says behind that may end its connection
    /// with a reset, so that it is not looked at.
    fn speak(&self, client: &mut Client) -> Result<()> {
        let mut number = 0_usize;
        while !client
            .connection()
            .is_readable_within(Duration::from_millis(1))?
        {
            let sent = client.send(&Frame::text(number.to_string()));
            ensure!(
                sent.is_ok() || self.is_stopping(),
                "before the stop: {sent:?}"
            );
            number += 1;
            ensure!(
                self.since_stop() < IDLE_TIME_MAX,
                "a WebSocket client that speaks hears nothing of the stop"
            );
        }
        Ok(())
    }

    /// Hears numbers from 0 on without a gap, then 1001, then the end.
    fn hears_in_order(&self, client: &mut Client) -> Result<()> {
        let mut number = 0_usize;
        loop {
            let came = client.receive().context("before 1001")?;
            if number > 0 && came.close_code() == Some(STOPPING) {
                ensure!(self.since_stop() < IDLE_TIME_MAX, "1001 comes late");
                return client.connection().expect_close();
            }
            ensure!(
                came == Frame::text(number.to_string()),
                "behind {number} messages came a frame of {came:?}"
            );
            number += 1;
            self.is_listening.store(true, Ordering::SeqCst);
        }
    }
}

/// One client that connects right before the stop, and must be answered. It has
/// asked by then if it can: through TLS that takes a handshake, in which the
/// server must have its part.
fn comes_late(subject: &Subject, all_connected: &Barrier) -> Result<()> {
    let channel = Connection::reach(subject, subject.patience());
    let asked = match subject.tls {
        true => {
            all_connected.wait();
            channel.and_then(|channel| asked_on(channel, subject))
        }
        false => {
            let asked = channel.and_then(|channel| asked_on(channel, subject));
            all_connected.wait();
            asked
        }
    };
    expect_last_answer(asked?)
}

fn asked_on(channel: Channel, subject: &Subject) -> Result<Connection> {
    let mut connection = Connection::begin(channel, subject, subject.patience())?;
    connection.send(REQUEST)?;
    Ok(connection)
}

/// A connection with a request that the server has begun on: of two in one
/// write the second has been read once the first is answered.
fn begun(subject: &Subject) -> Result<Connection> {
    let mut connection = Connection::open(subject)?;
    connection.send(HEALTH.to_owned() + LONG_REQUEST)?;
    connection.expect(&Expected::ok("text/plain", "ok"))?;
    Ok(connection)
}

fn says_much(mut echo: Client) -> Result<Client> {
    echo.send_all(&vec![Frame::text("x"); LAST_MESSAGES])?;
    Ok(echo)
}

fn hears_all_of_it(mut echo: Client) -> Result<()> {
    for number in 0..LAST_MESSAGES {
        let heard = echo.expect(&Frame::text("x"));
        heard.with_context(|| format!("behind {number} messages said before the stop"))?;
    }
    echo.expect_farewell(STOPPING)
}

fn expect_last_answer(mut connection: Connection) -> Result<()> {
    let answer = connection.answer();
    let answer = answer.context("a request that came before the stop was lost")?;
    let expected = Expected::hello(connection.local_ip()?);
    expected.compare_open_or_closing(&answer, true)?;
    connection.expect_close()
}
