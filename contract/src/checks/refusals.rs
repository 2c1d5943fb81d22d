//! Heads that are wrong: answered with the right error, then closed.
//!
//! Most are ways to make two readers of one connection disagree about where a
//! request ends (request smuggling, RFC 9112 §11.2). Guessing is not an option.

use super::*;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a missing Host is refused with 400",
        run: |subject| refuses(subject, 400, "GET / HTTP/1.1\r\n\r\n"),
    },
    Check {
        name: "a repeated Host is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "GET / HTTP/1.1\r\nHost: contract\r\nHost: other\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nHost: contract\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "an unsupported version is refused with 505",
        run: |subject| {
            refuses_each(
                subject,
                505,
                &[
                    "GET / HTTP/2.0\r\nHost: contract\r\n\r\n",
                    "GET / HTTP/1.2\r\nHost: contract\r\n\r\n",
                    "GET / HTTP/0.9\r\nHost: contract\r\n\r\n",
                    "PRI * HTTP/2.0\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "what is no request line is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "hello\r\n\r\n",
                    "GET /\r\n\r\n",
                    "GET HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET index.html HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET / HTTQ/1.1\r\nHost: contract\r\n\r\n",
                    "GET / http/1.1\r\nHost: contract\r\n\r\n",
                    "GET / HTTP/1.1x\r\nHost: contract\r\n\r\n",
                    "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "a method with bad characters is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "G@T / HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "G\u{e9}T / HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "(GET) / HTTP/1.1\r\nHost: contract\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "stray white space in the request line is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    " GET / HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET  / HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET /  HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET /a b HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET / HTTP/1.1 \r\nHost: contract\r\n\r\n",
                    "GET\t/\tHTTP/1.1\r\nHost: contract\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "a bare CR in the head is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "GET /\r HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET / HTTP/1.1\rHost: contract\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nX: a\rb\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nX\r: a\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "NUL in the head is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "GET /\0 HTTP/1.1\r\nHost: contract\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: con\0tract\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nX\0: a\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "white space around a header's name is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "GET / HTTP/1.1\r\nHost : contract\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nX Y: a\r\n\r\n",
                    "GET / HTTP/1.1\r\n Host: contract\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "a folded header is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "GET / HTTP/1.1\r\nHost: contract\r\nX: a\r\n b\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nX: a\r\n\tb\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "a header without a name or a colon is refused with 400",
        run: |subject| {
            refuses_each(
                subject,
                400,
                &[
                    "GET / HTTP/1.1\r\nHost: contract\r\n: a\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: contract\r\nX\r\n\r\n",
                ],
            )
        },
    },
    Check {
        name: "Content-Length beside Transfer-Encoding is refused with 400",
        run: |subject| {
            let chunks = "5\r\nhello\r\n0\r\n\r\n";
            let headers = [
                "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: 15\r\n",
            ];
            headers
                .iter()
                .try_for_each(|headers| refuses(subject, 400, &echo(headers, chunks)))
        },
    },
    Check {
        name: "differing Content-Lengths are refused with 400",
        run: |subject| {
            ["5\r\nContent-Length: 6", "5, 6"]
                .iter()
                .try_for_each(|length| refuses_content_length(subject, length))
        },
    },
    Check {
        name: "a Content-Length that is no number is refused with 400",
        run: |subject| {
            ["+5", "-5", "5x", "x5", "0x5", "5.0", "5 5", ""]
                .iter()
                .try_for_each(|length| refuses_content_length(subject, length))
        },
    },
    Check {
        name: "a Content-Length that overflows is refused with 400",
        run: |subject| {
            ["18446744073709551616", "99999999999999999999999999999999"]
                .iter()
                .try_for_each(|length| refuses_content_length(subject, length))
        },
    },
    Check {
        name: "Transfer-Encoding on HTTP/1.0 is refused with 400",
        run: |subject| {
            refuses(
                subject,
                400,
                "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            )
        },
    },
    Check {
        name: "chunked that is not the last coding is refused with 400",
        run: |subject| {
            refuses(
                subject,
                400,
                &echo("Transfer-Encoding: chunked, gzip\r\n", ""),
            )
        },
    },
    Check {
        name: "an unknown transfer coding is refused with 501",
        run: |subject| {
            ["gzip", "gzip, chunked", "xchunked", "chunked1"]
                .iter()
                .try_for_each(|coding| {
                    let headers = format!("Transfer-Encoding: {coding}\r\n");
                    refuses(subject, 501, &echo(&headers, ""))
                })
        },
    },
    Check {
        name: "what comes before a refused request is answered first",
        run: answers_before_it_refuses,
    },
];

fn refuses_content_length(subject: &Subject, length: &str) -> Result<()> {
    let headers = format!("Content-Length: {length}\r\n");
    refuses(subject, 400, &echo(&headers, "hello"))
}

fn answers_before_it_refuses(subject: &Subject) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(get("/bytes/2") + &get("/delay/5") + "GET / HTTP/1.1\r\n\r\n")?;
    connection.expect(&octets(b"01"))?;
    if subject.keep_alive {
        connection.expect(&hello(&connection)?)?;
        connection.expect(&Expected::refusal(400))?;
    }
    connection.expect_close()
}
