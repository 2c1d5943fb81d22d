//! Whether the messages of a client came whole, each once and in order.

use super::message::Message;

/// What was wrong with the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Errors {
    /// Places where the number went up by more than one.
    pub(super) gaps: u64,
    /// Messages that are missing there.
    pub(super) missing: u64,
    /// Messages with a number that had come before.
    pub(super) repeated: u64,
}

/// Follows the numbers of one client's messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbering {
    next: u64,
    pub(super) errors: Errors,
}

impl Numbering {
    /// Takes note of the next message.
    pub(super) fn note(&mut self, message: Message) {
        if message.number != self.next {
            self.note_error(message.number);
        }
        self.next = self.next.max(message.number.saturating_add(1));
    }

    #[cold]
    fn note_error(&mut self, number: u64) {
        match number.checked_sub(self.next) {
            Some(missing) => {
                self.errors.gaps += 1;
                self.errors.missing = self.errors.missing.saturating_add(missing);
            }
            None => self.errors.repeated += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(numbers: &[u64]) -> Errors {
        let mut numbering = Numbering::default();
        for &number in numbers {
            numbering.note(Message { number, sent_ns: 0 });
        }
        numbering.errors
    }

    #[test]
    fn consecutive_numbers_from_zero_are_right() {
        assert_eq!(errors(&[0, 1, 2, 3]), Errors::default());
    }

    #[test]
    fn a_gap_counts_once_and_says_how_many_are_missing() {
        let expected = Errors {
            gaps: 2,
            missing: 4,
            repeated: 0,
        };
        assert_eq!(errors(&[1, 2, 6, 7]), expected);
    }

    #[test]
    fn a_repeated_number_is_no_gap_and_what_follows_is_right() {
        let expected = Errors {
            repeated: 2,
            ..Errors::default()
        };
        assert_eq!(errors(&[0, 1, 1, 0, 2]), expected);
    }

    #[test]
    fn the_highest_number_is_no_overflow() {
        assert_eq!(errors(&[u64::MAX, u64::MAX]).missing, u64::MAX);
    }
}
