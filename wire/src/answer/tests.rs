use super::*;

#[test]
fn an_answer_is_rendered_byte_for_byte() {
    let hello = Hello::new(Some(IpAddr::from([127, 0, 0, 1])));
    let answer = Answer::ok("text/html", Body::Hello(hello));
    let mut out = Vec::new();
    let date = Date::from_unix_seconds(784_111_777);
    let connection = answer.connection_field(Version::Http10, true);
    answer.render_head(Version::Http10, connection, &date, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "HTTP/1.0 200 OK\r\n\
         Content-Type: text/html\r\n\
         Content-Length: 50\r\n\
         Connection: keep-alive\r\n\
         Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
    );
}

#[test]
fn a_refusal_says_why_and_closes() {
    let date = Date::from_unix_seconds(0);
    let text = String::from_utf8(Answer::from(Refusal::TIMEOUT).render_last(&date)).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{text}"
    );
    assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    assert!(
        text.ends_with("\r\n\r\n408 Request Timeout: the request did not arrive in time\n"),
        "{text}"
    );
}

#[test]
fn a_peer_is_greeted_by_the_address_a_person_would_write() {
    let page = |peer: Option<&str>| {
        let hello = Hello::new(peer.map(|peer| peer.parse().unwrap()));
        String::from_utf8(hello.as_bytes().to_vec()).unwrap()
    };
    assert!(page(Some("::ffff:192.0.2.1")).contains("<h1>Hello 192.0.2.1</h1>"));
    assert!(page(Some("2001:db8::1")).contains("<h1>Hello 2001:db8::1</h1>"));
    let longest = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff";
    assert!(page(Some(longest)).contains(&format!("<h1>Hello {longest}</h1>")));
    assert!(page(None).contains("<h1>Hello localhost</h1>"));
}

#[test]
fn a_pattern_goes_on_where_the_last_piece_ended() {
    let body = Body::Pattern { length: 200_003 };
    let mut sent = Vec::new();
    while !body.piece(sent.len() as u64).is_empty() {
        // Odd steps, as a socket that takes what it likes.
        let piece = body.piece(sent.len() as u64);
        sent.extend_from_slice(&piece[..piece.len().min(7919)]);
    }
    assert_eq!(sent.len(), 200_003);
    let expected = b"0123456789abcdef".iter().cycle();
    assert!(
        sent.iter()
            .zip(expected)
            .all(|(sent, expected)| sent == expected)
    );
}
