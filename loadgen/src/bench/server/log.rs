//! What a server says: the end of it, to be quoted when something is wrong with it, and the sign
//! that it is ready.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::plan::mask_passwords;

/// Lines that are kept.
const LINES: usize = 5;

/// What of a line is read in one go, in bytes: what never ends its line is not to fill the memory.
const LINE_LONGEST: u64 = 1000;

/// How long the rest of the log of a process that has ended is waited for: something that it
/// started may hold its stderr open for ever.
const REST_LONGEST: Duration = Duration::from_millis(200);

/// What a process writes, read as it comes, so that it never waits for a reader.
#[derive(Debug)]
pub(super) struct Log {
    shared: Arc<Shared>,
    /// Hung up at the end of all streams.
    end: Receiver<()>,
}

/// What is known of the log so far.
#[derive(Debug, Default)]
struct Shared {
    last: Mutex<VecDeque<String>>,
    /// What is in the line that is waited for.
    sign: Option<String>,
    has_seen_sign: AtomicBool,
}

impl Log {
    pub(super) fn read(stderr: impl Read + Send + 'static) -> Self {
        Self::read_all(vec![Box::new(stderr)], None)
    }

    /// Reads all streams, on the watch for a line with `sign` in it.
    pub(super) fn read_all(streams: Vec<Box<dyn Read + Send>>, sign: Option<&str>) -> Self {
        let shared = Arc::new(Shared {
            sign: sign.map(str::to_owned),
            ..Shared::default()
        });
        let (ended, end) = mpsc::channel();
        for stream in streams {
            let (shared, ended) = (Arc::clone(&shared), ended.clone());
            thread::spawn(move || {
                let _ended: mpsc::Sender<()> = ended;
                for_each_line(stream, |line| shared.take(line));
            });
        }
        Self { shared, end }
    }

    /// Whether the line that is waited for has come.
    pub(super) fn has_seen_sign(&self) -> bool {
        self.shared.has_seen_sign.load(Ordering::Acquire)
    }

    /// The last lines of a process that has ended, in one, passwords in URLs replaced by `***`: they
    /// are written into results.
    pub(super) fn last_words(&self) -> String {
        // Either the end came or the time is up.
        let _ = self.end.recv_timeout(REST_LONGEST);
        let last = self.shared.last.lock();
        let last = last.unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = last.iter().map(String::as_str).collect();
        mask_passwords(&lines.join(" | "))
    }
}

impl Shared {
    fn take(&self, line: String) {
        if self.sign.as_ref().is_some_and(|sign| line.contains(sign)) {
            self.has_seen_sign.store(true, Ordering::Release);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_back(line);
        if last.len() > LINES {
            last.pop_front();
        }
    }
}

/// Lines to the end of `stream`, whatever bytes are in them; one that is too long comes in pieces.
fn for_each_line(stream: impl Read, mut each: impl FnMut(String)) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match stream
            .by_ref()
            .take(LINE_LONGEST)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => each(printable(&line)),
        }
    }
}

/// Without the end of the line, and without what a terminal would obey.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    text.chars().filter(|char| !char.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::*;

    #[test]
    fn the_last_lines_are_kept() {
        let log = Log::read(io::Cursor::new("1\n2\n3\n4\n5\n6\n7"));
        assert_eq!(log.last_words(), "3 | 4 | 5 | 6 | 7");
    }

    #[test]
    fn passwords_are_not_quoted() {
        let log = Log::read(io::Cursor::new("no database at pg://me:secret@db/x\nend"));
        assert_eq!(log.last_words(), "no database at pg://me:***@db/x | end");
    }

    #[test]
    fn what_was_said_is_quoted_even_if_the_log_never_ends() {
        let (stderr, mut writer) = io::pipe().unwrap();
        writer.write_all(b"broken\n").unwrap();
        assert_eq!(Log::read(stderr).last_words(), "broken");
        drop(writer);
    }

    #[test]
    fn a_sign_is_seen_in_either_stream_and_bytes_that_are_no_text_do_not_end_the_log() {
        let quiet = io::Cursor::new(vec![0xff; 3000]);
        let stream = io::Cursor::new(b"\xff\xfe\n\x1b[1mserver ready\r\nthen\n".to_vec());
        let log = Log::read_all(vec![Box::new(quiet), Box::new(stream)], Some("ready"));
        assert!(log.last_words().ends_with("then") || log.last_words().contains("then"));
        assert!(log.has_seen_sign());
        assert!(!log.last_words().contains('\u{1b}'));
        let other = Log::read_all(vec![Box::new(io::Cursor::new("no\n"))], Some("yes"));
        assert_eq!(
            (other.last_words().as_str(), other.has_seen_sign()),
            ("no", false)
        );
    }
}
