//! Who decides how many threads a model has.

use crate::usage::UsageError;

/// Whether `--threads` is heard, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The model is that there is one.
    One,
    /// There are as many as connections.
    OneForEachConnection,
    /// As many as are asked for.
    AsAsked,
}

impl Threads {
    /// Refuses a number that `model` would ignore.
    pub(crate) fn check(self, model: &str, asked: u16) -> Result<(), UsageError> {
        let has = match self {
            Self::AsAsked => return Ok(()),
            Self::One if asked == 1 => return Ok(()),
            Self::One => "one thread",
            Self::OneForEachConnection => {
                "one thread for each connection (--max-connections limits them)"
            }
        };
        Err(UsageError(format!(
            "invalid value '{asked}' for '--threads <N>': model {model} has {has}; \
             see --list-models for those that have a choice"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(threads: Threads, asked: u16) -> Option<String> {
        let refused = threads.check("x", asked).err();
        refused.map(|error| error.to_string())
    }

    #[test]
    fn a_number_that_would_be_ignored_is_refused() {
        assert_eq!(
            complaint(Threads::One, 8).unwrap(),
            "invalid value '8' for '--threads <N>': model x has one thread; \
             see --list-models for those that have a choice"
        );
        assert!(complaint(Threads::OneForEachConnection, 1).is_some());
    }

    #[test]
    fn a_number_that_is_so_anyway_or_is_heard_is_taken() {
        assert_eq!(complaint(Threads::One, 1), None);
        assert_eq!(complaint(Threads::AsAsked, 8), None);
    }
}
