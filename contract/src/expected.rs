//! What the contract says an answer must be, to the byte: the order of the
//! headers, how their names are written, and which of them are there.

use crate::answer::{Answer, mask_date};
use crate::escape;
use anyhow::{Result, bail, ensure};
use std::borrow::Cow;
use std::net::IpAddr;

/// How much of two differing bodies is shown.
const EXCERPT_BYTES: usize = 64;

/// An answer as the contract says.
#[derive(Clone, Debug)]
pub(crate) struct Expected<'a> {
    version: &'static str,
    status: u16,
    content_type: &'a str,
    allow: Option<&'static str>,
    /// Whether it names what is spoken instead of HTTP.
    upgrades: bool,
    connection: Option<&'static str>,
    body: Body<'a>,
}

#[derive(Clone, Debug)]
enum Body<'a> {
    Exactly(Cow<'a, [u8]>),
    /// The answer to HEAD: the length of what GET would send, and no body.
    Announced(usize),
    /// A line for people that begins with status and reason.
    Explanation,
}

impl Expected<'_> {
    /// Hello, as `GET /` says it to a client at this address; over a UNIX
    /// socket there is none.
    pub(crate) fn hello(ip: Option<IpAddr>) -> Self {
        let name = ip.map_or("localhost".to_string(), |ip| ip.to_string());
        let body = format!("<html><body><h1>Hello {name}</h1></body></html>");
        Self::ok("text/html", body)
    }
}

impl<'a> Expected<'a> {
    /// 200 with this body, the connection staying open.
    pub(crate) fn ok(content_type: &'a str, body: impl Into<Cow<'a, str>>) -> Self {
        let body = match body.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Self::ok_bytes(content_type, body)
    }

    /// 200 with a body that is not text.
    pub(crate) fn ok_bytes(content_type: &'a str, body: impl Into<Cow<'a, [u8]>>) -> Self {
        Expected {
            version: "HTTP/1.1",
            status: 200,
            content_type,
            allow: None,
            upgrades: false,
            connection: None,
            body: Body::Exactly(body.into()),
        }
    }

    /// An error answer that explains itself, the connection staying open.
    pub(crate) fn error(status: u16) -> Self {
        Expected {
            status,
            body: Body::Explanation,
            ..Self::ok("text/plain", "")
        }
    }

    /// An error answer after which the server closes.
    pub(crate) fn refusal(status: u16) -> Self {
        Self::error(status).closing()
    }

    /// 405 that names the methods which would do.
    pub(crate) fn not_allowed(allow: &'static str) -> Self {
        Expected {
            allow: Some(allow),
            ..Self::error(405)
        }
    }

    /// 426 that names WebSocket.
    pub(crate) fn upgrade_required() -> Self {
        Expected {
            upgrades: true,
            ..Self::error(426).connection("Upgrade")
        }
    }

    /// The same, after which the server closes.
    pub(crate) fn closing(self) -> Self {
        self.connection("close")
    }

    /// The same with this `Connection` header.
    pub(crate) fn connection(self, value: &'static str) -> Self {
        Expected {
            connection: Some(value),
            ..self
        }
    }

    /// The same to a request of HTTP/1.0.
    pub(crate) fn over_http_1_0(self) -> Self {
        Expected {
            version: "HTTP/1.0",
            ..self
        }
    }

    /// The same as the answer to HEAD: GET's head alone.
    pub(crate) fn without_body(self) -> Self {
        let length = match &self.body {
            Body::Exactly(bytes) => bytes.len(),
            Body::Announced(length) => *length,
            Body::Explanation => 0,
        };
        Expected {
            body: Body::Announced(length),
            ..self
        }
    }

    /// Whether the answer has no body because HEAD was asked.
    pub(crate) fn answers_head(&self) -> bool {
        matches!(self.body, Body::Announced(_))
    }

    /// Compares an answer with this; a server that never keeps connections
    /// (`keep_alive` false) must say `Connection: close` in every answer.
    pub(crate) fn compare(&self, answer: &Answer, keep_alive: bool) -> Result<()> {
        let head = mask_date(&answer.head);
        let expected = self.head(answer.body.len(), keep_alive);
        ensure!(
            head == expected,
            "expected\n{}but got\n{}{}",
            escape::lines("  ", expected.as_bytes()),
            escape::lines("  ", head.as_bytes()),
            escape::lines("  ", excerpt(&answer.body, 0)),
        );
        self.compare_body(&answer.body)
    }

    /// The same where it is a race whether the server knows already that this
    /// is the connection's last answer, and says so.
    pub(crate) fn compare_open_or_closing(&self, answer: &Answer, keep_alive: bool) -> Result<()> {
        match answer.header("Connection") {
            Some("close") => self.clone().closing().compare(answer, keep_alive),
            _ => self.compare(answer, keep_alive),
        }
    }

    /// The head that must come; `explanation_bytes` is the length of a body
    /// whose text is free.
    fn head(&self, explanation_bytes: usize, keep_alive: bool) -> String {
        let length = match &self.body {
            Body::Exactly(bytes) => bytes.len(),
            Body::Announced(length) => *length,
            Body::Explanation => explanation_bytes,
        };
        let connection = match (keep_alive, self.upgrades) {
            (true, _) => self.connection,
            (false, false) => Some("close"),
            (false, true) => Some("close, Upgrade"),
        };
        let mut head = format!(
            "{} {} {}\r\nContent-Type: {}\r\nContent-Length: {length}\r\n",
            self.version,
            self.status,
            reason(self.status),
            self.content_type,
        );
        if let Some(allow) = self.allow {
            head += &format!("Allow: {allow}\r\n");
        }
        if self.upgrades {
            head += "Upgrade: websocket\r\nSec-Websocket-Version: 13\r\n";
        }
        if let Some(connection) = connection {
            head += &format!("Connection: {connection}\r\n");
        }
        head + "Date: *\r\n\r\n"
    }

    fn compare_body(&self, came: &[u8]) -> Result<()> {
        match &self.body {
            Body::Exactly(expected) => compare_bytes(expected, came),
            Body::Announced(_) => Ok(()),
            Body::Explanation => {
                let begin = format!("{} {}: ", self.status, reason(self.status));
                let is_one_line = came.iter().filter(|&&byte| byte == b'\n').count() == 1;
                ensure!(
                    came.starts_with(begin.as_bytes()) && came.ends_with(b"\n") && is_one_line,
                    "expected one line that begins with {begin:?}, but got\n{}",
                    escape::lines("  ", excerpt(came, 0))
                );
                Ok(())
            }
        }
    }
}

/// Compares bodies of the same length; the error says where they part.
fn compare_bytes(expected: &[u8], came: &[u8]) -> Result<()> {
    if expected == came {
        return Ok(());
    }
    let differs = |(a, b): (&u8, &u8)| a != b;
    let offset = expected.iter().zip(came).position(differs).unwrap_or(0);
    bail!(
        "the body differs at byte {offset}: expected\n{}but got\n{}",
        escape::lines("  ", excerpt(expected, offset)),
        escape::lines("  ", excerpt(came, offset)),
    );
}

fn excerpt(bytes: &[u8], offset: usize) -> &[u8] {
    &bytes[offset..bytes.len().min(offset + EXCERPT_BYTES)]
}

/// The reason phrase of every status that the contract knows (RFC 9110 §15).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => unreachable!("the contract knows no status {status}"),
    }
}
