use proptest::prelude::*;

use super::*;

fn parse(head: &str) -> Parsed<Request> {
    Request::parse(head.as_bytes(), 0)
}

fn complete(head: &str) -> Request {
    match parse(head) {
        Parsed::Complete(request) => request,
        other => panic!("{head:?} is {other:?}"),
    }
}

fn refused(head: &str) -> u16 {
    match parse(head) {
        Parsed::Malformed(refusal) => refusal.status.code(),
        other => panic!("{head:?} is {other:?}"),
    }
}

fn with_fields(fields: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

#[test]
fn a_plain_get_is_a_request_for_hello_on_a_connection_that_stays() {
    let request = complete("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(request.route, Route::Hello);
    assert_eq!(request.framing, Framing::Empty);
    assert_eq!(request.head_bytes, 27);
    assert!(request.keep_alive && !request.is_head && !request.expects_continue);
}

#[test]
fn the_version_decides_what_happens_when_connection_is_silent() {
    assert!(!complete("GET / HTTP/1.0\r\n\r\n").keep_alive);
    assert!(complete("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
    assert!(!complete("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n").keep_alive);
}

#[test]
fn the_body_ends_as_the_fields_say() {
    let framing = |fields: &str| complete(&with_fields(fields)).framing;
    assert_eq!(framing("Content-Length: 5\r\n"), Framing::Length(5));
    assert_eq!(framing("Content-Length: 0\r\n"), Framing::Empty);
    assert_eq!(framing("transfer-encoding: Chunked\r\n"), Framing::Chunked);
    assert_eq!(
        framing("Transfer-Encoding: , chunked\r\n"),
        Framing::Chunked
    );
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5x\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host: b\r\n",
        "Space : before colon\r\n",
        "Folded: a\r\n b\r\n",
        "Bare: a\rb\r\n",
        "Nul: a\0b\r\n",
    ] {
        assert_eq!(refused(&with_fields(fields)), 400, "{fields:?}");
    }
    assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(
        refused("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        400
    );
}

#[test]
fn a_transfer_coding_other_than_chunked_is_not_implemented() {
    for fields in [
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding:\r\n",
    ] {
        assert_eq!(refused(&with_fields(fields)), 501, "{fields:?}");
    }
}

#[test]
fn other_versions_are_told_apart_from_garbage() {
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3"] {
        let head = format!("GET / {version}\r\nHost: a\r\n\r\n");
        assert_eq!(refused(&head), 505, "{version}");
    }
    for line in [
        "GET / FTP/1.1",
        "GET /",
        "GET / HTTP/11",
        "GET /  HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET / HTTP/1.1 HTTP/2.0",
        "G\"T / HTTP/1.1",
        "hello",
    ] {
        assert_eq!(
            refused(&format!("{line}\r\nHost: a\r\n\r\n")),
            400,
            "{line}"
        );
    }
}

#[test]
fn a_version_that_arrives_in_two_pieces_is_the_same_version() {
    let head = b"GET / HTTP/2.0\r\nHost: a\r\n\r\n";
    for cut in 1..head.len() {
        match Request::parse(&head[..cut], 0) {
            Parsed::Incomplete => {}
            Parsed::Malformed(refusal) => assert_eq!(refusal.status.code(), 505, "{cut}"),
            Parsed::Complete(request) => panic!("{request:?}"),
        }
    }
}

#[test]
fn targets_are_paths_or_http_urls() {
    let route = |target: &str| complete(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).route;
    assert_eq!(route("http://a.example:80/healthz"), Route::Health);
    assert_eq!(route("http://a.example"), Route::Hello);
    assert_eq!(route("https://[::1]:80/healthz"), Route::Health);
    assert_eq!(route("http://a?/healthz"), Route::Hello);
    for target in [
        "healthz",
        "http://",
        "http:///x",
        "http://a^b/",
        "http://user@a/",
        "http://[::1/",
        "http://a:8o/",
        "*",
        "/a#b",
        "/\"",
        "ftp://a/",
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(refused(&head), 400, "{target}");
    }
}

#[test]
fn heads_are_taken_up_to_their_limits_and_not_beyond() {
    let line = |bytes: usize| {
        let path = "x".repeat(bytes - "GET / HTTP/1.1".len());
        format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n")
    };
    complete(&line(REQUEST_LINE_BYTES_MAX));
    assert_eq!(refused(&line(REQUEST_LINE_BYTES_MAX + 1)), 414);

    let head = |bytes: usize| {
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "x".repeat(bytes - frame)
        )
    };
    complete(&head(HEAD_BYTES_MAX));
    assert_eq!(refused(&head(HEAD_BYTES_MAX + 1)), 431);

    let fields = |count: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
            "X: y\r\n".repeat(count - 1)
        )
    };
    complete(&fields(HEADERS_MAX));
    assert_eq!(refused(&fields(HEADERS_MAX + 1)), 431);
}

#[test]
fn a_line_or_head_without_end_is_refused_as_soon_as_it_is_too_long() {
    let line = format!("GET /{}", "x".repeat(REQUEST_LINE_BYTES_MAX));
    assert_eq!(refused(&line), 414);
    let head = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(HEAD_BYTES_MAX));
    assert_eq!(refused(&head), 431);
    assert!(matches!(
        Request::parse(head.as_bytes(), head.len() - 1),
        Parsed::Malformed(_)
    ));
}

#[test]
fn a_bare_line_feed_ends_a_line_as_rfc_9112_allows() {
    complete("GET / HTTP/1.1\nHost: a\n\n");
    complete("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

proptest! {
    #[test]
    fn a_head_that_arrives_in_two_pieces_is_the_same_head(cut in 1_usize..40, lf in any::<bool>()) {
        let head = "GET /delay/5 HTTP/1.1\r\nHost: abc\r\nX: y\r\n\r\n";
        let head = if lf { head.replace("\r\n", "\n") } else { head.to_owned() };
        let cut = cut.min(head.len() - 1);
        prop_assert_eq!(Request::parse(&head.as_bytes()[..cut], 0), Parsed::Incomplete);
        prop_assert_eq!(Request::parse(head.as_bytes(), cut), parse(&head));
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), searched in 0_usize..300) {
        let _ = Request::parse(&bytes, searched.min(bytes.len()));
    }

    #[test]
    fn a_length_is_its_digits(value in any::<u64>()) {
        prop_assert_eq!(parse_length(value.to_string().as_bytes()), Some(value));
    }
}
