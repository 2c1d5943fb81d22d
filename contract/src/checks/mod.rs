//! The checks, one file a noun, and the few steps that they are made of.

mod answers;
mod bodies;
mod chunks;
mod crowds;
mod departures;
mod expectations;
mod handshakes;
mod heads;
mod keep_alive;
mod limits;
mod pipelines;
mod refusals;
mod splits;
mod timeouts;
mod tls;
mod transcripts;
mod websocket;

use crate::connection::Connection;
use crate::expected::Expected;
use crate::subject::Subject;
use crate::verify::Check;
use anyhow::{Context, Result};

/// Every noun's checks, what is plainest first: where it fails, the rest will.
pub(crate) const ALL: &[&[Check]] = &[
    answers::CHECKS,
    heads::CHECKS,
    refusals::CHECKS,
    limits::CHECKS,
    bodies::CHECKS,
    chunks::CHECKS,
    expectations::CHECKS,
    keep_alive::CHECKS,
    pipelines::CHECKS,
    splits::CHECKS,
    crowds::CHECKS,
    departures::CHECKS,
    timeouts::CHECKS,
    transcripts::CHECKS,
    websocket::CHECKS_OF_ALL,
];

/// What is asked besides of servers that speak TLS.
pub(crate) const OF_TLS: &[&[Check]] = &[tls::CHECKS, handshakes::CHECKS];

/// What is asked besides of servers that take WebSocket clients.
pub(crate) const OF_WEBSOCKET: &[&[Check]] = websocket::CHECKS;

/// What is asked instead of those that do not.
pub(crate) const WITHOUT_WEBSOCKET: &[&[Check]] = &[websocket::CHECKS_WITHOUT];

/// Those in which nearly all the time is spent waiting.
pub(crate) const WAITING: &[&[Check]] = &[timeouts::CHECKS, handshakes::CHECKS, websocket::WAITING];

/// The largest body that is taken or given.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A request without a body.
fn request(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: contract\r\n\r\n")
}

fn get(target: &str) -> String {
    request("GET", target)
}

/// A request to `/echo` with these further header lines, each ended by CRLF,
/// and what follows the head.
fn echo(headers: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: contract\r\n{headers}\r\n{body}")
}

/// The answer to `GET /` on this connection.
fn hello(connection: &Connection) -> Result<Expected<'static>> {
    Ok(Expected::hello(connection.local_ip()?))
}

fn octets(body: &[u8]) -> Expected<'_> {
    Expected::ok_bytes("application/octet-stream", body)
}

/// A new connection is answered so, and then takes the next request.
fn answers(subject: &Subject, request: &str, expected: &Expected) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(request)?;
    connection
        .expect(expected)
        .and_then(|()| connection.expect_next())
        .with_context(|| format!("{:?}", beginning(request)))
}

/// A new connection is answered with Hello, and then takes the next request.
fn answers_hello(subject: &Subject, request: &str) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(request)?;
    connection
        .expect(&hello(&connection)?)
        .and_then(|()| connection.expect_next())
        .with_context(|| format!("{:?}", beginning(request)))
}

/// A new connection is answered with this error and closed.
fn refuses(subject: &Subject, status: u16, request: &str) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(request)?;
    connection
        .expect(&Expected::refusal(status))
        .and_then(|()| connection.expect_close())
        .with_context(|| format!("{:?}", beginning(request)))
}

/// Each of `requests` is refused with this error.
fn refuses_each(subject: &Subject, status: u16, requests: &[&str]) -> Result<()> {
    requests
        .iter()
        .try_for_each(|request| refuses(subject, status, request))
}

/// How many of `requests` on one connection the server answers.
fn answered(subject: &Subject, requests: usize) -> usize {
    if subject.keep_alive { requests } else { 1 }
}

/// The next client is served: nobody before it has done harm.
fn serves_the_next(subject: &Subject) -> Result<()> {
    answers_hello(subject, &get("/")).context("the next client")
}

/// As much of a request as a message has room for.
fn beginning(request: &str) -> &str {
    const SHOWN_BYTES: usize = 120;
    request.get(..SHOWN_BYTES).unwrap_or(request)
}
