//! `Expect: 100-continue` (RFC 9110 §10.1.1): whether to send the body at all.

use super::*;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a client that asks is told to continue",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send(echo("Content-Length: 5\r\nExpect: 100-continue\r\n", ""))?;
            connection.expect_bytes(CONTINUE)?;
            connection.send("hello")?;
            connection.expect(&octets(b"hello"))?;
            connection.expect_next()
        },
    },
    Check {
        name: "a client that asks with a chunked body is told to continue",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send(echo(
                "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n",
                "",
            ))?;
            connection.expect_bytes(CONTINUE)?;
            connection.send("5\r\nhello\r\n0\r\n\r\n")?;
            connection.expect(&octets(b"hello"))?;
            connection.expect_next()
        },
    },
    Check {
        name: "a client whose body nobody wants gets the answer at once",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send(
                "POST / HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            )?;
            connection.expect(&Expected::not_allowed("GET, HEAD").closing())?;
            connection.expect_close()
        },
    },
    Check {
        name: "a client whose body is too large gets 413 and no 100",
        run: |subject| {
            let headers = "Content-Length: 67108865\r\nExpect: 100-continue\r\n";
            refuses(subject, 413, &echo(headers, ""))
        },
    },
    Check {
        name: "a client of HTTP/1.0 is never told to continue",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send(
                "POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
            )?;
            connection.expect(&octets(b"hello").over_http_1_0().closing())?;
            connection.expect_close()
        },
    },
];
