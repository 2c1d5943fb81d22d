//! Clients that leave in the middle: they harm nobody but themselves.

use super::*;
use anyhow::ensure;

/// How many leave in a row: more than a pool has threads.
const DEPARTURES: usize = 20;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a client that leaves without a word harms nobody",
        run: |subject| {
            for _ in 0..DEPARTURES {
                drop(Connection::open(subject)?);
                Connection::open(subject)?.reset()?;
            }
            serves_the_next(subject)
        },
    },
    Check {
        name: "a client that leaves in the middle of a head harms nobody",
        run: |subject| leaves_after(subject, "GET / HTTP/1.1\r\nHos"),
    },
    Check {
        name: "a client that leaves in the middle of an upload harms nobody",
        run: |subject| {
            leaves_after(subject, &echo("Content-Length: 1000000\r\n", "hello"))?;
            let chunk = "1000\r\nhello";
            leaves_after(subject, &echo("Transfer-Encoding: chunked\r\n", chunk))
        },
    },
    Check {
        name: "a client that leaves before its answer harms nobody",
        run: |subject| leaves_after(subject, &get("/delay/1")),
    },
    Check {
        name: "a client that leaves in the middle of a download harms nobody",
        run: |subject| {
            for _ in 0..DEPARTURES {
                let mut connection = Connection::open(subject)?;
                connection.send(get("/bytes/8388608"))?;
                // The head has come, so the server is about to send the rest.
                connection.answer_head()?;
                connection.reset()?;
            }
            serves_the_next(subject)
        },
    },
    Check {
        name: "a client that half-closes in the middle of a request is let go",
        run: |subject| {
            for request in [
                "GET / HTTP/1.1\r\nHos",
                &echo("Content-Length: 9\r\n", "hello"),
            ] {
                let mut connection = Connection::open(subject)?;
                connection.send_last(request)?;
                let word = connection.rest()?;
                // A word is welcome, but not one about waiting for bytes that
                // cannot come.
                ensure!(
                    !word.starts_with(b"HTTP/1.1 408"),
                    "the server waited for the rest of {request:?}"
                );
            }
            serves_the_next(subject)
        },
    },
];

/// Clients leave after these bytes, in order or with a reset; then another is
/// served.
fn leaves_after(subject: &Subject, bytes: &str) -> Result<()> {
    for _ in 0..DEPARTURES {
        let mut connection = Connection::open(subject)?;
        connection.send(bytes)?;
        drop(connection);
        let mut connection = Connection::open(subject)?;
        connection.send(bytes)?;
        connection.reset()?;
    }
    serves_the_next(subject)
}
