//! Clients that are silent or slow: within a message not for long, between messages for longer.

use super::*;
use crate::checks::timeouts::{BYTES_PER_TIMEOUT, not_too_early};
use std::iter::repeat;
use std::time::Instant;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a client that falls silent in a frame is closed with 1008",
        run: |subject| {
            let half = &Frame::text("half").masked()[..8];
            falls_silent_after(subject, half)
        },
    },
    Check {
        name: "a client that falls silent in a frame's header is closed with 1008",
        run: |subject| falls_silent_after(subject, &Frame::text("x").masked()[..1]),
    },
    Check {
        name: "a client that falls silent between fragments is closed with 1008",
        run: |subject| falls_silent_after(subject, &Frame::text("x").unfinished().masked()),
    },
    Check {
        name: "a client that drips its message is closed with 1008",
        run: |subject| {
            let header = Frame::binary([]).announcing(1000);
            drips_after(subject, &header, b"a")
        },
    },
    Check {
        name: "pongs within a message do not give it more time",
        run: |subject| {
            let begun = Frame::text("x").unfinished().masked();
            drips_after(subject, &begun, &Frame::pong([]).masked())
        },
    },
    Check {
        name: "what is said to a client gives its message no more time",
        run: |subject| {
            let mut client = Client::open(subject, "/ws?drips")?;
            let mut other = Client::open(subject, "/ws?drips")?;
            let started = Instant::now();
            client.send(&Frame::text("x").unfinished())?;
            let (mail, ping) = (Frame::text("hello"), Frame::ping("still here"));
            let pause = subject.read_timeout / BYTES_PER_TIMEOUT;
            // Each answer and each message is taken, until the close comes.
            loop {
                if !client.connection().is_readable_within(pause)? {
                    other.send(&mail)?;
                    client.send(&ping)?;
                }
                let came = client.receive()?;
                if let Some(code) = came.close_code() {
                    ensure!(code == POLICY, "it is closed with {code}");
                    return not_too_early(subject, started);
                }
                let took = started.elapsed();
                ensure!(took < subject.patience(), "still open after {took:?}");
            }
        },
    },
    Check {
        name: "a client between messages may be silent for longer than the read timeout",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            for text in ["before", "after"] {
                client.send(&Frame::text(text))?;
                client.expect(&Frame::text(text))?;
                let rest = subject.read_timeout + Duration::from_millis(50);
                let came = client.connection().is_readable_within(rest)?;
                ensure!(!came, "a client between messages is not left in peace");
            }
            Ok(())
        },
    },
];

fn falls_silent_after(subject: &Subject, bytes: &[u8]) -> Result<()> {
    let mut client = Client::open(subject, ECHO)?;
    let started = Instant::now();
    client.connection().send(bytes)?;
    client.expect_farewell(POLICY)?;
    not_too_early(subject, started)
}

/// The limit is on the whole message, whatever comes within it.
fn drips_after(subject: &Subject, begun: &[u8], drop: &[u8]) -> Result<()> {
    let mut client = Client::open(subject, ECHO)?;
    let started = Instant::now();
    client.connection().send(begun)?;
    let pause = subject.read_timeout / BYTES_PER_TIMEOUT;
    let connection = client.connection();
    connection.drip(repeat(drop), pause, subject.patience())?;
    client.expect_farewell(POLICY)?;
    not_too_early(subject, started)
}
