//! What is said of a command line that makes no sense: one line, with the next step.

use std::fmt;

/// A usage error, or a request for help or the version, which is none.
#[derive(Debug)]
pub enum UsageError {
    /// The text that was asked for, for stdout.
    Asked(String),
    /// One line, for stderr.
    Line(String),
}

impl UsageError {
    /// An error of one line.
    pub fn line(text: impl Into<String>) -> Self {
        Self::Line(text.into())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(text) | Self::Line(text) => formatter.write_str(text),
        }
    }
}

impl From<clap::Error> for UsageError {
    /// clap explains itself in paragraphs; the first says what is wrong, and the list of values
    /// that would be right, if there is one, belongs to it.
    fn from(error: clap::Error) -> Self {
        let text = error.to_string();
        if !error.use_stderr() {
            return Self::Asked(text);
        }
        let paragraph = text
            .lines()
            .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("tip:"));
        let line = paragraph.collect::<Vec<_>>().join(" ");
        let line = line.strip_prefix("error: ").unwrap_or(&line);
        Self::Line(format!("{line}; see loadgen --help"))
    }
}
