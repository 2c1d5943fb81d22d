//! A request's head, as hyper is shown it.

use std::borrow::Cow;

use wire::body::Framing;
use wire::request::{Request, Version};

/// The head in short: what hyper needs to know to frame the body and the answer.
///
/// All else has been read by `wire::request`, and to parse it again would cost a quarter of a
/// small request. The route and the fields that matter go past hyper, through `Exchange`.
pub(super) fn in_short(request: &Request, has_body: bool) -> Cow<'static, [u8]> {
    let line = match (request.is_head, request.version, request.keep_alive) {
        (false, Version::Http11, _) => "GET / HTTP/1.1\r\n\r\n",
        (true, Version::Http11, _) => "HEAD / HTTP/1.1\r\n\r\n",
        (false, Version::Http10, false) => "GET / HTTP/1.0\r\n\r\n",
        (true, Version::Http10, false) => "HEAD / HTTP/1.0\r\n\r\n",
        (false, Version::Http10, true) => "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        (true, Version::Http10, true) => "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    };
    if !has_body {
        return Cow::Borrowed(line.as_bytes());
    }
    let mut head = line.trim_end().to_owned();
    match request.framing {
        Framing::Length(length) => head += &format!("\r\nContent-Length: {length}"),
        Framing::Chunked => head += "\r\nTransfer-Encoding: chunked",
        Framing::Empty | Framing::UntilClose => {}
    }
    if request.expects_continue {
        head += "\r\nExpect: 100-continue";
    }
    Cow::Owned((head + "\r\n\r\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use wire::request::Parsed;

    use super::*;

    fn shown(head: &str) -> Cow<'static, [u8]> {
        let Parsed::Complete(request) = Request::parse(head.as_bytes(), 0) else {
            panic!("{head}");
        };
        in_short(&request, request.framing.has_body())
    }

    #[test]
    fn what_frames_the_body_and_the_answer_stays() {
        for (head, expected) in [
            (
                "GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
            ),
            (
                "HEAD / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n",
                "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            ),
            (
                "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ncontent-length: 7\r\n\r\n",
                "GET / HTTP/1.1\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n",
            ),
            (
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:Chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
        ] {
            assert_eq!(shown(head), expected.as_bytes());
        }
    }
}
