//! What stderr is, and what a person wants of it.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};

/// What stderr is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// A terminal on which a line can be written over.
    Terminal {
        /// Whether colours are wanted.
        colour: bool,
    },
    /// A file, a pipe, or a terminal that only takes one line after another.
    Log,
}

impl Screen {
    pub(crate) fn of_stderr() -> Self {
        Self::of(io::stderr().is_terminal(), |name| env::var_os(name))
    }

    /// <https://no-color.org>, <https://bixense.com/clicolors> (but for its `CLICOLOR_FORCE`: a log
    /// has no line that is coloured), and `TERM`, which is `dumb` where no line can be written over.
    fn of(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is = |name, value: &str| variable(name).is_some_and(|set| set == value);
        let unwanted = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        match is_terminal && !is("TERM", "dumb") {
            true => Self::Terminal {
                colour: !unwanted && !is("CLICOLOR", "0"),
            },
            false => Self::Log,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURED: Screen = Screen::Terminal { colour: true };
    const PLAIN: Screen = Screen::Terminal { colour: false };

    fn with(variables: &[(&str, &str)]) -> Screen {
        Screen::of(true, |name| {
            let mut set = variables.iter();
            set.find_map(|(set, value)| (*set == name).then(|| (*value).into()))
        })
    }

    #[test]
    fn who_wants_no_colours_says_so_with_a_variable_of_three() {
        assert_eq!(with(&[]), COLOURED);
        assert_eq!(with(&[("NO_COLOR", "")]), COLOURED);
        assert_eq!(with(&[("NO_COLOR", "0")]), PLAIN);
        assert_eq!(with(&[("CLICOLOR", "1")]), COLOURED);
        assert_eq!(with(&[("CLICOLOR", "0")]), PLAIN);
        assert_eq!(with(&[("TERM", "xterm")]), COLOURED);
        assert_eq!(with(&[("TERM", "dumb")]), Screen::Log);
    }

    #[test]
    fn what_is_no_terminal_is_a_log() {
        assert_eq!(Screen::of(false, |_| None), Screen::Log);
    }
}
