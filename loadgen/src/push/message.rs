//! One message of a push stream, as bytes: 128 of them, a line that a person can read.
//!
//! ```text
//! message 00000000000000000042 sent 01767225600000000000 ......…......\n
//! ```
//!
//! The servers write it with code of their own, so that what is checked and what checks it share
//! none.

/// Length of a message, its line end included.
pub const MESSAGE_BYTES: usize = 128;

const DIGITS: usize = 20;
const NUMBER_AT: usize = 8;
const SENT_AT: usize = 34;
const FILLER_AT: usize = 55;
const FILLER: [u8; MESSAGE_BYTES - FILLER_AT - 1] = [b'.'; MESSAGE_BYTES - FILLER_AT - 1];

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// How many the same client was sent before it.
    pub number: u64,
    /// When the server made it, in nanoseconds since the Unix epoch.
    pub sent_ns: u64,
}

impl Message {
    /// Reads a message; `None` if any of its bytes is not as it should be.
    #[must_use]
    pub fn parse(bytes: &[u8; MESSAGE_BYTES]) -> Option<Self> {
        let is_framed = bytes[..NUMBER_AT] == *b"message "
            && bytes[NUMBER_AT + DIGITS..SENT_AT] == *b" sent "
            && bytes[SENT_AT + DIGITS] == b' '
            && bytes[FILLER_AT..MESSAGE_BYTES - 1] == FILLER
            && bytes[MESSAGE_BYTES - 1] == b'\n';
        is_framed.then_some(())?;
        Some(Self {
            number: decimal(&bytes[NUMBER_AT..NUMBER_AT + DIGITS])?,
            sent_ns: decimal(&bytes[SENT_AT..SENT_AT + DIGITS])?,
        })
    }
}

/// Whether the bytes of `start`, of any length, may be the beginning of a message.
#[must_use]
pub fn may_begin(start: &[u8]) -> bool {
    let length = start.len().min(NUMBER_AT);
    start[..length] == b"message "[..length]
}

/// The messages in `bytes`, which holds whole ones.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = &[u8; MESSAGE_BYTES]> {
    let (messages, _) = bytes.as_chunks();
    messages.iter()
}

/// Twenty digits; `None` if one is none, or if the number is above what 64 bits hold.
fn decimal(digits: &[u8]) -> Option<u64> {
    // Nineteen always fit, so only the last step has to look.
    let (last, first) = digits.split_last()?;
    let mut number = 0_u64;
    for digit in first {
        number = number * 10 + value(*digit)?;
    }
    number.checked_mul(10)?.checked_add(value(*last)?)
}

fn value(digit: u8) -> Option<u64> {
    let value = digit.wrapping_sub(b'0');
    (value < 10).then_some(u64::from(value))
}

#[cfg(test)]
pub(super) fn message(number: u64, sent_ns: u64) -> [u8; MESSAGE_BYTES] {
    let text = format!("message {number:020} sent {sent_ns:020} ");
    let line = format!("{text:.<127}\n");
    line.into_bytes().try_into().unwrap()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_a_line_of_128_bytes() {
        let bytes = message(42, 1_767_225_600_000_000_000);
        let expected = Message {
            number: 42,
            sent_ns: 1_767_225_600_000_000_000,
        };
        assert_eq!(Message::parse(&bytes), Some(expected));
    }

    #[test]
    fn any_other_byte_anywhere_is_no_message() {
        for at in 0..MESSAGE_BYTES {
            let mut bytes = message(42, 7);
            bytes[at] = b'x';
            assert_eq!(Message::parse(&bytes), None, "byte {at}");
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_no_message() {
        let mut bytes = message(u64::MAX, 7);
        assert_eq!(Message::parse(&bytes).unwrap().number, u64::MAX);
        bytes[NUMBER_AT + DIGITS - 1] += 1;
        assert_eq!(Message::parse(&bytes), None);
    }

    #[test]
    fn the_first_bytes_tell_a_push_stream_from_others() {
        assert!(may_begin(b""));
        assert!(may_begin(b"mess"));
        assert!(may_begin(b"message 1"));
        assert!(!may_begin(b"HTTP/1.1 400"));
    }

    proptest! {
        #[test]
        fn numbers_survive_the_way(number: u64, sent_ns: u64) {
            let parsed = Message::parse(&message(number, sent_ns));
            prop_assert_eq!(parsed, Some(Message { number, sent_ns }));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: [u8; 32]) {
            let mut message = message(1, 2);
            message[8..40].copy_from_slice(&bytes);
            let _ = Message::parse(&message);
        }
    }
}
