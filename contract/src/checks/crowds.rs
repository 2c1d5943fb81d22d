//! Many clients at once, each served whatever the others do.

use super::*;

/// More than a pool has threads, fewer than an accept queue holds.
const CROWD: usize = 64;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "clients who come at once are all served",
        run: |subject| {
            let expected = hello(&Connection::open(subject)?)?;
            serves_a_crowd(subject, "/delay/2", &expected.closing())
        },
    },
    Check {
        name: "clients who all take their time to read are all served",
        run: |subject| {
            let digits = b"0123456789abcdef".repeat(65_536);
            serves_a_crowd(subject, "/bytes/1048576", &octets(&digits).closing())
        },
    },
    Check {
        name: "a silent client keeps the next waiting no longer than the read timeout",
        run: |subject| {
            let _silent = Connection::open(subject)?;
            serves_the_next(subject)
        },
    },
];

/// All ask before anybody reads. They are read in the order in which they
/// came, because a server may serve them one after another.
fn serves_a_crowd(subject: &Subject, path: &str, expected: &Expected) -> Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n");
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut connection = Connection::open(subject)?;
        connection.send(&request)?;
        crowd.push(connection);
    }
    for (client, connection) in crowd.iter_mut().enumerate() {
        connection
            .expect(expected)
            .and_then(|()| connection.expect_close())
            .with_context(|| format!("client {client}"))?;
    }
    Ok(())
}
