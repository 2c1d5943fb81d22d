//! How long WebSocket clients stay who say nothing, and how it is logged that they were there.

use crate::process::Process;
use crate::program::{Program, READ_TIMEOUT};
use crate::transport::Transport;
use crate::websocket::{Client, Frame};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// How long a client may say nothing before it is asked whether it is there.
const IDLE_TIMEOUT: Duration = Duration::from_millis(300);

/// Kernel timers run on ticks, and may end a wait this much early.
const TICK: Duration = Duration::from_millis(10);

/// The code for a client that gives no sign of life.
const SILENT: u16 = 1011;

/// A client that is silent for the idle timeout is sent a ping; if it says nothing within the read
/// timeout either it is closed with 1011, and otherwise it stays. A relay's client and an echo's
/// are treated alike. Each has one line in the access log, with the 101 that it was let in with.
///
/// # Errors
/// Says what the server does instead.
pub fn asks_who_is_silent(program: Program, transport: Transport) -> Result<()> {
    let mut command = program.command_idling(transport, IDLE_TIMEOUT);
    command.arg("--access-log");
    let mut process = Process::start(&mut command)?;
    let subject = program.subject(&process);
    for target in ["/ws/echo", "/ws?silent"] {
        let mut client = Client::open(&subject, target)?;
        let mut silent = Client::open(&subject, target)?;
        is_asked(&mut silent)?;
        let asked = Instant::now();
        client.expect(&Frame::ping([]))?;
        client.send(&Frame::pong([]))?;
        silent.expect_farewell(SILENT)?;
        let took = asked.elapsed();
        ensure!(
            took + TICK >= READ_TIMEOUT,
            "a client that was asked for a sign of life is let go after {took:?}"
        );
        // The other has given one, and was asked again.
        client.expect(&Frame::ping([])).context("who answers")?;
        client.send(&Frame::text("not a pong, but a sign"))?;
        if target == "/ws/echo" {
            client.expect(&Frame::text("not a pong, but a sign"))?;
        }
        is_asked(&mut client)?;
        for _ in 0..2 {
            let line = process.line()?;
            let request = format!("\"GET {target} HTTP/1.1\" 101 0\n");
            ensure!(line.ends_with(&request), "the access log says {line:?}");
        }
    }
    process.stop()?;
    Ok(())
}

/// It is left in peace for the idle timeout, and then asked.
fn is_asked(client: &mut Client) -> Result<()> {
    let began = Instant::now();
    client.expect(&Frame::ping([])).context("who is silent")?;
    let took = began.elapsed();
    ensure!(
        took + TICK >= IDLE_TIMEOUT,
        "a client is asked for a sign of life after {took:?}"
    );
    Ok(())
}
