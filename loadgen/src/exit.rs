//! How the program ends, as scripts see it.

/// An exit code with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// It could not run, could not write its result, or not one request succeeded.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// A gate or a comparison says worse.
    Worse,
    /// A comparison could not decide, and `--strict` wanted it to.
    Inconclusive,
    /// The run cannot be believed.
    Invalid,
    /// A signal ended it; what was measured by then is written and marked.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Worse => 3,
            Self::Inconclusive => 4,
            Self::Invalid => 5,
            Self::Interrupted => 130,
        }
    }
}
