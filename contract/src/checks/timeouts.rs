//! Clients that are silent or slow: let go after the read timeout, not before.

use super::*;
use anyhow::ensure;
use std::iter::repeat;
use std::time::{Duration, Instant};

/// Kernel timers run on ticks, and may end a wait this much early.
const TICK: Duration = Duration::from_millis(10);

/// A slow client sends this often within one read timeout, so that no single
/// read is ever late.
pub(super) const BYTES_PER_TIMEOUT: u32 = 8;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a client that never says a word is closed without an answer",
        run: |subject| {
            let started = Instant::now();
            let mut connection = Connection::open(subject)?;
            connection.expect_close()?;
            not_too_early(subject, started)
        },
    },
    Check {
        name: "a client that falls silent in a head gets 408",
        run: |subject| falls_silent_after(subject, "GET / HTTP/1.1\r\nHost: contract\r\n"),
    },
    Check {
        name: "a client that falls silent in a body gets 408",
        run: |subject| falls_silent_after(subject, &echo("Content-Length: 9\r\n", "hello")),
    },
    Check {
        name: "a client that drips its head gets 408",
        run: |subject| drips_after(subject, "GET / HTTP/1.1\r\nHost: contract\r\nX: "),
    },
    Check {
        name: "a client that drips its body gets 408",
        run: |subject| drips_after(subject, &echo("Content-Length: 1000\r\n", "")),
    },
    Check {
        name: "a connection between two requests may rest for longer than the read timeout",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send(get("/bytes/1"))?;
            connection.expect(&octets(b"0"))?;
            if subject.keep_alive {
                connection.is_readable_within(subject.read_timeout + 5 * TICK)?;
            }
            connection.expect_next()
        },
    },
];

fn falls_silent_after(subject: &Subject, bytes: &str) -> Result<()> {
    let started = Instant::now();
    let mut connection = Connection::open(subject)?;
    connection.send(bytes)?;
    connection.expect(&Expected::refusal(408))?;
    not_too_early(subject, started)?;
    connection.expect_close()
}

/// The limit is on the whole head or body: a byte now and then does not renew
/// it, or one slow client could hold a thread for ever.
fn drips_after(subject: &Subject, bytes: &str) -> Result<()> {
    let started = Instant::now();
    let mut connection = Connection::open(subject)?;
    connection.send(bytes)?;
    let pause = subject.read_timeout / BYTES_PER_TIMEOUT;
    connection.drip(repeat("a"), pause, subject.patience())?;
    connection.expect(&Expected::refusal(408))?;
    not_too_early(subject, started)?;
    connection.expect_close()
}

/// `started` lies before the connect, so the server's clock cannot have begun
/// earlier.
pub(super) fn not_too_early(subject: &Subject, started: Instant) -> Result<()> {
    let took = started.elapsed();
    ensure!(
        took + TICK >= subject.read_timeout,
        "the client was let go after {took:?}, before the read timeout of {:?}",
        subject.read_timeout
    );
    Ok(())
}
