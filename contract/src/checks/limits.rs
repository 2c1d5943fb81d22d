//! Limits: what just fits is served, what does not gets the right error.
//!
//! "Over 8 KiB" may be read with a line's end counted or not; the lengths here
//! are chosen so that both readings agree.

use super::*;
use anyhow::ensure;

const REQUEST_LINE_BYTES_MAX: usize = 8 * 1024;
const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;

/// A body that is sent to a server which has refused it already: more than
/// fits into one read.
const REFUSED_UPLOAD_BYTES: usize = 256 * 1024;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a request line of 8 KiB is taken",
        run: |subject| {
            let rest = "GET / HTTP/1.1\r\n".len();
            let path = path_of(REQUEST_LINE_BYTES_MAX - rest + 1);
            answers_hello(subject, &get(&path))
        },
    },
    Check {
        name: "a longer request line is refused with 414",
        run: |subject| {
            let rest = "GET / HTTP/1.1".len();
            let path = path_of(REQUEST_LINE_BYTES_MAX - rest + 2);
            refuses(subject, 414, &get(&path))
        },
    },
    Check {
        name: "a request line without end is refused with 414",
        run: |subject| {
            let path = path_of(2 * REQUEST_LINE_BYTES_MAX);
            refuses(subject, 414, &format!("GET {path}"))
        },
    },
    Check {
        name: "a head of 64 KiB is taken",
        run: |subject| answers_hello(subject, &head_of(HEAD_BYTES_MAX)),
    },
    Check {
        name: "a larger head is refused with 431",
        run: |subject| {
            let uncounted = "GET / HTTP/1.1\r\n".len() + "\r\n".len();
            refuses(subject, 431, &head_of(HEAD_BYTES_MAX + uncounted + 1))
        },
    },
    Check {
        name: "a head without end is refused with 431",
        run: |subject| {
            let head = head_of(2 * HEAD_BYTES_MAX);
            refuses(subject, 431, head.trim_end())
        },
    },
    Check {
        name: "one header may fill the head",
        run: |subject| {
            let filler = "a".repeat(HEAD_BYTES_MAX / 2);
            let head = format!("GET / HTTP/1.1\r\nHost: contract\r\nX: {filler}\r\n\r\n");
            answers_hello(subject, &head)
        },
    },
    Check {
        name: "100 headers are taken",
        run: |subject| answers_hello(subject, &head_with_headers(HEADERS_MAX)),
    },
    Check {
        name: "101 headers are refused with 431",
        run: |subject| refuses(subject, 431, &head_with_headers(HEADERS_MAX + 1)),
    },
    Check {
        name: "a declared body over 64 MiB is refused with 413 before it comes",
        run: |subject| {
            [BODY_BYTES_MAX as u64 + 1, u64::MAX]
                .iter()
                .try_for_each(|length| {
                    let headers = format!("Content-Length: {length}\r\n");
                    refuses(subject, 413, &echo(&headers, ""))
                })
        },
    },
    Check {
        name: "a chunked body over 64 MiB is refused with 413",
        run: refuses_chunks_over_the_limit,
    },
    Check {
        name: "a refusal reaches a client that is still sending",
        run: |subject| {
            let headers = format!("Content-Length: {}\r\n", BODY_BYTES_MAX + 1);
            let body = "a".repeat(REFUSED_UPLOAD_BYTES);
            refuses(subject, 413, &echo(&headers, &body))
        },
    },
];

/// A path of this length.
fn path_of(length: usize) -> String {
    format!("/{}", "a".repeat(length - 1))
}

/// A head of this length, in lines of at most 1 KiB.
fn head_of(length: usize) -> String {
    let mut head = "GET / HTTP/1.1\r\nHost: contract\r\n".to_string();
    let end = "\r\n";
    let line_rest = "X: \r\n".len();
    while length - head.len() - end.len() > 0 {
        let left = length - head.len() - end.len();
        // A last line that is too short for a header is avoided by splitting
        // what is left in halves.
        let line = if left > 1024 {
            left.min(2048) / 2
        } else {
            left
        };
        head += &format!("X: {}\r\n", "a".repeat(line - line_rest));
    }
    head + end
}

/// A head with this many headers, Host included.
fn head_with_headers(count: usize) -> String {
    let more = "X: a\r\n".repeat(count - 1);
    format!("GET / HTTP/1.1\r\nHost: contract\r\n{more}\r\n")
}

/// The refusal may come before all is sent, and the writes fail then.
fn refuses_chunks_over_the_limit(subject: &Subject) -> Result<()> {
    const CHUNK_BYTES: usize = 1024 * 1024;
    let chunk = format!("{CHUNK_BYTES:x}\r\n{}\r\n", "a".repeat(CHUNK_BYTES));
    let mut connection = Connection::open(subject)?;
    connection.send(echo("Transfer-Encoding: chunked\r\n", ""))?;
    let chunks = vec![chunk.as_bytes(); BODY_BYTES_MAX / CHUNK_BYTES];
    let parts = chunks
        .into_iter()
        .chain([b"1\r\na\r\n0\r\n\r\n".as_slice()]);
    let answer = connection.read_while_sending(parts, Connection::answer)?;
    ensure!(
        answer.status() == 413,
        "expected 413, but got\n{}",
        answer.head
    );
    Expected::refusal(413).compare(&answer, subject.keep_alive)?;
    connection.expect_close()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_the_length_they_are_asked_for() {
        for length in [
            HEAD_BYTES_MAX,
            HEAD_BYTES_MAX + 1,
            HEAD_BYTES_MAX + 19,
            2000,
        ] {
            assert_eq!(head_of(length).len(), length);
        }
    }
}
