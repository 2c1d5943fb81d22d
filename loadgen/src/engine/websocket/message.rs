//! What a pair sends: a message that says whose it is and which.

/// Hexadecimal digits of a message's number.
const NUMBER_DIGITS: usize = 16;

/// Hexadecimal digits of the pair's.
const PAIR_DIGITS: usize = 8;

/// What follows them.
const FILLER: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// The message that is under way. It is text, so that it can be sent as such.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
    number: u64,
}

impl Message {
    /// Of pair `pair`, so many bytes long. The first that is sent is [`Self::next`].
    pub(super) fn new(pair: usize, length: usize) -> Self {
        let mut bytes: Vec<u8> = FILLER.iter().copied().cycle().take(length).collect();
        let of_pair = bytes.iter_mut().skip(NUMBER_DIGITS).take(PAIR_DIGITS);
        write_digits(of_pair, pair as u64);
        let mut message = Self { bytes, number: 0 };
        message.renumber(0);
        message
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// On to the next one, which differs however short it is: the last digit comes first.
    pub(super) fn next(&mut self) {
        self.renumber(self.number.wrapping_add(1));
    }

    fn renumber(&mut self, number: u64) {
        self.number = number;
        write_digits(self.bytes.iter_mut().take(NUMBER_DIGITS), number);
    }
}

/// Writes digits, the last first, as many as there is room for.
fn write_digits<'a>(room: impl Iterator<Item = &'a mut u8>, number: u64) {
    let mut rest = number;
    for digit in room {
        *digit = b"0123456789abcdef"[(rest % 16) as usize];
        rest /= 16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_which_it_is_and_whose() {
        let mut message = Message::new(0x2a, 32);
        message.next();
        assert_eq!(message.bytes(), b"1000000000000000a2000000yzabcdef");
    }

    #[test]
    fn the_shortest_differs_from_the_one_before_it() {
        let mut message = Message::new(7, 1);
        let before = message.bytes().to_vec();
        message.next();
        assert_ne!(message.bytes(), before);
    }
}
