//! A response's head (RFC 9112 §4–§6), reduced to what decides how its body ends.

use std::mem::MaybeUninit;

use httparse::{Error, Header, ParserConfig, Response, Status};
use wire::body::Framing;
use wire::request::parse_length;

use crate::outcome::Cause;

/// Longest head that is read, in bytes: as long as the servers here read from clients.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Most fields in a head.
pub(crate) const HEADERS_MAX: usize = 100;

/// Room for the fields of a head. To fill it in advance would take longer than to parse the usual
/// five.
pub(crate) type Room<'b> = [MaybeUninit<Header<'b>>; HEADERS_MAX];

/// An empty one.
pub(crate) const fn room<'b>() -> Room<'b> {
    [const { MaybeUninit::uninit() }; HEADERS_MAX]
}

/// A head that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadHead {
    pub(crate) cause: Cause,
    /// What the parser has to say of it, if it has.
    pub(crate) error: Option<Error>,
}

/// Parses the head at the front of `bytes`: with its length in bytes, and its status. `None` if it
/// is not all there.
#[inline]
pub(crate) fn parse<'r, 'b>(
    bytes: &'b [u8],
    room: &'r mut Room<'b>,
) -> Result<Option<(usize, u16, Response<'r, 'b>)>, BadHead> {
    let bad = |cause, error| Err(BadHead { cause, error });
    let mut response = Response::new(&mut []);
    let parser = ParserConfig::default();
    let parsed = parser.parse_response_with_uninit_headers(&mut response, bytes, room);
    let head_bytes = match parsed {
        Ok(Status::Complete(head_bytes)) => head_bytes,
        Ok(Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => return Ok(None),
        Ok(Status::Partial) => return bad(Cause::ResponseTooLarge, None),
        Err(error @ Error::TooManyHeaders) => return bad(Cause::ResponseTooLarge, Some(error)),
        Err(error) => return bad(Cause::MalformedResponse, Some(error)),
    };
    if head_bytes > HEAD_BYTES_MAX {
        return bad(Cause::ResponseTooLarge, None);
    }
    // The grammar has any three digits, the protocol no status below 100 (RFC 9110 §15).
    match response.code.filter(|&status| status >= 100) {
        Some(status) => Ok(Some((head_bytes, status, response))),
        None => bad(Cause::MalformedResponse, Some(Error::Status)),
    }
}

/// A head, as far as the rest of the connection depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// With its empty line, in bytes.
    pub(super) head_bytes: usize,
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Whether the server leaves the connection open (RFC 9112 §9.3).
    pub(super) keep_alive: bool,
}

impl Head {
    /// Parses the head at the front of `bytes`; `None` if it is not all there.
    pub(super) fn parse(bytes: &[u8], answers_head: bool) -> Result<Option<Self>, Cause> {
        let mut room = room();
        let parsed = parse(bytes, &mut room).map_err(|bad| bad.cause)?;
        let Some((head_bytes, status, response)) = parsed else {
            return Ok(None);
        };
        let fields = Fields::collect(response.headers)?;
        let has_no_body = answers_head || matches!(status, 100..=199 | 204 | 304);
        let framing = match has_no_body {
            true => Framing::Empty,
            false => fields.framing(),
        };
        let stays_by_version = response.version == Some(1);
        Ok(Some(Self {
            head_bytes,
            status,
            framing,
            keep_alive: !fields.close
                && (stays_by_version || fields.keep_alive)
                && framing != Framing::UntilClose,
        }))
    }
}

#[derive(Default)]
struct Fields {
    content_length: Option<u64>,
    chunked: bool,
    other_coding: bool,
    close: bool,
    keep_alive: bool,
}

impl Fields {
    fn collect(headers: &[Header<'_>]) -> Result<Self, Cause> {
        let mut fields = Self::default();
        for header in headers {
            // Lengths differ among the names that matter, so that most fields cost one jump.
            match header.name.len() {
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for option in list(header.value) {
                        fields.close |= option.eq_ignore_ascii_case(b"close");
                        fields.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    fields.content_length(header.value)?;
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    for coding in list(header.value) {
                        let chunked = coding.eq_ignore_ascii_case(b"chunked");
                        // Chunked must come last, and once.
                        fields.other_coding |= !chunked || fields.chunked;
                        fields.chunked |= chunked;
                    }
                }
                _ => {}
            }
        }
        if (fields.chunked || fields.other_coding) && fields.content_length.is_some() {
            return Err(Cause::MalformedResponse);
        }
        // A coding that nobody asked for cannot be undone here.
        if fields.other_coding {
            return Err(Cause::MalformedResponse);
        }
        Ok(fields)
    }

    /// Repeated lengths are one if they agree (RFC 9110 §8.6).
    fn content_length(&mut self, value: &[u8]) -> Result<(), Cause> {
        let mut lengths = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        lengths.try_for_each(|length| {
            let length = parse_length(length).ok_or(Cause::MalformedResponse)?;
            if self.content_length.is_some_and(|other| other != length) {
                return Err(Cause::MalformedResponse);
            }
            self.content_length = Some(length);
            Ok(())
        })
    }

    fn framing(&self) -> Framing {
        match (self.chunked, self.content_length) {
            (true, _) => Framing::Chunked,
            (false, Some(0)) => Framing::Empty,
            (false, Some(length)) => Framing::Length(length),
            (false, None) => Framing::UntilClose,
        }
    }
}

/// The members of a list field.
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}
