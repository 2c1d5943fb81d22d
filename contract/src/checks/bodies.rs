//! Bodies with a Content-Length: echoed where wanted, thrown away elsewhere.

use super::*;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "/echo sends the body and its type back",
        run: |subject| {
            let request = echo(
                "Content-Type: text/x-test; charset=utf-8\r\nContent-Length: 5\r\n",
                "hello",
            );
            let expected = Expected::ok("text/x-test; charset=utf-8", "hello");
            answers(subject, &request, &expected)
        },
    },
    Check {
        name: "/echo calls a body without a type octets",
        run: |subject| {
            answers(
                subject,
                &echo("Content-Length: 5\r\n", "hello"),
                &octets(b"hello"),
            )
        },
    },
    Check {
        name: "/echo of nothing is nothing",
        run: |subject| {
            answers(subject, &echo("Content-Length: 0\r\n", ""), &octets(b""))?;
            answers(subject, &echo("", ""), &octets(b""))
        },
    },
    Check {
        name: "/echo takes every byte as it is",
        run: |subject| {
            let body: Vec<u8> = (0..=255).cycle().take(1024).collect();
            let mut connection = Connection::open(subject)?;
            connection.send(echo("Content-Length: 1024\r\n", ""))?;
            connection.send(&body)?;
            connection.expect(&octets(&body))?;
            connection.expect_next()
        },
    },
    Check {
        name: "/echo takes 64 MiB",
        run: echoes_64_mib,
    },
    Check {
        name: "a body that nobody wants is thrown away",
        run: |subject| {
            let get = "GET / HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\n\r\nhello";
            answers_hello(subject, get)?;
            let put = "PUT / HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\n\r\nhello";
            answers(subject, put, &Expected::not_allowed("GET, HEAD"))
        },
    },
    Check {
        name: "a body that nobody wants is never read as a request",
        run: |subject| {
            let body = get("/bytes/9");
            let length = body.len();
            let request = format!(
                "GET /healthz HTTP/1.1\r\nHost: contract\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            answers(subject, &request, &Expected::ok("text/plain", "ok"))
        },
    },
];

fn echoes_64_mib(subject: &Subject) -> Result<()> {
    // A prime number of bytes is repeated, so that no buffer's size hides a
    // part that was lost or sent twice.
    let prime: Vec<u8> = (0..=250).collect();
    let mut body = prime.repeat(BODY_BYTES_MAX.div_ceil(prime.len()));
    body.truncate(BODY_BYTES_MAX);
    let mut connection = Connection::open(subject)?;
    connection.send(echo(&format!("Content-Length: {BODY_BYTES_MAX}\r\n"), ""))?;
    let answer =
        connection.read_while_sending(std::iter::once(body.as_slice()), Connection::answer)?;
    octets(&body).compare(&answer, subject.keep_alive)?;
    connection.expect_next()
}
