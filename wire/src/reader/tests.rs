use super::*;

const TWO: &[u8] = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The events in `bytes`, offered `piece_bytes` at a time, in words.
fn events(bytes: &[u8], piece_bytes: usize) -> Result<Vec<String>, Refusal> {
    let mut reader = RequestReader::new();
    let mut words: Vec<String> = Vec::new();
    let mut buffer = Vec::new();
    for piece in bytes.chunks(piece_bytes) {
        buffer.extend_from_slice(piece);
        let mut input = buffer.as_slice();
        while let Some(event) = reader.next(&mut input)? {
            match event {
                Event::Head(request) => words.push(format!("{:?}", request.route)),
                Event::End => words.push("end".to_owned()),
                Event::Body(data) => {
                    let data = String::from_utf8_lossy(data);
                    match words.last_mut().filter(|word| word.starts_with('=')) {
                        Some(word) => word.push_str(&data),
                        None => words.push(format!("={data}")),
                    }
                }
            }
        }
        buffer.drain(..buffer.len() - input.len());
    }
    Ok(words)
}

#[test]
fn requests_are_read_alike_in_pieces_of_any_size() {
    for piece_bytes in 1..=TWO.len() {
        assert_eq!(
            events(TWO, piece_bytes).unwrap(),
            ["Echo", "=hello", "end", "Hello", "end"]
        );
    }
}

#[test]
fn the_phase_says_what_the_next_bytes_belong_to() {
    let mut reader = RequestReader::new();
    assert_eq!(reader.phase(), Phase::Idle);
    let mut half = &TWO[..10];
    assert_eq!(reader.next(&mut half), Ok(None));
    assert_eq!(reader.phase(), Phase::Head);
    let mut all = &TWO[..TWO.len() - 30];
    while let Ok(Some(Event::Head(_) | Event::Body(_))) = reader.next(&mut all) {}
    let received_bytes = 2;
    assert_eq!(reader.phase(), Phase::Body { received_bytes });
}

#[test]
fn a_chunked_body_is_held_to_the_limit_as_it_comes() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut reader = RequestReader::new();
    let mut input = head.as_bytes();
    assert!(matches!(reader.next(&mut input), Ok(Some(Event::Head(_)))));
    let chunk = [b"1000000\r\n".as_slice(), &vec![0; 0x100_0000], b"\r\n"].concat();
    let mut refusal = None;
    for _ in 0..5 {
        let mut input = chunk.as_slice();
        loop {
            match reader.next(&mut input) {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(error) => {
                    refusal = Some(error);
                    break;
                }
            }
        }
    }
    assert_eq!(refusal, Some(Refusal::BODY_TOO_LARGE));
}
