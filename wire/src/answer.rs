//! The bytes that go back.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;

use crate::date::Date;
use crate::refusal::Refusal;
use crate::request::Version;
use crate::status::Status;

/// An answer before it is put on the wire; both servers' answers come from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status line's code and reason.
    pub status: Status,
    /// The body's media type.
    pub content_type: Bytes,
    /// The `Allow` field, with 405.
    pub allow: Option<&'static str>,
    /// Whether it names what the path speaks instead of HTTP, with 426.
    pub upgrades: bool,
    /// What follows the head.
    pub body: Body,
}

/// An answer's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A page.
    Hello(Hello),
    /// So many bytes of [`PATTERN`], over and over, which never need to be in memory.
    Pattern {
        /// In bytes.
        length: u64,
    },
}

/// What `/bytes/N` repeats: a text in which a hole or a slip can be seen.
pub const PATTERN: &[u8; PATTERN_BYTES] = &pattern();

/// One write of a large body, in bytes: a loopback socket's default send buffer takes this much.
const PATTERN_BYTES: usize = 64 * 1024;

const fn pattern() -> [u8; PATTERN_BYTES] {
    const PERIOD: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; PATTERN_BYTES];
    let mut at = 0;
    while at < PATTERN_BYTES {
        bytes[at] = PERIOD[at % PERIOD.len()];
        at += 1;
    }
    bytes
}

impl Answer {
    /// A 200.
    #[must_use]
    pub fn ok(content_type: &'static str, body: Body) -> Self {
        Self {
            status: Status::Ok,
            content_type: Bytes::from_static(content_type.as_bytes()),
            allow: None,
            upgrades: false,
            body,
        }
    }

    /// A 4xx or 5xx whose body is one line that says why.
    #[must_use]
    pub fn failure(status: Status, detail: &str) -> Self {
        let line = format!("{}: {detail}\n", status.line());
        Self {
            status,
            ..Self::ok("text/plain", Body::Bytes(Bytes::from(line)))
        }
    }

    /// Bytes of the body that follow the head: none of them if it answers HEAD.
    #[must_use]
    pub fn sent_body_bytes(&self, is_head: bool) -> u64 {
        match is_head {
            true => 0,
            false => self.body.len(),
        }
    }

    /// The whole answer to a refusal: the last bytes on its connection.
    #[must_use]
    pub fn render_last(&self, date: &Date) -> Vec<u8> {
        let mut out = Vec::new();
        let connection = self.connection_field(Version::Http11, false);
        self.render_head(Version::Http11, connection, date, &mut out);
        out.extend_from_slice(self.body.piece(0));
        out
    }

    /// The value of the `Connection` field, which is left out where the version implies it
    /// (RFC 9112 §9.3). Who names an upgrade says so there too (RFC 9110 §7.8).
    #[must_use]
    pub fn connection_field(&self, version: Version, keep_alive: bool) -> Option<&'static str> {
        match (version, keep_alive) {
            (Version::Http11, true) if self.upgrades => Some("Upgrade"),
            (Version::Http11, true) => None,
            (Version::Http10, true) if self.upgrades => Some("keep-alive, Upgrade"),
            (Version::Http10, true) => Some("keep-alive"),
            (_, false) if self.upgrades => Some("close, Upgrade"),
            (_, false) => Some("close"),
        }
    }

    /// Appends status line and fields, with the empty line, to `out`.
    ///
    /// Names are in title case: ab 2.3 up to httpd 2.4.48 and other old clients look for
    /// `Content-Length:` letter by letter. `connection` is [`Self::connection_field`]'s value.
    pub fn render_head(
        &self,
        version: Version,
        connection: Option<&'static str>,
        date: &Date,
        out: &mut Vec<u8>,
    ) {
        let mut length = itoa::Buffer::new();
        out.extend_from_slice(match version {
            Version::Http10 => b"HTTP/1.0 ",
            Version::Http11 => b"HTTP/1.1 ",
        });
        out.extend_from_slice(self.status.line().as_bytes());
        field(out, b"\r\nContent-Type: ", &self.content_type);
        let length = length.format(self.body.len());
        field(out, b"\r\nContent-Length: ", length.as_bytes());
        if let Some(allow) = self.allow {
            field(out, b"\r\nAllow: ", allow.as_bytes());
        }
        if self.upgrades {
            for (name, value) in UPGRADE_FIELDS {
                out.extend_from_slice(b"\r\n");
                field(out, name.as_bytes(), b": ");
                out.extend_from_slice(value.as_bytes());
            }
        }
        if let Some(connection) = connection {
            field(out, b"\r\nConnection: ", connection.as_bytes());
        }
        field(out, b"\r\nDate: ", date.as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
    }
}

/// The fields that say what is spoken (RFC 9110 §15.5.22, RFC 6455 §4.4), in title case as hyper
/// writes it.
pub const UPGRADE_FIELDS: [(&str, &str); 2] =
    [("Upgrade", "websocket"), ("Sec-Websocket-Version", "13")];

fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::failure(refusal.status, refusal.detail)
    }
}

impl Body {
    /// Length of the whole, in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Hello(page) => u64::from(page.length),
            Self::Pattern { length } => *length,
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from `offset` on, as many as are to be had in one piece; empty at the end.
    #[must_use]
    pub fn piece(&self, offset: u64) -> &[u8] {
        let left = self.len().saturating_sub(offset);
        match self {
            Self::Bytes(bytes) => last(bytes, left),
            Self::Hello(page) => last(page.as_bytes(), left),
            Self::Pattern { .. } => {
                let start = usize::try_from(offset % PATTERN_BYTES as u64).unwrap_or(0);
                let piece = &PATTERN[start..];
                &piece[..usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()))]
            }
        }
    }
}

fn last(bytes: &[u8], left: u64) -> &[u8] {
    &bytes[bytes.len() - usize::try_from(left).unwrap_or(0)..]
}

/// Room for the page with the longest IPv6 address.
const PAGE_BYTES_MAX: usize = 87;

/// The page that greets a client by its address, rendered once for a connection. It is in place
/// and not on the heap, which would cost each of ten thousand connections more than the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    bytes: [u8; PAGE_BYTES_MAX],
    length: u8,
}

impl Hello {
    /// The page for `peer`; an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) shows as IPv4, a
    /// peer without an address, on a UNIX socket, as `localhost`.
    #[must_use]
    pub fn new(peer: Option<IpAddr>) -> Self {
        let mut page = Self {
            bytes: [0; PAGE_BYTES_MAX],
            length: 0,
        };
        page.push("<html><body><h1>Hello ");
        match peer.map(|peer| peer.to_canonical()) {
            Some(IpAddr::V4(peer)) => page.push_ipv4(peer),
            Some(IpAddr::V6(peer)) => page.push(&peer.to_string()),
            None => page.push("localhost"),
        }
        page.push("</h1></body></html>");
        page
    }

    /// The page's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn push(&mut self, text: &str) {
        let start = usize::from(self.length);
        self.bytes[start..start + text.len()].copy_from_slice(text.as_bytes());
        self.length += text.len() as u8;
    }

    /// By hand, because `Display` takes a thousand instructions for it.
    fn push_ipv4(&mut self, address: Ipv4Addr) {
        let mut octet = itoa::Buffer::new();
        for (index, value) in address.octets().into_iter().enumerate() {
            if index > 0 {
                self.push(".");
            }
            self.push(octet.format(value));
        }
    }
}

#[cfg(test)]
mod tests;
