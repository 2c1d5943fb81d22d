//! Many clients at once, each served whatever the others do.

use super::*;
use std::thread;
use std::time::Duration;

/// More than a pool has threads, fewer than an accept queue holds.
const CROWD: usize = 64;

/// Where it is not enough the check is weaker and still right.
const TIME_TO_ASK: Duration = Duration::from_millis(5);

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

/// All come at once, and nobody reads before all have had the time to ask.
/// Each is a thread of its own, because one that is to be served after another
/// may not even get through its handshake before.
fn serves_a_crowd(subject: &Subject, path: &str, expected: &Expected) -> Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n");
    thread::scope(|scope| {
        let ask = || {
            let mut connection = Connection::open(subject)?;
            connection.send(&request)?;
            thread::sleep(TIME_TO_ASK);
            connection.expect(expected)?;
            connection.expect_close()
        };
        let crowd: Vec<_> = (0..CROWD).map(|_| scope.spawn(ask)).collect();
        crowd
            .into_iter()
            .try_for_each(|client| client.join().expect("a client does not panic"))
    })
}
