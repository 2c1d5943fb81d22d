//! How long WebSocket clients stay who say nothing, and how it is logged that they were there.

use crate::process::Process;
use crate::program::{Program, READ_TIMEOUT};
use crate::subject::Subject;
use crate::transport::Transport;
use crate::websocket::{Client, Frame};
use anyhow::{Context, Result, ensure};
use std::thread;
use std::time::{Duration, Instant};

/// How long a client may say nothing before it is asked whether it is there.
const IDLE_TIMEOUT: Duration = Duration::from_millis(300);

/// Kernel timers run on ticks, and may end a wait this much early.
const TICK: Duration = Duration::from_millis(10);

/// The code for a client that gives no sign of life.
const SILENT: u16 = 1011;

/// Where clients are, and where others of the same kind are who are not to hear them.
const TARGETS: [[&str; 2]; 2] = [["/ws/echo", "/ws/echo?2"], ["/ws?here", "/ws?there"]];

/// Where one is silent whom another speaks to.
const SPOKEN_TO: &str = "/ws?spoken-to";

/// A client that is silent for the idle timeout is sent a ping; if it says nothing within the read
/// timeout either it is closed with 1011, whatever others say to it, and otherwise it stays. A
/// relay's client and an echo's are treated alike. Each has one line in the access log, with the 101 that it was let in with.
///
/// # Errors
/// Says what the server does instead.
pub fn asks_who_is_silent(program: Program, transport: Transport) -> Result<()> {
    let mut command = program.command_idling(transport, IDLE_TIMEOUT);
    command.arg("--access-log");
    let mut process = Process::start(&mut command)?;
    let subject = &program.subject(&process);
    thread::scope(|scope| {
        let clients = TARGETS.map(|[silent, stays]| {
            let silent = scope.spawn(move || is_silent(subject, silent));
            [silent, scope.spawn(move || gives_signs(subject, stays))]
        });
        let spoken_to = scope.spawn(|| is_silent_though_spoken_to(subject));
        let mut clients = clients.into_iter().flatten().chain([spoken_to]);
        clients.try_for_each(|client| client.join().expect("a client does not panic"))
    })?;
    let targets = TARGETS.as_flattened().iter().chain(&[SPOKEN_TO; 2]);
    let mut missing: Vec<_> = targets
        .map(|target| format!("\"GET {target} HTTP/1.1\" 101 0\n"))
        .collect();
    while !missing.is_empty() {
        let line = process.line()?;
        let logged = missing.iter().position(|end| line.ends_with(end));
        missing.remove(logged.with_context(|| format!("the access log says {line:?}"))?);
    }
    let more = process.stop()?.out;
    ensure!(more.is_empty(), "the access log also says {more:?}");
    Ok(())
}

/// A client that says nothing is asked, and let go.
fn is_silent(subject: &Subject, target: &str) -> Result<()> {
    let began = Instant::now();
    let mut client = Client::open(subject, target)?;
    is_asked(&mut client, began).context("who is silent")?;
    client.expect_farewell(SILENT)?;
    not_before(began, IDLE_TIMEOUT + READ_TIMEOUT, "let go")
}

/// What others say to a client is no sign of its own.
fn is_silent_though_spoken_to(subject: &Subject) -> Result<()> {
    let mut began = Instant::now();
    let mut client = Client::open(subject, SPOKEN_TO)?;
    let mut other = Client::open(subject, SPOKEN_TO)?;
    is_asked(&mut client, began).context("who is spoken to")?;
    began = Instant::now();
    let message = Frame::text("are you there?");
    loop {
        other.send(&message)?;
        let came = client.receive().context("who is spoken to")?;
        if came.close_code() == Some(SILENT) {
            return client.connection().expect_close();
        }
        ensure!(
            came == message,
            "expected a close or mail, but got {came:?}"
        );
        let took = began.elapsed();
        ensure!(
            took < subject.patience(),
            "who is spoken to may be silent for {took:?}"
        );
        thread::sleep(READ_TIMEOUT / 4);
    }
}

/// A client that answers, or says anything else, is asked again each time, and stays for longer than
/// one that is silent.
fn gives_signs(subject: &Subject, target: &str) -> Result<()> {
    let mut began = Instant::now();
    let mut client = Client::open(subject, target)?;
    let text = Frame::text("not a pong, but a sign");
    for sign in [Frame::pong([]), text.clone(), Frame::pong([])] {
        is_asked(&mut client, began).context("who gives signs of life")?;
        began = Instant::now();
        client.send(&sign)?;
        if sign == text && target.starts_with("/ws/echo") {
            client.expect(&text)?;
        }
    }
    is_asked(&mut client, began).context("who stays")
}

/// It is left in peace for the idle timeout, and then asked. `began` lies before what the server
/// heard of it last, so the server's clock cannot have begun earlier.
fn is_asked(client: &mut Client, began: Instant) -> Result<()> {
    client.expect(&Frame::ping([]))?;
    not_before(began, IDLE_TIMEOUT, "asked for a sign of life")
}

fn not_before(began: Instant, due: Duration, what: &str) -> Result<()> {
    let took = began.elapsed();
    ensure!(
        took + TICK >= due,
        "a client is {what} after {took:?}, due was it after {due:?}"
    );
    Ok(())
}
