//! Handshakes that come to nothing: let go after the read timeout, not before.

use super::timeouts::{BYTES_PER_TIMEOUT, not_too_early};
use super::*;
use crate::tls::client_hello;
use std::time::Instant;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a handshake that is not begun is cut at the read timeout",
        run: |subject| stalls_after(subject, &[]),
    },
    Check {
        name: "a handshake that stalls is cut at the read timeout",
        run: |subject| {
            let hello = client_hello(&rustls::version::TLS13)?;
            stalls_after(subject, &hello[..hello.len() / 2])?;
            stalls_after(subject, &hello)
        },
    },
    Check {
        name: "a handshake that drips is cut at the read timeout",
        run: drips_its_hello,
    },
];

/// Who sends these bytes of a handshake and no more is let go at the read
/// timeout.
fn stalls_after(subject: &Subject, bytes: &[u8]) -> Result<()> {
    let started = Instant::now();
    let mut connection = Connection::open(&subject.in_the_clear())?;
    connection.send(bytes)?;
    connection.rest()?;
    not_too_early(subject, started)?;
    serves_the_next(subject)
}

/// The limit is on the whole handshake: a byte now and then does not renew it.
fn drips_its_hello(subject: &Subject) -> Result<()> {
    let hello = client_hello(&rustls::version::TLS13)?;
    let started = Instant::now();
    let mut connection = Connection::open(&subject.in_the_clear())?;
    let pause = subject.read_timeout / BYTES_PER_TIMEOUT;
    connection.drip(hello.chunks(1), pause, subject.patience())?;
    not_too_early(subject, started)?;
    serves_the_next(subject)
}
