//! Chunked bodies (RFC 9112 §7.1).

use super::*;
use anyhow::ensure;

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "/echo puts chunks together",
        run: |subject| {
            echoes(
                subject,
                "5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\n\r\n",
                "hello, world",
            )
        },
    },
    Check {
        name: "no chunk at all is an empty body",
        run: |subject| echoes(subject, "0\r\n\r\n", ""),
    },
    Check {
        name: "sizes of chunks are hexadecimal in either case, zeros before them ignored",
        run: |subject| {
            let (letters, digits) = ("a".repeat(0x1a), "0".repeat(0xB));
            let chunks = format!("1a\r\n{letters}\r\n00B\r\n{digits}\r\n000\r\n\r\n");
            echoes(subject, &chunks, &(letters + &digits))
        },
    },
    Check {
        name: "chunk extensions and trailers are ignored",
        run: |subject| {
            echoes(
                subject,
                "5;a=b;c;d=\"e\"\r\nhello\r\n0;last\r\nX-Sum: 1\r\nContent-Length: 3\r\n\r\n",
                "hello",
            )
        },
    },
    Check {
        name: "the coding's name is read in any case",
        run: |subject| {
            let request = echo("Transfer-Encoding: ChunKed\r\n", "1\r\na\r\n0\r\n\r\n");
            answers(subject, &request, &octets(b"a"))
        },
    },
    Check {
        name: "a chunked body of 64 MiB is taken",
        run: echoes_64_mib,
    },
    Check {
        name: "a chunked body that nobody wants is thrown away",
        run: |subject| {
            let head = "GET / HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunks = "5;a\r\nhello\r\n0\r\nX: y\r\n\r\n";
            answers_hello(subject, &format!("{head}{chunks}"))
        },
    },
    Check {
        name: "a bad size of a chunk is refused with 400",
        run: |subject| {
            ["x", "", "-5", "+5", "0x5", " 5", "5 5", ";a"]
                .iter()
                .try_for_each(|size| refuses_chunks(subject, &format!("{size}\r\nhello\r\n")))
        },
    },
    Check {
        name: "a size of a chunk that overflows is refused with 400",
        run: |subject| {
            ["10000000000000000", "fffffffffffffffffffff"]
                .iter()
                .try_for_each(|size| refuses_chunks(subject, &format!("{size}\r\nhello\r\n")))
        },
    },
    Check {
        name: "a chunk that is not followed by CRLF is refused with 400",
        run: |subject| {
            ["5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n"]
                .iter()
                .try_for_each(|chunks| refuses_chunks(subject, chunks))
        },
    },
    Check {
        // RFC 9112 §2.2 lets only the head's lines end so.
        name: "a line of the chunked coding that ends with a bare line feed is refused with 400",
        run: |subject| {
            [
                "5\nhello\r\n0\r\n\r\n",
                "5;a\nhello\r\n0\r\n\r\n",
                "5\r\nhello\n0\r\n\r\n",
                "0\r\nX: y\n\r\n",
            ]
            .iter()
            .try_for_each(|chunks| refuses_chunks(subject, chunks))
        },
    },
    Check {
        name: "a trailer that is no header is refused with 400",
        run: |subject| refuses_chunks(subject, "0\r\nX y\r\n\r\n"),
    },
    Check {
        name: "chunk extensions and trailers without end are refused",
        run: |subject| {
            let endless = "a".repeat(2 * 64 * 1024);
            refuses_somehow(subject, &format!("5;{endless}"))?;
            refuses_somehow(subject, &"1;signed\r\na\r\n".repeat(2 * 8 * 1024))?;
            refuses_somehow(subject, &format!("0\r\nX: {endless}"))
        },
    },
];

fn echoes(subject: &Subject, chunks: &str, body: &str) -> Result<()> {
    answers(subject, &echo(CHUNKED, chunks), &octets(body.as_bytes()))
}

fn refuses_chunks(subject: &Subject, chunks: &str) -> Result<()> {
    refuses(subject, 400, &echo(CHUNKED, chunks))
}

/// Which error fits is a matter of taste; that there is a limit is not.
fn refuses_somehow(subject: &Subject, chunks: &str) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(echo(CHUNKED, chunks))?;
    let answer = connection.answer()?;
    let is_refusal = matches!(answer.status(), 400 | 413 | 431);
    ensure!(
        is_refusal,
        "expected 400, 413 or 431, but got\n{}",
        answer.head
    );
    connection.expect_close()
}

fn echoes_64_mib(subject: &Subject) -> Result<()> {
    const CHUNK_BYTES: usize = 64 * 1024;
    let chunk = format!("{CHUNK_BYTES:x}\r\n{}\r\n", "a".repeat(CHUNK_BYTES));
    let mut connection = Connection::open(subject)?;
    connection.send(echo(CHUNKED, ""))?;
    let chunks = vec![chunk.as_bytes(); BODY_BYTES_MAX / CHUNK_BYTES];
    let parts = chunks.into_iter().chain([b"0\r\n\r\n".as_slice()]);
    let answer = connection.read_while_sending(parts, Connection::answer)?;
    octets(&vec![b'a'; BODY_BYTES_MAX]).compare(&answer, subject.keep_alive)?;
    connection.expect_next()
}
