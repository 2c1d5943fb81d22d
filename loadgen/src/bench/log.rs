//! The end of a server's log, to be quoted when something is wrong with it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines that are kept.
const LINES: usize = 5;

/// How long the rest of the log of a process that has ended is waited for: something that it
/// started may hold its stderr open for ever.
const REST_LONGEST: Duration = Duration::from_millis(200);

/// What a process writes to stderr, read as it comes, so that it never waits for a reader.
#[derive(Debug)]
pub(super) struct Log {
    last: Arc<Mutex<VecDeque<String>>>,
    /// Hung up at the log's end.
    end: Receiver<()>,
}

impl Log {
    pub(super) fn read(stderr: impl Read + Send + 'static) -> Self {
        let last = Arc::new(Mutex::new(VecDeque::with_capacity(LINES + 1)));
        let (ended, end) = mpsc::channel();
        thread::spawn({
            let last = Arc::clone(&last);
            move || {
                let _ended: mpsc::Sender<()> = ended;
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    last.push_back(line);
                    if last.len() > LINES {
                        last.pop_front();
                    }
                }
            }
        });
        Self { last, end }
    }

    /// The last lines of a process that has ended, in one.
    pub(super) fn last_words(&self) -> String {
        // Either the end came or the time is up.
        let _ = self.end.recv_timeout(REST_LONGEST);
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = last.iter().map(String::as_str).collect();
        lines.join(" | ")
    }
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
    fn what_was_said_is_quoted_even_if_the_log_never_ends() {
        let (stderr, mut writer) = io::pipe().unwrap();
        writer.write_all(b"broken\n").unwrap();
        assert_eq!(Log::read(stderr).last_words(), "broken");
        drop(writer);
    }
}
