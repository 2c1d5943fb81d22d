use proptest::prelude::*;

use super::*;

const GET: Question<'_> = Question {
    is_head: false,
    expected_body: None,
};

/// Reads `bytes`, offered `piece_bytes` at a time, then the end of the stream: the answer and
/// what was left behind it, or the cause.
fn read_pieces(
    question: Question<'_>,
    bytes: &[u8],
    piece_bytes: usize,
) -> Result<(Answer, Vec<u8>), Cause> {
    let mut reader = ResponseReader::default();
    let mut offset = 0;
    for mut piece in bytes.chunks(piece_bytes) {
        offset += piece.len();
        if let Some(answer) = reader.read(question, &mut piece)? {
            let left = [piece, &bytes[offset..]].concat();
            return Ok((answer, left));
        }
        assert!(
            piece.is_empty(),
            "an unfinished answer takes all it is given"
        );
    }
    reader
        .end_of_stream(question)
        .map(|answer| (answer, Vec::new()))
}

/// The same whatever the pieces.
fn read(question: Question<'_>, bytes: &[u8]) -> Result<(Answer, Vec<u8>), Cause> {
    let whole = read_pieces(question, bytes, usize::MAX);
    for piece_bytes in 1..bytes.len().min(80) {
        assert_eq!(
            read_pieces(question, bytes, piece_bytes),
            whole,
            "by {piece_bytes}"
        );
    }
    whole
}

fn get(bytes: &str) -> Result<(Answer, Vec<u8>), Cause> {
    read(GET, bytes.as_bytes())
}

fn good(bytes: &str) -> Answer {
    let (answer, left) = get(bytes).unwrap();
    assert_eq!(left, b"");
    answer
}

#[test]
fn an_answer_with_a_length_ends_there() {
    let (answer, left) = get("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP").unwrap();
    assert_eq!((answer.status, answer.body_bytes), (200, 5));
    assert!(answer.keep_alive);
    assert_eq!(left, b"HTTP");
}

#[test]
fn interim_answers_are_passed_over() {
    let answer = good(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(answer.status, 200);
}

#[test]
fn statuses_without_a_body_end_with_their_head_whatever_they_announce() {
    for status in ["204 No Content", "304 Not Modified"] {
        assert_eq!(good(&format!("HTTP/1.1 {status}\r\n\r\n")).body_bytes, 0);
        let announced = format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n");
        assert_eq!(good(&announced).body_bytes, 0);
    }
    let head = Question {
        is_head: true,
        ..GET
    };
    for fields in [
        "",
        "Content-Length: 9\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        assert_eq!(read(head, bytes.as_bytes()).unwrap().0.body_bytes, 0);
    }
}

#[test]
fn an_answer_without_length_ends_with_the_connection_and_is_complete() {
    let answer = good("HTTP/1.0 200 OK\r\n\r\nhello");
    assert_eq!(answer.body_bytes, 5);
    assert!(!answer.keep_alive);
}

#[test]
fn chunks_are_counted_without_their_framing() {
    let answer = good(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
         5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n",
    );
    assert_eq!(answer.body_bytes, 11);
}

#[test]
fn whether_the_connection_stays_is_read_from_version_and_field() {
    let keeps = |start: &str| good(&format!("{start}\r\nContent-Length: 0\r\n\r\n")).keep_alive;
    assert!(keeps("HTTP/1.1 200 OK"));
    assert!(!keeps("HTTP/1.1 200 OK\r\nConnection: Close"));
    assert!(!keeps("HTTP/1.0 200 OK"));
    assert!(keeps("HTTP/1.0 200 OK\r\nconnection: keep-alive"));
}

#[test]
fn what_is_cut_short_is_told_apart_from_what_never_came() {
    assert_eq!(get(""), Err(Cause::ClosedBeforeResponse));
    for bytes in [
        "H",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ] {
        assert_eq!(get(bytes), Err(Cause::ClosedMidResponse), "{bytes:?}");
    }
}

#[test]
fn what_is_not_http_is_malformed() {
    for bytes in [
        "hello there, this is no HTTP\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ] {
        assert_eq!(get(bytes), Err(Cause::MalformedResponse), "{bytes:?}");
    }
}

#[test]
fn equal_repeated_lengths_are_one() {
    let answer = good("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(answer.body_bytes, 5);
}

#[test]
fn a_head_without_end_is_given_up() {
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; 70_000]].concat();
    assert_eq!(
        read_pieces(GET, &endless, 4096),
        Err(Cause::ResponseTooLarge)
    );
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(101));
    assert_eq!(
        read_pieces(GET, many.as_bytes(), 4096),
        Err(Cause::ResponseTooLarge)
    );
}

#[test]
fn the_body_is_compared_as_it_comes() {
    let question = Question {
        expected_body: Some(b"hello"),
        ..GET
    };
    for (body, matches) in [
        ("hello", true),
        ("hullo", false),
        ("hell", false),
        ("hello!", false),
    ] {
        let bytes = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (answer, _) = read(question, bytes.as_bytes()).unwrap();
        assert_eq!(answer.body_matches, matches, "{body}");
    }
}

#[test]
fn a_reader_is_used_again_for_the_next_answer() {
    let mut reader = ResponseReader::default();
    for body in ["one", "three"] {
        let bytes = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = reader.read(GET, &mut bytes.as_bytes()).unwrap().unwrap();
        assert_eq!(answer.body_bytes, body.len() as u64);
        reader.reset();
    }
    assert_eq!(reader.end_of_stream(GET), Err(Cause::ClosedBeforeResponse));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece_bytes in 1_usize..50) {
        let _ = read_pieces(GET, &bytes, piece_bytes);
    }
}
