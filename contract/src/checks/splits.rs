//! A request arrives in pieces, cut anywhere: TCP keeps bytes, not messages.

use super::*;
use std::thread;
use std::time::{Duration, Instant};

/// Between two pieces, so that the server mostly reads the first alone. Where
/// it does not, the check is weaker and still right.
const PAUSE: Duration = Duration::from_millis(1);

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a request may be split at any byte",
        run: |subject| {
            let request = request_with_everything();
            (1..request.len()).try_for_each(|at| {
                let (first, second) = request.split_at(at);
                arrives_in(subject, [first, second].into_iter())
                    .with_context(|| format!("split after {first:?}"))
            })
        },
    },
    Check {
        name: "a request may come byte by byte",
        run: |subject| {
            let request = request_with_everything();
            let bytes = (0..request.len()).map(|at| &request[at..=at]);
            arrives_in(subject, bytes)
        },
    },
];

/// As few bytes as hold every state of a parser: a request line, headers,
/// chunks with extensions, a trailer.
fn request_with_everything() -> String {
    let chunks = "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n";
    format!(
        "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
    )
}

fn arrives_in<'a>(subject: &Subject, pieces: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    let began = Instant::now();
    for piece in pieces {
        connection.send(piece)?;
        // Or a busy machine would make it a request that came too late.
        if began.elapsed() < subject.read_timeout / 2 {
            thread::sleep(PAUSE);
        }
    }
    connection.expect(&octets(b"hello!").closing())?;
    connection.expect_close()
}
