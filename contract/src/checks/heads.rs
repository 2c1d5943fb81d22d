//! Heads that are unusual but right.

use super::*;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "lines may end with a bare line feed",
        run: |subject| {
            answers_hello(subject, "GET / HTTP/1.1\nHost: contract\n\n")?;
            answers_hello(subject, "GET / HTTP/1.1\r\nHost: contract\n\r\n")
        },
    },
    Check {
        name: "one empty line before the request line is ignored",
        run: |subject| answers_hello(subject, "\r\nGET / HTTP/1.1\r\nHost: contract\r\n\r\n"),
    },
    Check {
        name: "HTTP/1.0 needs no Host",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            connection.send("GET / HTTP/1.0\r\n\r\n")?;
            connection.expect(&hello(&connection)?.over_http_1_0().closing())?;
            connection.expect_close()
        },
    },
    Check {
        name: "names of headers are read in any case, values with any white space around",
        run: |subject| {
            answers_hello(subject, "GET / HTTP/1.1\r\nhOST:contract\r\n\r\n")?;
            answers_hello(
                subject,
                "GET / HTTP/1.1\r\nHOST: \t contract \t \r\nX:\r\n\r\n",
            )
        },
    },
    Check {
        name: "values of headers may hold bytes beyond ASCII",
        run: |subject| {
            answers_hello(
                subject,
                "GET / HTTP/1.1\r\nHost: contract\r\nX-Name: Jürgen\r\n\r\n",
            )
        },
    },
    Check {
        name: "an empty Host is a Host",
        run: |subject| answers_hello(subject, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    },
];
