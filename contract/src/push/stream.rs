//! A client of the push stream, which believes nothing.

use crate::channel::is_timeout;
use crate::connection::Connection;
use crate::escape;
use crate::subject::Subject;
use anyhow::{Context, Result, ensure};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Length of a message, its line end included.
const MESSAGE_BYTES: usize = 128;

/// Digits of each of its numbers.
const DIGITS: usize = 20;

/// How far the two sides' clocks, which are one, may seem apart: a client may be that late.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(60);

/// Messages that are read at a time.
const BATCH_MESSAGES: usize = 512;

/// A client, and which message is next.
pub(super) struct Stream {
    connection: Connection,
    next: u64,
}

impl Stream {
    pub(super) fn open(push: &Subject) -> Result<Self> {
        let connection = Connection::open(push).context("a client of the push stream")?;
        Ok(Stream {
            connection,
            next: 0,
        })
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Reads so many messages, each of which must be the next; when the last was made, since 1970.
    pub(super) fn take(&mut self, messages: usize) -> Result<Duration> {
        let mut sent = Duration::ZERO;
        let mut left = messages;
        while left > 0 {
            let batch = left.min(BATCH_MESSAGES);
            let lines = self.connection.take(batch * MESSAGE_BYTES);
            let lines = lines.with_context(|| format!("from message {} on", self.next))?;
            sent = self.read(&lines)?;
            left -= batch;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        ensure!(
            now.abs_diff(sent) <= CLOCKS_APART_MAX,
            "a message says that it was made {sent:?} after 1970, and it is {now:?}"
        );
        Ok(sent)
    }

    /// What comes yet is whole messages, each the next, and then the end.
    pub(super) fn ends_in_order(&mut self) -> Result<()> {
        while self.connection.channel().has_more()? {
            let line = self.connection.take(MESSAGE_BYTES)?;
            self.read(&line)?;
        }
        Ok(())
    }

    /// What comes yet is messages, each the next, the last of which may be cut.
    pub(super) fn comes_to_its_end(mut self) -> Result<()> {
        loop {
            match self.connection.take(MESSAGE_BYTES) {
                Ok(line) => self.read(&line)?,
                Err(error) if is_silence(&error) => {
                    return Err(error).context("its end does not come");
                }
                Err(_) => return Ok(()),
            };
        }
    }

    fn read(&mut self, lines: &[u8]) -> Result<Duration> {
        let mut sent_ns = 0;
        for line in lines.chunks(MESSAGE_BYTES) {
            let parsed = parse(line);
            let (number, sent) =
                parsed.with_context(|| format!("not a message: \"{}\"", escape::readable(line)))?;
            ensure!(
                number == self.next,
                "message {} should come, and {number} came",
                self.next
            );
            self.next += 1;
            sent_ns = sent;
        }
        Ok(Duration::from_nanos(sent_ns))
    }
}

/// Whether a read has waited in vain, and not come to an end or a reset.
fn is_silence(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| is_timeout(error.kind()))
}

/// The number and the time in `message 00000000000000000042 sent 01763726400123456789 ....`, which
/// ends with points and a line end.
fn parse(line: &[u8]) -> Option<(u64, u64)> {
    let rest = line.strip_prefix(b"message ")?;
    let (number, rest) = digits(rest)?;
    let (sent, rest) = digits(rest.strip_prefix(b" sent ")?)?;
    let points = rest.strip_prefix(b" ")?.strip_suffix(b"\n")?;
    let is_whole = line.len() == MESSAGE_BYTES && points.iter().all(|&byte| byte == b'.');
    is_whole.then_some((number, sent))
}

fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(DIGITS)?;
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    is_number.then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_line_of_128_bytes_with_its_number_and_time() {
        let words = "message 00000000000000000042 sent 01763726400123456789 ";
        let line = format!("{words}{}\n", ".".repeat(72));
        let read = |line: &str| parse(line.as_bytes());
        assert_eq!(read(&line), Some((42, 1_763_726_400_123_456_789)));
        for (right, wrong) in [
            ("message", "massage"),
            ("sent", "send"),
            ("0042", "+042"),
            ("0042", "x042"),
            (".\n", "\n"),
            (".\n", "..\n"),
            (".\n", ",\n"),
        ] {
            assert_eq!(read(&line.replacen(right, wrong, 1)), None, "{wrong}");
        }
    }
}
