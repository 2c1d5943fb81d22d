//! A fixed series of exchanges as text, to compare servers byte for byte.
//!
//! The text shows each request after `>` and what came back after `<`, line by
//! line with the line ends spelled out. To take over a wanted change, write
//! what [`transcript()`] returns into `transcript/*.txt` and read the diff.

use crate::answer::mask_date;
use crate::connection::Connection;
use crate::escape;
use crate::subject::{Address, Subject};
use anyhow::{Context, Result};

/// What [`transcript()`] returns if a server is reached over 127.0.0.1.
const GOLDEN: &str = include_str!("close.txt");

/// What [`keep_alive_transcript`] returns then.
const GOLDEN_KEEP_ALIVE: &str = include_str!("keep_alive.txt");

/// Exchanges on a new connection each, that the server ends: the request asks
/// to close, is of HTTP/1.0, or is refused.
const EXCHANGES: &[(&str, &str)] = &[
    (
        "Hello",
        "GET / HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    ("Hello over HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"),
    (
        "HEAD",
        "HEAD / HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "health",
        "GET /healthz HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "bytes",
        "GET /bytes/20 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "no bytes",
        "GET /bytes/0 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "echo",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nConnection: close\r\nContent-Type: text/x-test\r\nContent-Length: 5\r\n\r\nhello",
    ),
    (
        "echo of chunks",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "echo over HTTP/1.0",
        "POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
    ),
    (
        "a method that the route lacks",
        "PUT / HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "a method that /echo lacks",
        "GET /echo HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "too many bytes",
        "GET /bytes/67108865 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "too long a delay",
        "GET /delay/10001 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    (
        "too much work",
        "GET /cpu/1000001 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
    ),
    ("not a number", "GET /bytes/x HTTP/1.0\r\n\r\n"),
    ("no Host", "GET / HTTP/1.1\r\n\r\n"),
    (
        "two Hosts",
        "GET / HTTP/1.1\r\nHost: contract\r\nHost: contract\r\n\r\n",
    ),
    ("no request line", "hello\r\n\r\n"),
    ("a bad method", "G@T / HTTP/1.1\r\nHost: contract\r\n\r\n"),
    ("a bad target", "GET /\0 HTTP/1.1\r\nHost: contract\r\n\r\n"),
    (
        "a bad header name",
        "GET / HTTP/1.1\r\nHost : contract\r\n\r\n",
    ),
    (
        "a bad header value",
        "GET / HTTP/1.1\r\nHost: con\0tract\r\n\r\n",
    ),
    (
        "a folded header",
        "GET / HTTP/1.1\r\nHost: contract\r\nX: a\r\n b\r\n\r\n",
    ),
    (
        "a bare CR",
        "GET / HTTP/1.1\r\nHost: contract\r\nX: a\rb\r\n\r\n",
    ),
    (
        "a version to come",
        "GET / HTTP/2.0\r\nHost: contract\r\n\r\n",
    ),
    (
        "a length beside chunks",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    (
        "two lengths",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ),
    (
        "a bad length",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: +5\r\n\r\n",
    ),
    (
        "a length that overflows",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 18446744073709551616\r\n\r\n",
    ),
    (
        "a length over the limit",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 67108865\r\n\r\n",
    ),
    (
        "chunks over HTTP/1.0",
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    (
        "chunked that is not last",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    ),
    (
        "an unknown coding",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: gzip\r\n\r\n",
    ),
    (
        "a bad chunk size",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ),
    (
        "a chunk size that overflows",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ),
    (
        "a chunk that does not end",
        "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n",
    ),
    (
        "a body that nobody wants, announced",
        "POST / HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    ),
];

/// One connection's requests, sent at once; the last asks to close.
const PIPELINE: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: contract\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: contract\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: contract\r\n\r\n",
    "GET /bytes/3 HTTP/1.1\r\nHost: contract\r\nContent-Length: 5\r\n\r\nhello",
    "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Type: text/x-test\r\nContent-Length: 5\r\n\r\nhello",
    "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: contract\r\n\r\n",
    "GET /bytes/x HTTP/1.1\r\nHost: contract\r\n\r\n",
    "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n",
];

/// The bytes of a fixed series of exchanges, one connection each, Date's value
/// masked: equal on two servers that answer alike, whether they keep
/// connections or not.
///
/// # Errors
/// If a connect fails, or the server resets a connection or keeps it open.
pub fn transcript(subject: &Subject) -> Result<String> {
    EXCHANGES
        .iter()
        .map(|(name, request)| exchange(subject, name, request))
        .collect()
}

/// The same of a pipeline on one connection, for servers that keep them.
///
/// # Errors
/// As [`transcript()`].
pub fn keep_alive_transcript(subject: &Subject) -> Result<String> {
    exchange(subject, "a pipeline", &PIPELINE.concat())
}

/// What [`transcript()`] must return for every model of every server.
#[must_use]
pub fn golden_transcript(subject: &Subject) -> String {
    greeting(subject, GOLDEN)
}

/// What [`keep_alive_transcript`] must return for every model that keeps
/// connections open.
#[must_use]
pub fn golden_keep_alive_transcript(subject: &Subject) -> String {
    greeting(subject, GOLDEN_KEEP_ALIVE)
}

/// `golden` as it is for whoever has the address that `subject` sees. The
/// lengths are the same: the golden transcripts are those of 127.0.0.1, and
/// `localhost`, which has no address, has as many letters.
fn greeting(subject: &Subject, golden: &str) -> String {
    match subject.address {
        Address::Tcp(_) => golden.to_string(),
        Address::Unix(_) => golden.replace("Hello 127.0.0.1", "Hello localhost"),
    }
}

/// Shows the first line in which two transcripts differ, under the name of its
/// exchange.
pub(crate) fn first_difference(golden: &str, came: &str) -> Option<String> {
    if golden == came {
        return None;
    }
    let mut exchange = "";
    let end = "(the end)";
    let mut came_lines = came.lines().chain(std::iter::repeat(end));
    for expected in golden.lines().chain([end]) {
        let line = came_lines.next().unwrap_or(end);
        if line != expected {
            return Some(format!(
                "{exchange}: expected\n  {expected}\nbut got\n  {line}\n"
            ));
        }
        exchange = line.strip_prefix("# ").unwrap_or(exchange);
    }
    Some("line ends differ".to_string())
}

fn exchange(subject: &Subject, name: &str, request: &str) -> Result<String> {
    let mut connection = Connection::open(subject)?;
    connection.send(request)?;
    let bytes = connection.rest().with_context(|| name.to_string())?;
    let answer = mask_date(&String::from_utf8_lossy(&bytes));
    let request = escape::lines("> ", request.as_bytes());
    let answer = escape::lines("< ", answer.as_bytes());
    Ok(format!("# {name}\n{request}{answer}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown_under_its_exchange() {
        let golden = "# one\n> a\n< b\n\n# two\n> a\n< b\n\n";
        let came = "# one\n> a\n< b\n\n# two\n> a\n< c\n\n";
        assert_eq!(first_difference(golden, golden), None);
        let difference = first_difference(golden, came);
        let expected = "two: expected\n  < b\nbut got\n  < c\n";
        assert_eq!(difference.as_deref(), Some(expected));
    }

    #[test]
    fn a_transcript_that_ends_early_or_late_differs() {
        assert!(first_difference("# one\n< a\n", "# one\n").is_some());
        assert!(first_difference("# one\n", "# one\n< a\n").is_some());
    }

    #[test]
    fn the_golden_transcripts_hold_every_exchange() {
        for (name, request) in EXCHANGES {
            let begin = format!("# {name}\n{}< ", escape::lines("> ", request.as_bytes()));
            assert!(GOLDEN.contains(&begin), "{name}");
        }
        let pipeline = escape::lines("> ", PIPELINE.concat().as_bytes());
        assert!(GOLDEN_KEEP_ALIVE.contains(&pipeline));
    }
}
