//! What is wrong with a plan: one line that names the file, the line and the next step.

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;

/// Why a plan is none.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is no built-in plan of this name.
    #[error(
        "no built-in plan is called '{name}': there is {known}; a file is named by its path, such as ./{name}.toml"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read the plan {}: {source}; check the path", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it makes no sense.
    #[error("{origin}:{line}: {problem}")]
    Line {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and the next step.
        problem: String,
    },
    /// What was selected is not there.
    #[error("{0}")]
    Selection(String),
}

/// Something wrong in a place of a text.
#[derive(Debug)]
pub(super) struct Problem {
    /// In bytes from the start.
    span: Range<usize>,
    text: String,
}

impl Problem {
    /// Something is wrong with `value`.
    pub(super) fn with<T>(value: &Spanned<T>, text: impl Into<String>) -> Self {
        Self {
            span: value.span(),
            text: text.into(),
        }
    }

    /// Something is wrong with what stands there.
    pub(super) fn at(span: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// Something is wrong with the whole text.
    pub(super) fn at_the_end(of: &str, text: impl Into<String>) -> Self {
        Self {
            span: of.len()..of.len(),
            text: text.into(),
        }
    }

    /// The same as an error that names the line in `text`, which is that of the plan `origin`.
    pub(super) fn in_text(self, text: &str, origin: &str) -> PlanError {
        let before = &text.as_bytes()[..self.span.start.min(text.len())];
        PlanError::Line {
            origin: origin.to_owned(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            problem: self.text,
        }
    }
}

/// Where this key stands, if it is written.
pub(super) fn span<T>(value: Option<&Spanned<T>>) -> Option<Range<usize>> {
    value.map(Spanned::span)
}

/// The first of these keys that is written.
pub(super) fn first_written<const N: usize>(
    keys: [(&'static str, Option<Range<usize>>); N],
) -> Option<(&'static str, Range<usize>)> {
    keys.into_iter().find_map(|(key, span)| Some((key, span?)))
}

impl From<toml::de::Error> for Problem {
    fn from(error: toml::de::Error) -> Self {
        let lines: Vec<&str> = error.message().lines().map(str::trim).collect();
        let text = lines.join(", ");
        // Some of the messages say themselves what to do.
        let says_how = text.contains("expected one of") || text.contains("; give ");
        Self {
            span: error.span().unwrap_or(0..0),
            text: match says_how {
                true => text,
                false => format!("{text}; docs/PLANS.md shows every key"),
            },
        }
    }
}
