//! A request's head (RFC 9112 §2–§7), parsed once into what the server needs of it.
//!
//! Tokenising is `httparse`'s; the rules about fields, and what is refused, are here. Both servers
//! read every head through [`Request::parse`], so that they refuse the same bytes.

use std::mem::MaybeUninit;

use httparse::{Error, Header};

use crate::body::Framing;
use crate::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS_MAX, REQUEST_LINE_BYTES_MAX};
use crate::refusal::Refusal;
use crate::route::Route;
use crate::status::Status;
use crate::websocket::handshake::Handshake;

/// The two versions that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: a connection closes after its answer unless keep-alive was asked for.
    Http10,
    /// HTTP/1.1: a connection stays unless close was asked for.
    Http11,
}

/// What bytes at the front of a buffer turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed<T> {
    /// All of it is here.
    Complete(T),
    /// So far so good: more bytes are needed.
    Incomplete,
    /// No bytes that follow can make it good.
    Malformed(Refusal),
}

/// A request, as far as its head tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Length of the head with its empty line, in bytes.
    pub head_bytes: usize,
    /// The version spoken, which is also the answer's.
    pub version: Version,
    /// What method and path ask for.
    pub route: Route,
    /// Whether the method is HEAD: the answer is then a head only.
    pub is_head: bool,
    /// How the body ends.
    pub framing: Framing,
    /// Whether the client wants the connection to stay (RFC 9112 §9.3).
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    pub expects_continue: bool,
    /// The body's media type, kept for `/echo` alone.
    pub content_type: Option<Vec<u8>>,
    /// If what follows is to be WebSocket, and the path speaks it.
    pub handshake: Option<Box<Handshake>>,
}

impl Request {
    /// Parses the head at the front of `bytes`.
    ///
    /// `searched_bytes` is how many of them an earlier call looked at and found incomplete, 0 at
    /// first: a head that drips in is searched for its end, and parsed again only when that has
    /// come, or a slow client would make the server pay the square of the head's length.
    #[must_use]
    pub fn parse(bytes: &[u8], searched_bytes: usize) -> Parsed<Self> {
        if searched_bytes > 0 && !has_empty_line(bytes, searched_bytes) {
            return too_long(bytes).map_or(Parsed::Incomplete, Parsed::Malformed);
        }
        // Not initialised: writing a hundred empty fields takes longer than parsing the usual five.
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
        let mut head = httparse::Request::new(&mut []);
        match head.parse_with_uninit_headers(bytes, &mut headers) {
            Ok(httparse::Status::Partial) => {
                too_long(bytes).map_or(Parsed::Incomplete, Parsed::Malformed)
            }
            Ok(httparse::Status::Complete(head_bytes)) => too_long(&bytes[..head_bytes])
                .map_or_else(|| understand(&head, head_bytes), Err)
                .map_or_else(Parsed::Malformed, Parsed::Complete),
            // Which version it is shows only when its line is complete.
            Err(Error::Version) if !has_request_line(bytes) => {
                too_long(bytes).map_or(Parsed::Incomplete, Parsed::Malformed)
            }
            Err(error) => {
                Parsed::Malformed(too_long(bytes).unwrap_or_else(|| explain(error, bytes)))
            }
        }
    }
}

/// Whether an empty line ends in the bytes from `searched_bytes` on.
fn has_empty_line(bytes: &[u8], searched_bytes: usize) -> bool {
    // The line end before it may be among the bytes already searched.
    let tail = &bytes[searched_bytes.saturating_sub(3)..];
    tail.windows(2).any(|pair| pair == b"\n\n") || tail.windows(3).any(|three| three == b"\n\r\n")
}

/// The refusal of a request line or a head that is too long, even if it is not all here.
fn too_long(head: &[u8]) -> Option<Refusal> {
    // A head that is short as a whole, as nearly all are, need not be searched.
    if head.len() > REQUEST_LINE_BYTES_MAX && request_line_bytes(head) > REQUEST_LINE_BYTES_MAX {
        return Some(Refusal {
            status: Status::UriTooLong,
            detail: "the request line is over 8 KiB",
        });
    }
    (head.len() > HEAD_BYTES_MAX).then_some(Refusal {
        status: Status::HeaderFieldsTooLarge,
        detail: "the head is over 64 KiB",
    })
}

/// Length of the request line as far as it is here, without its line end.
fn request_line_bytes(head: &[u8]) -> usize {
    let blank = head.iter().take_while(|byte| is_line_end(**byte)).count();
    let bytes = &head[blank..];
    // Looking past the limit would only find out by how much it was passed.
    let window = &bytes[..bytes.len().min(REQUEST_LINE_BYTES_MAX + 2)];
    match window.iter().position(|&byte| byte == b'\n') {
        Some(end) if end > 0 && window[end - 1] == b'\r' => end - 1,
        Some(end) => end,
        None => window.len().saturating_sub(1),
    }
}

/// Whether the request line's end is here.
fn has_request_line(head: &[u8]) -> bool {
    let line = head.iter().skip_while(|byte| is_line_end(**byte));
    line.copied().any(is_line_end)
}

/// The request line at the front of a complete head, for the log.
#[must_use]
pub fn request_line(head: &[u8]) -> &[u8] {
    head.split(|&byte| is_line_end(byte))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// httparse's error as an answer to the client.
fn explain(error: Error, bytes: &[u8]) -> Refusal {
    match error {
        Error::TooManyHeaders => Refusal {
            status: Status::HeaderFieldsTooLarge,
            detail: "the head has over 100 fields",
        },
        Error::Version if names_another_version(bytes) => Refusal {
            status: Status::VersionNotSupported,
            detail: "only HTTP/1.0 and HTTP/1.1 are spoken here",
        },
        Error::Version | Error::NewLine => {
            Refusal::bad_request("the request line is not METHOD TARGET HTTP/1.1")
        }
        Error::Token => Refusal::bad_request("the method or the target has a forbidden character"),
        Error::HeaderName => Refusal::bad_request("a field name has a forbidden character"),
        Error::HeaderValue => Refusal::bad_request("a field value has a forbidden character"),
        Error::Status => Refusal::bad_request("the head is not a request's"),
    }
}

/// Whether the request line is two words and `HTTP/` with a number: a version, though not one of
/// ours. With more words or fewer it is no request line, whatever version it ends in.
fn names_another_version(bytes: &[u8]) -> bool {
    let words: Vec<_> = request_line(bytes).split(|&byte| byte == b' ').collect();
    let version = match words[..] {
        [method, target, version] if !method.is_empty() && !target.is_empty() => {
            version.strip_prefix(b"HTTP/")
        }
        _ => None,
    };
    matches!(version, Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit())
        || matches!(version, Some([major]) if major.is_ascii_digit())
}

/// The fields that decide how a connection goes on, as found in a head.
#[derive(Default)]
struct Fields<'a> {
    hosts: usize,
    content_length: Option<u64>,
    transfer_encoding: Option<Coding>,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    content_type: Option<&'a [u8]>,
    upgrade: Upgrade<'a>,
}

/// What a WebSocket client's opening handshake is recognised by (RFC 6455 §4.2.1).
#[derive(Default)]
struct Upgrade<'a> {
    is_named: bool,
    is_option: bool,
    is_version_13: bool,
    keys: usize,
    key: &'a [u8],
}

/// What `Transfer-Encoding` lists, over all its lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Chunked,
    Other,
    ChunkedNotLast,
}

fn understand(head: &httparse::Request<'_, '_>, head_bytes: usize) -> Result<Request, Refusal> {
    let version = match head.version {
        Some(0) => Version::Http10,
        _ => Version::Http11,
    };
    let method = head.method.unwrap_or_default();
    let target = check_target(method, head.path.unwrap_or_default())?;
    let route = Route::of(method, target);
    let fields = Fields::collect(head.headers)?;
    if fields.hosts > 1 {
        return Err(Refusal::bad_request("there is more than one Host field"));
    }
    if fields.hosts == 0 && version == Version::Http11 {
        return Err(Refusal::bad_request("the Host field is missing"));
    }
    let framing = fields.framing(version)?;
    Ok(Request {
        head_bytes,
        version,
        is_head: method == "HEAD",
        framing,
        keep_alive: !fields.close && (version == Version::Http11 || fields.keep_alive),
        // A server must ignore the expectation of an HTTP/1.0 client (RFC 9110 §10.1.1).
        expects_continue: fields.expects_continue && version == Version::Http11,
        content_type: match route {
            Route::Echo => fields.content_type.map(<[u8]>::to_vec),
            _ => None,
        },
        handshake: match route {
            Route::WebSocket => fields.upgrade.handshake(version, framing, target)?,
            _ => None,
        },
        route,
    })
}

/// The path of a request target in origin form or absolute form (RFC 9112 §3.2); `*` and the
/// authority of CONNECT pass as they are, since every route answers those methods with 405.
fn check_target<'a>(method: &str, target: &'a str) -> Result<&'a str, Refusal> {
    const MALFORMED: Refusal = Refusal::bad_request("the request target is not a path or http URL");
    if !target.bytes().all(is_target_byte) {
        return Err(MALFORMED);
    }
    if target.starts_with('/') {
        return Ok(target);
    }
    let rest = target
        .strip_prefix("http://")
        .or_else(|| target.strip_prefix("https://"));
    match rest {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            match is_authority(authority) {
                true if path.starts_with('/') => Ok(path),
                true => Ok("/"),
                false => Err(MALFORMED),
            }
        }
        None if target == "*" && method == "OPTIONS" => Ok(target),
        None if method == "CONNECT" && is_authority(target) => Ok(target),
        None => Err(MALFORMED),
    }
}

/// Whether this is a host and perhaps a port (RFC 3986 §3.2). User names are refused, as RFC 9110
/// §4.2.4 asks, and so are percent signs, which no host on the wire has.
fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_address_byte = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let is_name_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    let host_is_good = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => !address.is_empty() && address.bytes().all(is_address_byte),
        None => !host.is_empty() && host.bytes().all(is_name_byte),
    };
    let port_is_good = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    host_is_good && port_is_good
}

/// The characters that RFC 3986 allows in a target, and `[ \ ] ^ |`, which clients send as they
/// are. The `http` crate under hyper takes all of these too: what is let through here must not be
/// refused there, in other words.
fn is_target_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x24..=0x3B | 0x3D | 0x3F..=0x5F | 0x61..=0x7A | 0x7C | 0x7E)
}

impl<'a> Fields<'a> {
    fn collect(headers: &[Header<'a>]) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        for header in headers {
            // Lengths differ among the names that matter, so that most fields cost one jump.
            match header.name.len() {
                4 if header.name.eq_ignore_ascii_case("host") => fields.hosts += 1,
                6 if header.name.eq_ignore_ascii_case("expect") => {
                    fields.expects_continue |= header.value.eq_ignore_ascii_case(b"100-continue");
                }
                7 if header.name.eq_ignore_ascii_case("upgrade") => {
                    let names_it = |protocol: &[u8]| protocol.eq_ignore_ascii_case(b"websocket");
                    fields.upgrade.is_named |= list(header.value).any(names_it);
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    fields.connection(header.value);
                }
                12 if header.name.eq_ignore_ascii_case("content-type") => {
                    fields.content_type = Some(header.value);
                }
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    fields.content_length(header.value)?;
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    fields.transfer_encoding(header.value);
                }
                17 if header.name.eq_ignore_ascii_case("sec-websocket-key") => {
                    fields.upgrade.keys += 1;
                    fields.upgrade.key = header.value;
                }
                21 if header.name.eq_ignore_ascii_case("sec-websocket-version") => {
                    fields.upgrade.is_version_13 = header.value == b"13";
                }
                _ => {}
            }
        }
        Ok(fields)
    }

    fn connection(&mut self, value: &[u8]) {
        for option in list(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.upgrade.is_option |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }

    /// RFC 9110 §8.6 lets a recipient take equal repeated lengths as one; refusing them as well
    /// leaves nothing to argue about with a proxy that reads only one.
    fn content_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.content_length.is_some() {
            return Err(Refusal::bad_request(
                "there is more than one Content-Length field",
            ));
        }
        let length = parse_length(value).ok_or(Refusal::bad_request(
            "Content-Length is not a whole number of bytes",
        ))?;
        self.content_length = Some(length);
        Ok(())
    }

    /// An empty element behind `chunked` counts as a coding: readers differ on whether it does,
    /// and a body must have one length for all.
    fn transfer_encoding(&mut self, value: &[u8]) {
        for coding in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            let chunked = coding.eq_ignore_ascii_case(b"chunked");
            self.transfer_encoding = match (self.transfer_encoding, chunked) {
                (None, _) if coding.is_empty() => None,
                (None, true) => Some(Coding::Chunked),
                (None | Some(Coding::Other), _) => Some(Coding::Other),
                (Some(_), _) => Some(Coding::ChunkedNotLast),
            };
        }
        if self.transfer_encoding.is_none() {
            self.transfer_encoding = Some(Coding::Other);
        }
    }

    /// RFC 9112 §6.3, with the two ways of smuggling that it names refused.
    fn framing(&self, version: Version) -> Result<Framing, Refusal> {
        match (self.transfer_encoding, self.content_length) {
            (None, None | Some(0)) => Ok(Framing::Empty),
            (None, Some(length)) if length > BODY_BYTES_MAX => Err(Refusal::BODY_TOO_LARGE),
            (None, Some(length)) => Ok(Framing::Length(length)),
            (Some(_), _) if version == Version::Http10 => Err(Refusal::bad_request(
                "Transfer-Encoding is not part of HTTP/1.0",
            )),
            (Some(_), Some(_)) => Err(Refusal::bad_request(
                "Content-Length stands beside Transfer-Encoding",
            )),
            (Some(Coding::Chunked), None) => Ok(Framing::Chunked),
            (Some(Coding::ChunkedNotLast), None) => Err(Refusal::bad_request(
                "chunked is not the last transfer coding",
            )),
            (Some(Coding::Other), None) => Err(Refusal {
                status: Status::NotImplemented,
                detail: "the only transfer coding known here is chunked",
            }),
        }
    }
}

impl Upgrade<'_> {
    /// The handshake, if the client asks for what is spoken here; otherwise it hears what that is.
    fn handshake(
        &self,
        version: Version,
        framing: Framing,
        target: &str,
    ) -> Result<Option<Box<Handshake>>, Refusal> {
        // A server must not look at an HTTP/1.0 client's Upgrade (RFC 9110 §7.8).
        if version == Version::Http10 || !(self.is_named && self.is_option && self.is_version_13) {
            return Ok(None);
        }
        if framing.has_body() {
            return Err(Refusal::bad_request("a WebSocket handshake has no body"));
        }
        match self.keys {
            1 => Handshake::new(self.key, target).map(Some),
            _ => Err(Refusal::bad_request(
                "a WebSocket handshake has one Sec-WebSocket-Key",
            )),
        }
    }
}

/// The elements of a comma-separated list (RFC 9110 §5.6.1), empty ones left out.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// A `Content-Length` value: digits alone, up to what 64 bits hold.
#[must_use]
pub fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |length, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        length.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests;
