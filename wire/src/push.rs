//! The push stream: numbered messages of 128 bytes to whoever connects.
//!
//! A message is a line, so that `nc` shows it:
//!
//! ```text
//! message 00000000000000000042 sent 01763726400123456789 .........
//! ```
//!
//! its number, from 0 on for each client, and when it was made, in nanoseconds since 1970. Messages
//! are made when the socket is to have them, never before: a client that stops reading costs one
//! batch, and misses none when it goes on.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// Length of a message with its line end, in bytes.
pub const MESSAGE_BYTES: usize = 128;

/// Most messages made at a time: what a loopback socket takes in one write.
const BATCH_MESSAGES: u64 = 512;

/// How long a client may take nothing, where nobody says: for ever, in a number that can be added
/// to any clock.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// How long a client may take nothing of the message under way when the server stops: one that
/// reads takes it within that, and one that does not is not to keep the server.
const LAST_WORDS_TIME_MAX: Duration = Duration::from_secs(1);

/// Every message but for its two numbers.
const BLANK: &[u8; MESSAGE_BYTES] = &blank();
const NUMBER_AT: usize = 8;
const SENT_AT: usize = 34;

/// Digits that any number of 64 bits fits into.
const DIGITS: usize = 20;

const fn blank() -> [u8; MESSAGE_BYTES] {
    const WORDS: &[u8] = b"message 00000000000000000000 sent 00000000000000000000 ";
    let mut bytes = [b'.'; MESSAGE_BYTES];
    let mut at = 0;
    while at < WORDS.len() {
        bytes[at] = WORDS[at];
        at += 1;
    }
    bytes[MESSAGE_BYTES - 1] = b'\n';
    bytes
}

/// What a server grants the clients of its push stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Messages a second for each client; `None` means as many as it takes.
    pub rate: Option<NonZeroU64>,
    /// How long a client may take nothing before it is cut off; `None` means for ever.
    pub drop_after: Option<Duration>,
}

/// What a stream needs before it can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Output,
    /// The present: [`Stream::tell_time`].
    Time,
    Wait(Duration),
    Close,
}

/// One client's messages.
#[derive(Debug)]
pub(crate) struct Stream {
    options: Options,
    /// Whole messages, of which so many bytes are written.
    batch: Vec<u8>,
    written_bytes: usize,
    /// The number of the next one.
    next: u64,
    /// When the first was due.
    begun: Option<Instant>,
    /// Until the next is due.
    wait: Option<Duration>,
    is_finishing: bool,
}

impl Stream {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            batch: Vec::new(),
            written_bytes: 0,
            next: 0,
            begun: None,
            wait: None,
            is_finishing: false,
        }
    }

    /// Ends with the message under way.
    pub(crate) fn finish(&mut self) {
        if !self.is_finishing {
            self.is_finishing = true;
            let whole = self.written_bytes.next_multiple_of(MESSAGE_BYTES);
            self.batch.truncate(whole);
        }
    }

    pub(crate) fn drop_after(&self) -> Duration {
        let time = self.options.drop_after.unwrap_or(FOR_EVER);
        match self.is_finishing {
            true => time.min(LAST_WORDS_TIME_MAX),
            false => time,
        }
    }

    pub(crate) fn output(&self) -> &[u8] {
        &self.batch[self.written_bytes..]
    }

    pub(crate) fn wrote(&mut self, count: usize) {
        self.written_bytes += count;
    }

    pub(crate) fn need(&mut self) -> Step {
        match self.wait.take() {
            _ if !self.output().is_empty() => Step::Output,
            _ if self.is_finishing => Step::Close,
            Some(wait) => Step::Wait(wait),
            None => Step::Time,
        }
    }

    /// Makes what is due by `now`; if nothing is, notes when something will be. `since_1970` is the
    /// same moment by the wall clock, which may be set: what is due does not hang on it.
    pub(crate) fn tell_time(&mut self, now: Instant, since_1970: Duration) {
        let count = match self.options.rate {
            None => BATCH_MESSAGES,
            Some(rate) => self.due(now, rate).min(BATCH_MESSAGES),
        };
        self.batch.clear();
        self.written_bytes = 0;
        let sent_ns = u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX);
        let mut message = *BLANK;
        write_digits(&mut message[SENT_AT..][..DIGITS], sent_ns);
        for number in self.next..self.next + count {
            write_digits(&mut message[NUMBER_AT..][..DIGITS], number);
            self.batch.extend_from_slice(&message);
        }
        self.next += count;
    }

    /// How many messages are due and not made: number n at n / `rate` seconds from the beginning.
    fn due(&mut self, now: Instant, rate: NonZeroU64) -> u64 {
        let elapsed = now.saturating_duration_since(*self.begun.get_or_insert(now));
        let due_by_now = elapsed.as_nanos() * u128::from(rate.get()) / NANOS_PER_SECOND + 1;
        let due = u64::try_from(due_by_now).unwrap_or(u64::MAX);
        let due = due.saturating_sub(self.next);
        if due == 0 {
            let next = u128::from(self.next) * NANOS_PER_SECOND;
            let next = next.div_ceil(u128::from(rate.get()));
            let next = Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX));
            self.wait = Some(next.saturating_sub(elapsed));
        }
        due
    }
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Writes `number` at the right end of zeros, or of a lower number.
fn write_digits(field: &mut [u8], number: u64) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number).as_bytes();
    let start = field.len() - digits.len();
    field[start..].copy_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(rate: Option<u64>) -> Stream {
        Stream::new(Options {
            rate: rate.and_then(NonZeroU64::new),
            drop_after: None,
        })
    }

    /// Tells the time until something is to be written or waited for, and writes it all.
    fn numbers(stream: &mut Stream, now: Instant) -> Vec<u64> {
        let mut numbers = Vec::new();
        loop {
            match stream.need() {
                Step::Time => stream.tell_time(now, Duration::ZERO),
                Step::Output => {
                    let lines = stream.output().chunks(MESSAGE_BYTES);
                    let number =
                        |line: &[u8]| std::str::from_utf8(&line[8..28]).unwrap().parse::<u64>();
                    numbers.extend(lines.map(|line| number(line).unwrap()));
                    stream.wrote(stream.output().len());
                }
                Step::Wait(_) | Step::Close => return numbers,
            }
        }
    }

    #[test]
    fn a_message_is_a_line_with_its_number_and_its_time() {
        let mut stream = stream(None);
        stream.next = 9_999_999_999_999_999_999;
        stream.tell_time(
            Instant::now(),
            Duration::from_nanos(1_763_726_400_123_456_789),
        );
        let mut lines = stream.output().chunks(MESSAGE_BYTES);
        for number in ["09999999999999999999", "10000000000000000000"] {
            let text = std::str::from_utf8(lines.next().unwrap()).unwrap();
            let words = format!("message {number} sent 01763726400123456789 ");
            assert_eq!(text.trim_end_matches(['.', '\n']), words);
            assert!(text.len() == MESSAGE_BYTES && text.ends_with(".\n"));
        }
    }

    #[test]
    fn without_a_rate_there_are_always_further_messages() {
        let mut stream = stream(None);
        for batch in 0..3 {
            assert_eq!(stream.need(), Step::Time);
            stream.tell_time(Instant::now(), Duration::from_secs(1));
            assert_eq!(stream.need(), Step::Output);
            let first = stream.output()[8..28].to_vec();
            let expected = format!("{:020}", batch * BATCH_MESSAGES);
            assert_eq!(first, expected.as_bytes());
            stream.wrote(stream.output().len());
        }
    }

    #[test]
    fn at_a_rate_each_message_comes_when_it_is_due_and_none_is_left_out() {
        let mut stream = stream(Some(100));
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        assert_eq!(numbers(&mut stream, at(0)), [0]);
        stream.tell_time(at(4), Duration::ZERO);
        assert_eq!(stream.need(), Step::Wait(Duration::from_millis(6)));
        assert_eq!(numbers(&mut stream, at(10)), [1]);
        // A client that took nothing for a while gets all that was due.
        assert_eq!(numbers(&mut stream, at(50)), [2, 3, 4, 5]);
        assert_eq!(numbers(&mut stream, at(50)), []);
    }

    #[test]
    fn a_clock_that_is_set_neither_holds_the_stream_up_nor_hurries_it() {
        const HOUR: Duration = Duration::from_secs(3600);
        let mut stream = stream(Some(100));
        let begin = Instant::now();
        for (number, clock) in [2 * HOUR, HOUR, 3 * HOUR].into_iter().enumerate() {
            let due = begin + Duration::from_millis(10 * number as u64);
            stream.tell_time(due, clock);
            let expected = format!("message {number:020} sent {:020} ", clock.as_nanos());
            assert!(stream.output().starts_with(expected.as_bytes()));
            assert_eq!(stream.output().len(), MESSAGE_BYTES);
            stream.wrote(MESSAGE_BYTES);
        }
    }

    #[test]
    fn the_end_comes_behind_the_message_under_way() {
        let mut stream = stream(None);
        stream.tell_time(Instant::now(), Duration::ZERO);
        stream.wrote(MESSAGE_BYTES + 1);
        assert_eq!(stream.drop_after(), FOR_EVER);
        stream.finish();
        assert_eq!(stream.drop_after(), LAST_WORDS_TIME_MAX);
        assert_eq!(stream.output().len(), MESSAGE_BYTES - 1);
        stream.wrote(MESSAGE_BYTES - 1);
        assert_eq!(stream.need(), Step::Close);
    }
}
