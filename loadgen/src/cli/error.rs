//! What is said of a command line that makes no sense: one line, with the next step.

use std::ffi::OsString;
use std::fmt;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::environment::Applied;

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

impl From<String> for UsageError {
    fn from(line: String) -> Self {
        Self::Line(line)
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(text) | Self::Line(text) => formatter.write_str(text),
        }
    }
}

impl UsageError {
    /// Nothing to load was named.
    pub(super) fn no_url() -> Self {
        Self::line("a URL is needed; write loadgen http://HOST:PORT/")
    }

    /// What clap says of `argv`, whose grammar is `command` and to which `variables` have added.
    ///
    /// clap explains itself in paragraphs; the first says what is wrong, and the list of values
    /// that would be right, if there is one, belongs to it.
    pub(super) fn of_clap(
        error: &clap::Error,
        command: &Command,
        argv: &[OsString],
        variables: &Applied,
    ) -> Self {
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
        let subcommand = argv
            .get(1)
            .and_then(|word| command.find_subcommand(word))
            .map(|subcommand| format!(" {}", subcommand.get_name()))
            .unwrap_or_default();
        if subcommand.is_empty() && line.ends_with("not provided: <URL>") {
            return Self::no_url();
        }
        if let Some(surplus) = surplus(error, command) {
            return Self::line(format!("'{surplus}' is one too many; give one URL"));
        }
        let line = as_typed(line, command, argv);
        let set = match error.kind() {
            ErrorKind::MissingRequiredArgument => variables.names(),
            _ => String::new(),
        };
        let line = variables.name_in(line);
        Self::Line(format!("{line}{set}; see loadgen{subcommand} --help"))
    }
}

/// A second URL, which clap takes for a command that it does not know.
fn surplus(error: &clap::Error, command: &Command) -> Option<String> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) if command.find_subcommand(word).is_none() => Some(word.clone()),
        _ => None,
    }
}

/// `line` with flags called as they were typed: clap knows them by their long names.
fn as_typed(line: &str, command: &Command, argv: &[OsString]) -> String {
    let mut line = line.to_owned();
    for flag in command.get_arguments() {
        let (Some(short), Some(long)) = (flag.get_short(), flag.get_long()) else {
            continue;
        };
        let long = format!("--{long}");
        let is_typed = |word: &OsString| word.to_string_lossy().starts_with(&long);
        if !argv.iter().any(is_typed) {
            line = line.replace(&format!("'{long}"), &format!("'-{short}"));
        }
    }
    line
}
