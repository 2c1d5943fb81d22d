//! Which work and which answer a request asks for.

use std::time::Duration;

use bytes::Bytes;

use crate::answer::{Answer, Body, Hello};
use crate::limits::{BODY_BYTES_MAX, CPU_US_MAX, DELAY_MS_MAX};
use crate::status::Status;

/// A method and path, resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/` and every path that is nothing else.
    Hello,
    /// `/delay/MS`: Hello after a wait.
    Delay(Duration),
    /// `/cpu/US`: Hello after work.
    Cpu(Duration),
    /// `/bytes/N`: a body of N bytes.
    Bytes(u64),
    /// `POST /echo`: the request's body.
    Echo,
    /// `/healthz`
    Health,
    /// `/ws`: messages go to every other client of the room; `/ws/echo`: back to their sender.
    /// What is talked about is in the request's handshake, if it has one.
    WebSocket,
    /// A method that the path does not know, with those that it does.
    MethodNotAllowed {
        /// The value of the `Allow` field.
        allow: &'static str,
    },
    /// A number in the path that is none or is out of range, with what would be right.
    BadNumber(&'static str),
}

/// What a server does, in its own way, before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Let time pass: a blocked thread, or a timer.
    Wait(Duration),
    /// Keep a core busy.
    Work(Duration),
}

impl Route {
    /// Resolves `method` and `target`, the target as far as its path is concerned; a query is
    /// ignored.
    #[must_use]
    pub fn of(method: &str, target: &str) -> Self {
        // By bytes, which for the usual short path is a fifth of the price.
        let end = target.bytes().position(|byte| byte == b'?');
        let path = end.map_or(target, |end| &target[..end]);
        let (segment, number) = split_number(path);
        match (method, segment) {
            ("POST", "/echo") => Self::Echo,
            (_, "/echo") => Self::MethodNotAllowed { allow: "POST" },
            ("GET" | "HEAD", "/delay/") => {
                bounded(number, DELAY_MS_MAX, "milliseconds are 0 to 10000")
                    .map_or_else(Self::BadNumber, |ms| Self::Delay(Duration::from_millis(ms)))
            }
            ("GET" | "HEAD", "/cpu/") => {
                bounded(number, CPU_US_MAX, "microseconds are 0 to 1000000")
                    .map_or_else(Self::BadNumber, |us| Self::Cpu(Duration::from_micros(us)))
            }
            ("GET" | "HEAD", "/bytes/") => {
                bounded(number, BODY_BYTES_MAX, "bytes are 0 to 67108864")
                    .map_or_else(Self::BadNumber, Self::Bytes)
            }
            ("GET" | "HEAD", "/healthz") => Self::Health,
            ("GET", "/ws" | "/ws/echo") => Self::WebSocket,
            (_, "/ws" | "/ws/echo") => Self::MethodNotAllowed { allow: "GET" },
            ("GET" | "HEAD", _) => Self::Hello,
            _ => Self::MethodNotAllowed { allow: "GET, HEAD" },
        }
    }

    /// Whether the request's body is part of the answer; others read it and throw it away.
    #[must_use]
    pub fn wants_body(self) -> bool {
        self == Self::Echo
    }

    /// What to do before the answer is sent.
    #[must_use]
    pub fn pause(self) -> Option<Pause> {
        match self {
            Self::Delay(wait) => Some(Pause::Wait(wait)),
            Self::Cpu(work) => Some(Pause::Work(work)),
            _ => None,
        }
    }

    /// The answer, once the body is in and the pause is over.
    ///
    /// `content_type` and `body` are the request's, and matter to [`Route::Echo`] alone.
    #[must_use]
    pub fn answer(self, hello: &Hello, content_type: Option<&[u8]>, body: Bytes) -> Answer {
        match self {
            Self::Hello | Self::Delay(_) | Self::Cpu(_) => {
                Answer::ok("text/html", Body::Hello(hello.clone()))
            }
            Self::Bytes(length) => Answer::ok("application/octet-stream", Body::Pattern { length }),
            Self::Echo => Answer {
                content_type: content_type.map_or(
                    Bytes::from_static(b"application/octet-stream"),
                    Bytes::copy_from_slice,
                ),
                ..Answer::ok("", Body::Bytes(body))
            },
            Self::Health => Answer::ok("text/plain", Body::Bytes(Bytes::from_static(b"ok"))),
            Self::WebSocket => Answer {
                upgrades: true,
                ..Answer::failure(
                    Status::UpgradeRequired,
                    "this path speaks WebSocket, version 13, over HTTP/1.1",
                )
            },
            Self::MethodNotAllowed { allow } => Answer {
                allow: Some(allow),
                ..Answer::failure(Status::MethodNotAllowed, "this path takes another method")
            },
            Self::BadNumber(detail) => Answer::failure(Status::BadRequest, detail),
        }
    }
}

/// `/delay/10` as `/delay/` and `10`; other paths whole.
fn split_number(path: &str) -> (&str, &str) {
    ["/delay/", "/cpu/", "/bytes/"]
        .into_iter()
        .find(|prefix| path.starts_with(prefix))
        .map_or((path, ""), |prefix| path.split_at(prefix.len()))
}

fn bounded(number: &str, max: u64, expected: &'static str) -> Result<u64, &'static str> {
    crate::request::parse_length(number.as_bytes())
        .filter(|&value| value <= max)
        .ok_or(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_that_is_nothing_else_says_hello() {
        for path in ["/", "/index.html", "/delay", "/?x=/echo", "/bytes", "*"] {
            assert_eq!(Route::of("GET", path), Route::Hello, "{path}");
        }
    }

    #[test]
    fn a_query_does_not_change_the_route() {
        let ten_ms = Duration::from_millis(10);
        assert_eq!(Route::of("GET", "/delay/10?again"), Route::Delay(ten_ms));
        assert_eq!(Route::of("HEAD", "/healthz?"), Route::Health);
    }

    #[test]
    fn numbers_are_taken_up_to_their_limit_and_not_beyond() {
        assert_eq!(
            Route::of("GET", "/bytes/67108864"),
            Route::Bytes(BODY_BYTES_MAX)
        );
        assert_eq!(
            Route::of("GET", "/cpu/1000000"),
            Route::Cpu(Duration::from_secs(1))
        );
        for path in [
            "/bytes/67108865",
            "/delay/10001",
            "/cpu/-1",
            "/delay/",
            "/bytes/1x",
        ] {
            assert!(
                matches!(Route::of("GET", path), Route::BadNumber(_)),
                "{path}"
            );
        }
    }

    #[test]
    fn a_method_that_a_path_does_not_know_is_answered_with_those_it_does() {
        let other = Route::MethodNotAllowed { allow: "GET, HEAD" };
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW", "get"] {
            assert_eq!(Route::of(method, "/"), other, "{method}");
        }
        let get = Route::MethodNotAllowed { allow: "GET" };
        assert_eq!(Route::of("HEAD", "/ws"), get);
        assert_eq!(Route::of("POST", "/ws/echo?x"), get);
        let echo = Route::MethodNotAllowed { allow: "POST" };
        assert_eq!(Route::of("GET", "/echo"), echo);
        assert_eq!(Route::of("POST", "/echo"), Route::Echo);
    }
}
