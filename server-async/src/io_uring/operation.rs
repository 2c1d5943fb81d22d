//! What the kernel says back with a completion: which operation, and whose.

use crate::slots::Key;

/// Bits of the number that hold the operation.
const OPERATION_BITS: u32 = 3;

/// Bits of the number that hold the owner's slot: more than there can be descriptors.
const SLOT_BITS: u32 = 32 - OPERATION_BITS;

/// The name of an operation: `user_data` of io_uring(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) operation: Operation,
    /// A connection's, which may be gone; or see [`only`].
    pub(super) owner: Key,
}

/// What the kernel was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// To receive once, or whatever comes.
    Receive,
    /// To send the session's output.
    Send,
    /// To accept whoever comes to a door.
    Accept,
    /// To say that somebody stands at a door.
    Knock,
    /// To say that the stop is asked for.
    Stop,
    /// To say that another loop has given back a place, or has put mail somewhere.
    Bell,
    /// To give up one of the others, or to close. Only failures are told of.
    Silent,
}

impl Operation {
    const ALL: [Self; 7] = [
        Self::Receive,
        Self::Send,
        Self::Accept,
        Self::Knock,
        Self::Stop,
        Self::Bell,
        Self::Silent,
    ];

    /// The operation of this kind that `owner` has under way: one at most.
    pub(super) fn of(self, owner: Key) -> Token {
        Token {
            operation: self,
            owner,
        }
    }
}

/// The name of something that is never followed by another of the same number, as connections are:
/// a door, or the loop itself.
pub(super) fn only(slot: u32) -> Key {
    Key {
        slot,
        generation: 0,
    }
}

impl Token {
    /// The number that stands for it.
    pub(super) fn to_number(self) -> u64 {
        debug_assert!(self.owner.slot >> SLOT_BITS == 0);
        let low = self.owner.slot << OPERATION_BITS | self.operation as u32;
        u64::from(self.owner.generation) << 32 | u64::from(low)
    }

    /// What a number stands for.
    pub(super) fn of_number(number: u64) -> Self {
        let low = number as u32;
        let operation = (low & ((1 << OPERATION_BITS) - 1)) as usize;
        Self {
            operation: *Operation::ALL.get(operation).unwrap_or(&Operation::Silent),
            owner: Key {
                slot: low >> OPERATION_BITS,
                generation: (number >> 32) as u32,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    proptest! {
        #[test]
        fn a_token_comes_back_as_it_went(
            operation in select(&Operation::ALL),
            slot in 0_u32..1 << SLOT_BITS,
            generation: u32,
        ) {
            let token = operation.of(Key { slot, generation });
            prop_assert_eq!(Token::of_number(token.to_number()), token);
        }
    }
}
