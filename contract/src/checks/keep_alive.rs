//! How long a connection lives, and many requests on one.

use super::*;
use std::time::Duration;

/// More requests than a client would pipeline, in fewer bytes than a small
/// buffer has.
const PIPELINED: usize = 64;

/// Requests in more bytes than a server reads at once, and fewer than the
/// sockets' buffers hold.
const LONG_PIPELINE: usize = 3000;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "Connection: close is obeyed",
        run: |subject| {
            ["close", "Close", "x, close", "close, keep-alive"]
                .iter()
                .try_for_each(|value| {
                    closes_after(subject, &format!("Connection: {value}\r\n"))
                        .with_context(|| format!("Connection: {value}"))
                })
        },
    },
    Check {
        name: "nothing after Connection: close is answered",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            let first = "GET / HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n";
            let more = get("/healthz").repeat(LONG_PIPELINE);
            connection.send(first.to_owned() + &more)?;
            connection.expect(&hello(&connection)?.closing())?;
            connection.expect_close()
        },
    },
    Check {
        name: "what comes while the last answer is made does not destroy it",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection
                .send("GET /delay/100 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n")?;
            // Apart from the request, so that the server leaves it unread: a close is a reset then.
            connection.is_readable_within(Duration::from_millis(20))?;
            connection.send("\r\n")?;
            connection.expect(&hello(&connection)?.closing())
        },
    },
    Check {
        name: "HTTP/1.0 closes unless asked not to",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send("GET / HTTP/1.0\r\nHost: contract\r\n\r\n")?;
            connection.expect(&hello(&connection)?.over_http_1_0().closing())?;
            connection.expect_close()
        },
    },
    Check {
        name: "HTTP/1.0 stays open when asked to, and says so",
        run: |subject| {
            let request = "GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
            let expected = Expected::ok("text/plain", "ok")
                .over_http_1_0()
                .connection("keep-alive");
            answers(subject, request, &expected)
        },
    },
    Check {
        name: "a connection takes one request after another",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            let mut requests = answered(subject, PIPELINED);
            while requests > 1 {
                connection.send(get("/"))?;
                connection.expect(&hello(&connection)?)?;
                requests -= 1;
            }
            connection.send(get("/bytes/1"))?;
            connection.expect(&octets(b"0"))?;
            connection.expect_next()
        },
    },
    Check {
        name: "pipelined requests are answered in order",
        run: answers_a_pipeline_in_order,
    },
    Check {
        name: "a pipeline may be longer than any buffer",
        run: |subject| {
            let pipeline = get("/bytes/100").repeat(LONG_PIPELINE);
            let digits = &b"0123456789abcdef".repeat(7)[..100];
            let mut connection = Connection::open(subject)?;
            connection.read_while_sending(std::iter::once(pipeline.as_bytes()), |connection| {
                (0..answered(subject, LONG_PIPELINE))
                    .try_for_each(|_| connection.expect(&octets(digits)))
            })?;
            connection.expect_next()
        },
    },
    Check {
        name: "pipelined requests may have large answers",
        run: |subject| {
            let digits = b"0123456789abcdef".repeat(65_536);
            let mut connection = Connection::open(subject)?;
            connection.send(get("/bytes/1048576").repeat(3))?;
            for _ in 0..answered(subject, 3) {
                connection.expect(&octets(&digits))?;
            }
            connection.expect_next()
        },
    },
    Check {
        name: "an empty line between two requests is ignored",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            let first = echo("Content-Length: 5\r\n", "hello\r\n");
            connection.send(first + &get("/bytes/1"))?;
            for body in [b"hello".as_slice(), b"0"]
                .iter()
                .take(answered(subject, 2))
            {
                connection.expect(&octets(body))?;
            }
            connection.expect_next()
        },
    },
    Check {
        name: "a client that half-closes gets the whole answer",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send_last(get("/delay/30"))?;
            let expected = hello(&connection)?;
            expect_last(subject, connection, &expected)?;

            let mut connection = Connection::open(subject)?;
            connection.send_last(get("/bytes/1048576"))?;
            let digits = b"0123456789abcdef".repeat(65_536);
            expect_last(subject, connection, &octets(&digits))
        },
    },
    Check {
        name: "a client that half-closes after a pipeline gets every answer",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send_last(get("/bytes/1").repeat(8))?;
            for _ in 1..answered(subject, 8) {
                connection.expect(&octets(b"0"))?;
            }
            expect_last(subject, connection, &octets(b"0"))
        },
    },
];

fn closes_after(subject: &Subject, headers: &str) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(format!("GET / HTTP/1.1\r\nHost: contract\r\n{headers}\r\n"))?;
    connection.expect(&hello(&connection)?.closing())?;
    connection.expect_close()
}

/// Bodies of different lengths show an answer in the wrong place; the delays
/// let a later request overtake an earlier one where that is possible.
fn answers_a_pipeline_in_order(subject: &Subject) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    let pair = |length| get("/delay/1") + &get(&format!("/bytes/{length}"));
    connection.send((0..PIPELINED / 2).map(pair).collect::<String>())?;
    for request in 0..answered(subject, PIPELINED) {
        let digits = b"0123456789abcdef".repeat(PIPELINED);
        match request % 2 {
            0 => connection.expect(&hello(&connection)?),
            _ => connection.expect(&octets(&digits[..request / 2])),
        }
        .with_context(|| format!("answer {request}"))?;
    }
    connection.expect_next()
}

/// The last answer on a connection whose client has half-closed. Whether the
/// server has seen that before it answers is a race, and so is whether it says
/// `Connection: close`.
fn expect_last(subject: &Subject, mut connection: Connection, expected: &Expected) -> Result<()> {
    let answer = connection.answer()?;
    expected.compare_open_or_closing(&answer, subject.keep_alive)?;
    connection.expect_close()
}
