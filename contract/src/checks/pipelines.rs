//! Pipelines of all that a request can be: what one leaves unread, the next begins with.

use super::*;

/// Rounds of [`mixture`]: together longer than one read of a server.
const ROUNDS: usize = 400;

/// The answers' bodies in a round of [`mixture`].
const BODIES: [&[u8]; 5] = [b"0123", b"counted", b"", b"chunks", b"012"];

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a pipeline may mix bodies of every framing with none",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            let pipeline = mixture().repeat(ROUNDS);
            connection.read_while_sending(std::iter::once(pipeline.as_bytes()), |connection| {
                let bodies = BODIES.iter().cycle();
                bodies
                    .take(answered(subject, ROUNDS * BODIES.len()))
                    .enumerate()
                    .try_for_each(|(index, body)| {
                        let answer = connection.expect(&octets(body));
                        answer.with_context(|| format!("answer {index}"))
                    })
            })?;
            connection.expect_next()
        },
    },
    Check {
        name: "a pipeline whose last request says Connection: close is answered to the end",
        run: |subject| {
            let last = echo("Connection: close\r\nContent-Length: 4\r\n", "last");
            let mut connection = Connection::open(subject)?;
            connection.send(mixture() + &last)?;
            for body in BODIES.iter().take(answered(subject, BODIES.len())) {
                connection.expect(&octets(body))?;
            }
            if subject.keep_alive {
                connection.expect(&octets(b"last").closing())?;
            }
            connection.expect_close()
        },
    },
    Check {
        name: "a request behind a body that waited for 100 Continue is answered",
        run: |subject| {
            for (framing, body) in FRAMINGS {
                let mut connection = Connection::open(subject)?;
                connection.send(echo(&expecting(framing), ""))?;
                connection.expect_bytes(CONTINUE)?;
                connection.send(body.to_owned() + &get("/bytes/3"))?;
                is_followed_by_012(subject, connection)?;
            }
            Ok(())
        },
    },
    Check {
        // A server may leave the 100 out here; that both servers do not makes them comparable.
        name: "a request behind a body that did not wait for 100 Continue is answered",
        run: |subject| {
            for (framing, body) in FRAMINGS {
                let mut connection = Connection::open(subject)?;
                connection.send(echo(&expecting(framing), body) + &get("/bytes/3"))?;
                connection.expect_bytes(CONTINUE)?;
                is_followed_by_012(subject, connection)?;
            }
            Ok(())
        },
    },
];

/// `hello` as either framing has it.
const FRAMINGS: [(&str, &str); 2] = [
    ("Content-Length: 5\r\n", "hello"),
    (
        "Transfer-Encoding: chunked\r\n",
        "2;x\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
    ),
];

/// A request for each of [`BODIES`].
fn mixture() -> String {
    [
        get("/bytes/4"),
        echo("Content-Length: 7\r\n", "counted"),
        get("/bytes/0"),
        echo(
            "Transfer-Encoding: chunked\r\n",
            "3\r\nchu\r\n3;a=b\r\nnks\r\n0\r\nX: y\r\n\r\n",
        ),
        "GET /bytes/3 HTTP/1.1\r\nHost: contract\r\nContent-Length: 6\r\n\r\nthrown".into(),
    ]
    .concat()
}

fn expecting(framing: &str) -> String {
    format!("{framing}Expect: 100-continue\r\n")
}

fn is_followed_by_012(subject: &Subject, mut connection: Connection) -> Result<()> {
    connection.expect(&octets(b"hello"))?;
    if subject.keep_alive {
        connection.expect(&octets(b"012"))?;
    }
    connection.expect_next()
}
