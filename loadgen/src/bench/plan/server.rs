//! A server of a plan.

use std::fmt::{Display, Formatter, Result};
use std::path::PathBuf;

use super::command::CommandLine;
use crate::bench::server::path_at;
use crate::plan::Url;

/// A server, and how one gets to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// What people call it.
    pub label: String,
    /// How it comes to be there.
    pub start: Start,
}

/// How a server comes to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A program of this project, started for each run, and held to the contract.
    Ours(Program),
    /// Any command, started for each run.
    Command(CommandLine),
    /// Somebody else has started it, and ends it: only its URL is known.
    Url(Url),
}

/// A program of this project, and the way it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its file.
    pub program: PathBuf,
    /// Its concurrency model.
    pub model: String,
    /// Whether it keeps connections open for those who want it.
    pub keep_alive: bool,
    /// Further flags.
    pub flags: Vec<String>,
}

impl ServerSpec {
    /// The program, if it is one of this project.
    #[must_use]
    pub fn ours(&self) -> Option<&Program> {
        match &self.start {
            Start::Ours(program) => Some(program),
            Start::Command(_) | Start::Url(_) => None,
        }
    }

    /// What it is asked for where others are asked for `path`.
    #[must_use]
    pub fn path<'a>(&'a self, path: &'a str) -> &'a str {
        self.url().map_or(path, |url| path_at(&url.path, path))
    }

    /// Where it runs already, if it does.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match &self.start {
            Start::Url(url) => Some(url),
            Start::Ours(_) | Start::Command(_) => None,
        }
    }
}

impl Display for ServerSpec {
    /// As a shell would start it, `server-sync --model sequential`, or its URL.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match &self.start {
            Start::Ours(program) => program.fmt(formatter),
            Start::Command(command) => command.fmt(formatter),
            Start::Url(url) => formatter.write_str(&url.masked),
        }
    }
}

impl Display for Program {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let program = self.program.file_name().unwrap_or_default();
        write!(
            formatter,
            "{} --model {}",
            program.to_string_lossy(),
            self.model
        )?;
        self.flags
            .iter()
            .try_for_each(|flag| write!(formatter, " {flag}"))
    }
}
