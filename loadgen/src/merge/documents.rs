//! Many JSON documents one after another, as `kubectl logs` and `srun` bring them together: where
//! each begins and ends.

use std::io::{self, BufRead};

/// A record of a day with a row and a histogram for each second has 130 MB.
pub(super) const BYTES_MAX: usize = 512 << 20;

/// Of what is no JSON, so many bytes are shown.
const SHOWN_MAX: usize = 40;

/// Cuts a stream into the objects in it.
pub(super) struct Documents<R> {
    reader: R,
    /// Bytes read.
    at: u64,
    /// The line that is being read, from 1.
    line: u64,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// An object from its first brace to its last.
    Document(Place),
    /// One without its end.
    CutShort(Place),
    /// Something else, and how it begins.
    Stray(Place, String),
    /// One that is longer than any is.
    TooLong(Place),
    /// Nothing.
    End,
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Byte at which it begins.
    pub(super) start: u64,
    /// Line at which it begins, from 1.
    pub(super) line: u64,
}

/// How far an object has been read.
#[derive(Clone, Copy, Debug, Default)]
struct Nesting {
    braces: usize,
    is_text: bool,
    is_escaped: bool,
}

/// What a byte does to an object.
enum Step {
    Inside,
    Ends,
    Breaks,
}

impl<R: BufRead> Documents<R> {
    pub(super) fn of(reader: R) -> Self {
        Self {
            reader,
            at: 0,
            line: 1,
        }
    }

    /// Reads the next object into `text`.
    pub(super) fn next(&mut self, text: &mut Vec<u8>) -> io::Result<Next> {
        text.clear();
        let Some(first) = self.skip_space()? else {
            return Ok(Next::End);
        };
        let place = Place {
            start: self.at,
            line: self.line,
        };
        if first != b'{' {
            return Ok(Next::Stray(place, self.rest_of_line()?));
        }
        let mut nesting = Nesting::default();
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(Next::CutShort(place));
            }
            let (used, step) = nesting.read(chunk);
            text.extend_from_slice(&chunk[..used]);
            self.line += newlines(&chunk[..used]);
            self.at += used as u64;
            self.reader.consume(used);
            match step {
                Step::Ends => return Ok(Next::Document(place)),
                Step::Breaks => return Ok(Next::CutShort(place)),
                Step::Inside if text.len() > BYTES_MAX => return Ok(Next::TooLong(place)),
                Step::Inside => {}
            }
        }
    }

    /// The first byte that is no space, which is not consumed.
    fn skip_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let spaces = chunk.iter().take_while(|byte| byte.is_ascii_whitespace());
            let spaces = spaces.count();
            let found = chunk.get(spaces).copied();
            self.line += newlines(&chunk[..spaces]);
            self.at += spaces as u64;
            self.reader.consume(spaces);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn rest_of_line(&mut self) -> io::Result<String> {
        let chunk = self.reader.fill_buf()?;
        let line = chunk.split(|&byte| byte == b'\n').next().unwrap_or(chunk);
        let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN_MAX)]);
        let dots = if line.len() > SHOWN_MAX { "…" } else { "" };
        Ok(format!("{}{dots}", text.trim_end().escape_debug()))
    }
}

impl Nesting {
    /// Reads to the object's end, or to the chunk's; says how many bytes these are.
    fn read(&mut self, chunk: &[u8]) -> (usize, Step) {
        for (index, &byte) in chunk.iter().enumerate() {
            match self.step(byte) {
                Step::Inside => {}
                step => return (index + 1, step),
            }
        }
        (chunk.len(), Step::Inside)
    }

    fn step(&mut self, byte: u8) -> Step {
        if self.is_text {
            match byte {
                // JSON writes it as two characters: here the writer was ended, and another began.
                b'\n' => return Step::Breaks,
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_text = false,
                _ => {}
            }
            return Step::Inside;
        }
        match byte {
            b'"' => self.is_text = true,
            b'{' => self.braces += 1,
            b'}' => {
                self.braces -= 1;
                if self.braces == 0 {
                    return Step::Ends;
                }
            }
            _ => {}
        }
        Step::Inside
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// What is in the text, read so many bytes at a time: the line, and the text of documents.
    fn read(text: &str, chunk: usize) -> Vec<(u64, String)> {
        let mut documents = Documents::of(BufReader::with_capacity(chunk, text.as_bytes()));
        let mut buffer = Vec::new();
        let mut all = Vec::new();
        loop {
            let next = documents.next(&mut buffer).unwrap();
            let told = String::from_utf8(buffer.clone()).unwrap();
            match next {
                Next::End => return all,
                Next::Document(place) => {
                    assert!(text[place.start as usize..].starts_with(&told));
                    all.push((place.line, told));
                }
                Next::CutShort(place) => {
                    all.push((place.line, "CUT".to_owned()));
                    return all;
                }
                Next::Stray(place, text) => {
                    all.push((place.line, format!("STRAY {text}")));
                    return all;
                }
                Next::TooLong(_) => panic!(),
            }
        }
    }

    #[test]
    fn objects_are_found_however_they_are_written_and_read() {
        let text = "\n{\n \"a\": {\"b\": \"}\\\"{\"}\n}\n\n{\"c\":1}{\"d\":2}\n";
        let expected = [
            (2, "{\n \"a\": {\"b\": \"}\\\"{\"}\n}"),
            (6, "{\"c\":1}"),
            (6, "{\"d\":2}"),
        ]
        .map(|(line, text)| (line, text.to_owned()));
        for chunk in [1, 2, 3, 7, 1000] {
            assert_eq!(read(text, chunk), expected, "{chunk}");
        }
        assert_eq!(read("", 10), []);
        assert_eq!(read(" \n", 10), []);
    }

    #[test]
    fn what_is_no_object_is_told_with_its_line() {
        let stray = |line, text: &str| (line, format!("STRAY {text}"));
        assert_eq!(read("{}\nsrun: error\n", 99)[1], stray(2, "srun: error"));
        assert_eq!(read("[1]", 99), [stray(1, "[1]")]);
    }

    #[test]
    fn an_object_without_its_end_is_cut_short() {
        for text in ["{\"a\": 1", "{\"a\": \"b", "{\"a\": \"b\n{\"c\": 1}"] {
            assert_eq!(read(text, 99), [(1, "CUT".to_owned())], "{text}");
        }
    }
}
