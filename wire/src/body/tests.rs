use proptest::prelude::*;

use super::*;

/// Decodes `pieces` one after another: the data, and what was left after the body's end.
fn decode<'a>(
    framing: Framing,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, Option<Vec<u8>>), ChunkError> {
    decode_with(BodyDecoder::new(framing), pieces)
}

fn decode_with<'a>(
    mut decoder: BodyDecoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, Option<Vec<u8>>), ChunkError> {
    let mut data = Vec::new();
    let mut left: Option<Vec<u8>> = None;
    for mut piece in pieces {
        while let Some(run) = decoder.next(&mut piece)? {
            assert!(!run.is_empty());
            data.extend_from_slice(run);
        }
        if decoder.is_done() {
            left.get_or_insert_default().extend_from_slice(piece);
        } else {
            assert!(piece.is_empty(), "an unfinished body takes all it is given");
        }
    }
    Ok((data, left))
}

fn chunked(body: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), ChunkError> {
    decode(Framing::Chunked, [body])
}

#[test]
fn a_counted_body_leaves_what_follows_it() {
    let (data, left) = decode(Framing::Length(5), [&b"hel"[..], b"lo, GET"]).unwrap();
    assert_eq!(data, b"hello");
    assert_eq!(left.unwrap(), b", GET");
}

#[test]
fn a_body_without_length_ends_with_the_connection() {
    let (data, left) = decode(Framing::UntilClose, [&b"a"[..], b"b"]).unwrap();
    assert_eq!((data.as_slice(), left), (&b"ab"[..], None));
    assert!(BodyDecoder::new(Framing::UntilClose).ends_with_connection());
}

#[test]
fn extensions_and_trailers_are_passed_over() {
    let body =
        b"5;name=\"va\tlue\"\r\nhello\r\n06 ; x\r\n world\r\n0;last\r\nTrailer: yes\r\n\r\nNEXT";
    let (data, left) = chunked(body).unwrap();
    assert_eq!(data, b"hello world");
    assert_eq!(left.unwrap(), b"NEXT");
}

#[test]
fn what_breaks_the_chunk_grammar_is_an_error() {
    for body in [
        &b"x\r\n"[..],
        b"\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b"5\nhello\r\n",
        b"5;a\nhello\r\n",
        b"5 5\r\nhello\r\n",
        b"5\r\nhello!\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"10000000000000000\r\n",
        b"0\r\nTrailer: a\n\r\n",
        b"0\r\nno field\r\n\r\n",
        b"0\r\n\n",
        b"0\r\n\rx",
    ] {
        assert!(
            chunked(body).is_err(),
            "{:?}",
            body.escape_ascii().to_string()
        );
    }
}

#[test]
fn a_requests_extensions_are_limited_over_all_its_chunks() {
    let of_request = |body: &[u8]| decode_with(BodyDecoder::of_request(Framing::Chunked), [body]);
    let one = |bytes: usize| [b"1;", vec![b'x'; bytes].as_slice(), b"\r\na\r\n"].concat();
    assert!(of_request(&one(CHUNK_EXTENSION_BYTES_MAX)).is_ok());
    assert!(of_request(&one(CHUNK_EXTENSION_BYTES_MAX + 1)).is_err());
    assert!(of_request(&one(8).repeat(CHUNK_EXTENSION_BYTES_MAX / 8)).is_ok());
    assert!(of_request(&one(8).repeat(CHUNK_EXTENSION_BYTES_MAX / 8 + 1)).is_err());
}

#[test]
fn a_response_may_have_more_extensions_than_a_request() {
    let chunks = b"1;xxxxxxxxx\r\na\r\n".repeat(CHUNK_EXTENSION_BYTES_MAX);
    let (data, left) = chunked(&[chunks.as_slice(), b"0;last\r\n\r\n"].concat()).unwrap();
    assert_eq!(data, vec![b'a'; CHUNK_EXTENSION_BYTES_MAX]);
    assert_eq!(left.unwrap(), b"");
}

#[test]
fn trailers_without_end_are_cut_off() {
    let trailer = vec![b'x'; TRAILER_BYTES_MAX + 1];
    assert!(chunked(&[b"0\r\n", trailer.as_slice()].concat()).is_err());
}

#[test]
fn a_body_cut_short_is_not_done() {
    for body in [
        &b""[..],
        b"5",
        b"5\r\nhel",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"0\r\nA: b\r\n",
    ] {
        assert_eq!(chunked(body).unwrap().1, None);
    }
}

proptest! {
    #[test]
    fn chunks_come_apart_as_they_were_put_together(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..8),
        piece_bytes in 1_usize..60,
    ) {
        let mut body = Vec::new();
        for chunk in &chunks {
            body.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\n\r\nrest");
        let (data, left) = decode(Framing::Chunked, body.chunks(piece_bytes)).unwrap();
        prop_assert_eq!(data, chunks.concat());
        prop_assert_eq!(left.unwrap(), b"rest");
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = chunked(&body);
    }
}
