//! What the kernel says back with a completion: which operation, of which connection.

/// Bits of the number that hold the slot. The plan has fewer connections than that.
const SLOT_BITS: u32 = 30;

const OPERATION_BITS: u32 = 2;

/// The name of an operation: `user_data` of io_uring(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) slot: usize,
    /// Counts the connections of the slot, so that what completes late is known as such.
    pub(super) generation: u32,
    pub(super) operation: Operation,
}

/// What the kernel was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Send,
    Receive,
    /// To give up one of the others.
    Cancel,
}

impl Token {
    /// The number that stands for it.
    pub(super) fn to_number(self) -> u64 {
        debug_assert!(self.slot >> SLOT_BITS == 0);
        let operation = match self.operation {
            Operation::Send => 0,
            Operation::Receive => 1,
            Operation::Cancel => 2,
        };
        u64::from(self.generation) << 32 | (self.slot as u64) << OPERATION_BITS | operation
    }

    /// What a number stands for.
    pub(super) fn of_number(number: u64) -> Self {
        Self {
            slot: (number as u32 >> OPERATION_BITS) as usize,
            generation: (number >> 32) as u32,
            operation: match number & ((1 << OPERATION_BITS) - 1) {
                0 => Operation::Send,
                1 => Operation::Receive,
                _ => Operation::Cancel,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_comes_back_as_it_went(
            slot in 0_usize..1 << SLOT_BITS,
            generation: u32,
            operation in prop_oneof![
                Just(Operation::Send),
                Just(Operation::Receive),
                Just(Operation::Cancel),
            ],
        ) {
            let token = Token { slot, generation, operation };
            prop_assert_eq!(Token::of_number(token.to_number()), token);
        }
    }
}
