//! A server as a program: its messages and its exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Parser;

use crate::usage::{self, EXIT_USAGE, UsageError};

/// Reads the command line, runs the server, and says on stderr what went wrong.
pub fn main<Cli: Parser>(
    server: &str,
    default_listen: &'static str,
    run: impl FnOnce(&Cli) -> anyhow::Result<()>,
) -> ExitCode {
    let cli = match usage::parse(default_listen) {
        Ok(cli) => cli,
        Err(exit_code) => return exit_code,
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(server, &format!("{error:#}"));
            match error.is::<UsageError>() {
                true => ExitCode::from(EXIT_USAGE),
                false => ExitCode::FAILURE,
            }
        }
    }
}

/// Prints the models on stdout, one a line, each with what it does.
///
/// # Errors
///
/// Those of stdout.
pub fn list_models(
    models: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> anyhow::Result<()> {
    let line = |(label, description)| format!("{label:<22} {description}\n");
    print(
        "the models",
        &models.into_iter().map(line).collect::<String>(),
    )
}

/// Writes `text`, which the error calls `what`, to stdout and flushes it.
pub(crate) fn print(what: &str, text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    written.map_err(|error| cannot_print(what, &error))
}

/// What to do if stdout does not take `what`.
pub(crate) fn cannot_print(what: &str, error: &io::Error) -> anyhow::Error {
    anyhow!(
        "cannot write {what} to stdout: {error}; \
         send it where there is room and somebody reads, or to /dev/null"
    )
}

/// One line on stderr. A server goes on, whether or not somebody reads there.
pub fn complain(server: &str, line: &str) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{server}: {line}\n").as_bytes());
}
