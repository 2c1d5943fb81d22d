//! Requests and answers as the `http` crate has them, for engines that speak through it.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};

use crate::http1::{Answer, BodyCheck};
use crate::plan::{HttpVersion, Plan};

/// The requests of a plan, to be copied for each that is made.
pub(super) struct Requests {
    /// For each of the plan's paths.
    each: Vec<Request<Bytes>>,
}

/// How the target is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `/path`, as a server is asked (RFC 9112 §3.2.1).
    Origin,
    /// `http://host/path`, for clients that find the server by it.
    Absolute,
}

impl Requests {
    pub(super) fn build(plan: &Plan, form: Form) -> Self {
        let paths = plan.scenario.paths.list().iter();
        Self {
            each: paths.map(|path| request(plan, path, form)).collect(),
        }
    }

    /// For the path with this index.
    pub(super) fn of(&self, path: usize) -> &Request<Bytes> {
        &self.each[path]
    }

    pub(super) fn list(&self) -> &[Request<Bytes>] {
        &self.each
    }
}

fn request(plan: &Plan, path: &str, form: Form) -> Request<Bytes> {
    let scenario = &plan.scenario;
    let mut headers = HeaderMap::new();
    for field in scenario.fields(&plan.target) {
        let name = HeaderName::try_from(field.name);
        let name = name.expect("a header of the plan has a name that can be sent");
        let value = HeaderValue::try_from(field.value);
        headers.append(name, value.expect("and such a value"));
    }
    let mut authority = plan.target.url.authority();
    if scenario.version == HttpVersion::Http2 {
        // The authority has Host's place, and connections are not spoken of (RFC 9113 §8.2.2).
        if let Some(host) = headers.remove(HOST) {
            authority = String::from_utf8_lossy(host.as_bytes()).into_owned();
        }
        headers.remove(CONNECTION);
    }
    let uri = match form {
        Form::Origin if scenario.version != HttpVersion::Http2 => path.to_owned(),
        _ => format!("{}://{authority}{path}", plan.target.url.scheme.label()),
    };
    let body = scenario.body.clone().unwrap_or_default();
    let mut request = Request::new(Bytes::from(body));
    let method = Method::from_bytes(scenario.method.as_str().as_bytes());
    *request.method_mut() = method.expect("a method of the plan is a token");
    *request.uri_mut() = Uri::try_from(uri).expect("a path of the plan is part of a URL");
    *request.version_mut() = match scenario.version {
        HttpVersion::Http10 => Version::HTTP_10,
        HttpVersion::Http11 => Version::HTTP_11,
        HttpVersion::Http2 => Version::HTTP_2,
    };
    *request.headers_mut() = headers;
    request
}

/// The head of an answer, whoever read it.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) version: Version,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
}

impl Head<'_> {
    /// As it would be written in HTTP/1.1.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = format!("{:?} {}\r\n", self.version, self.status).into_bytes();
        for (name, value) in self.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// Whether it would hand the connection to another protocol, which nobody asked for.
    pub(super) fn switches_protocols(self) -> bool {
        self.status == StatusCode::SWITCHING_PROTOCOLS
    }

    /// Whether it says in two ways where its body ends, of which one is wrong (RFC 9112 §6.3).
    pub(super) fn has_two_framings(self) -> bool {
        self.headers.contains_key(CONTENT_LENGTH) && self.headers.contains_key(TRANSFER_ENCODING)
    }

    /// How long that would be.
    pub(super) fn bytes(self) -> usize {
        const LINE_END: usize = "\r\n".len();
        let reason = self.status.canonical_reason().unwrap_or_default();
        let status_line = "HTTP/1.1 200 ".len() + reason.len() + LINE_END;
        let fields = self.headers.iter();
        let fields =
            fields.map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + LINE_END);
        status_line + fields.sum::<usize>() + LINE_END
    }

    /// The answer, once its body has ended.
    pub(super) fn answer(self, is_head: bool, body: &BodyCheck, expected: Option<&[u8]>) -> Answer {
        Answer {
            status: self.status.as_u16(),
            body_bytes: body.bytes(),
            body_matches: body.matches(expected),
            keep_alive: self.stays_open(is_head),
        }
    }

    /// Whether the server leaves the connection open (RFC 9112 §9.3).
    fn stays_open(self, is_head: bool) -> bool {
        let asks = |option: &str| {
            let values = self.headers.get_all(CONNECTION).iter();
            let mut options = values
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','));
            options.any(|found| found.trim().eq_ignore_ascii_case(option))
        };
        let has_no_body = is_head
            || self.status.is_informational()
            || matches!(
                self.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let ends_by_itself = has_no_body
            || self.headers.contains_key(CONTENT_LENGTH)
            || self.headers.contains_key(TRANSFER_ENCODING);
        match self.version {
            Version::HTTP_2 => true,
            Version::HTTP_11 => !asks("close") && ends_by_itself,
            _ => asks("keep-alive") && ends_by_itself,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an answer with these fields leaves its connection open.
    fn stays_open(version: Version, status: u16, fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let head = Head {
            version,
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
        };
        let answer = head.answer(false, &BodyCheck::default(), None);
        answer.keep_alive
    }

    #[test]
    fn a_connection_stays_open_if_the_answer_has_an_end_and_nobody_says_close() {
        let length = ("content-length", "5");
        let (http10, http11) = (Version::HTTP_10, Version::HTTP_11);
        assert!(stays_open(http11, 200, &[length]));
        assert!(stays_open(http11, 200, &[("transfer-encoding", "chunked")]));
        assert!(stays_open(http11, 304, &[]));
        assert!(!stays_open(http11, 200, &[]), "it ends by closing");
        assert!(!stays_open(
            http11,
            200,
            &[length, ("connection", "x, Close")]
        ));
        assert!(!stays_open(http10, 200, &[length]));
        assert!(stays_open(
            http10,
            200,
            &[length, ("connection", "Keep-Alive")]
        ));
        assert!(stays_open(Version::HTTP_2, 200, &[]));
    }

    #[test]
    fn a_head_is_as_long_as_it_is_written() {
        let mut headers = HeaderMap::new();
        headers.append("server", HeaderValue::from_static("test/1"));
        headers.append("x-trace", HeaderValue::from_static(""));
        let head = Head {
            version: Version::HTTP_11,
            status: StatusCode::NOT_FOUND,
            headers: &headers,
        };
        let written = "HTTP/1.1 404 Not Found\r\nserver: test/1\r\nx-trace: \r\n\r\n";
        assert_eq!(head.to_bytes(), written.as_bytes());
        assert_eq!(head.bytes(), written.len());
    }
}
