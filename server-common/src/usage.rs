//! The command line read, its errors said in one line.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use clap::builder::ArgPredicate;
use clap::error::ErrorKind;
use clap::{Command, Parser};

use crate::program::{cannot_print, complain, print};
use crate::shell;

/// Exit code of a command line that cannot be understood.
pub const EXIT_USAGE: u8 = 2;

/// Flags that are right one by one and make no sense together: one line, with the next step.
#[derive(Debug)]
pub struct UsageError(pub String);

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for UsageError {}

/// Reads the command line of a server whose `--listen` is `default_listen` when neither it nor
/// `--unix` is given.
///
/// # Errors
///
/// The code to exit with: after help or version, which are on stdout, 0, or 1 if they cannot be
/// written there; after an error, which is on stderr in one line, 2.
pub fn parse<Cli: Parser>(default_listen: &'static str) -> Result<Cli, ExitCode> {
    let command = command::<Cli>(default_listen);
    let server = Cli::command().get_name().to_owned();
    let matches = shell::with_flags(command.clone()).try_get_matches();
    let matches = matches.map_err(|error| tell(&server, &error))?;
    if let Some(text) = shell::asked_for(command, &matches) {
        return Err(show(&server, &text));
    }
    Cli::from_arg_matches(&matches).map_err(|error| tell(&server, &error))
}

/// Prints what takes the place of serving.
fn show(server: &str, text: &str) -> ExitCode {
    match print("what was asked for", text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(server, &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn tell(server: &str, error: &clap::Error) -> ExitCode {
    let is_asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if !is_asked_for {
        complain(server, &one_line(error));
        return ExitCode::from(EXIT_USAGE);
    }
    match error.print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(server, &cannot_print("the help", &error).to_string());
            ExitCode::FAILURE
        }
    }
}

fn command<Cli: Parser>(default_listen: &'static str) -> Command {
    Cli::command().mut_arg("listen", |listen| {
        listen
            .default_value_if("unix", ArgPredicate::IsPresent, None)
            .default_value(default_listen)
    })
}

/// clap's message without its usage block, which says in ten lines what `--help` says better.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let message: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .filter(|line| !line.is_empty())
        .collect();
    let message = message.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    format!("{message}; see --help")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    use crate::flags::Flags;

    #[derive(Debug, Parser)]
    #[command(name = "server")]
    struct Cli {
        #[command(flatten)]
        flags: Flags,
    }

    fn parse(arguments: &[&str]) -> Result<Flags, String> {
        let command = command::<Cli>("0.0.0.0:7080");
        let matches = command.try_get_matches_from([&["server"], arguments].concat());
        matches
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .map(|cli| cli.flags)
            .map_err(|error| one_line(&error))
    }

    fn listen(arguments: &[&str]) -> Vec<String> {
        let flags = parse(arguments).unwrap();
        flags.listen.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_default_address_stands_only_if_no_other_place_is_named() {
        assert_eq!(listen(&[]), ["0.0.0.0:7080"]);
        assert_eq!(listen(&["--listen", "[::1]:0"]), ["[::1]:0"]);
        assert_eq!(listen(&["--unix", "/x"]), [""; 0]);
        let both = ["--unix", "/x", "--listen", "127.0.0.1:1"];
        assert_eq!(listen(&both), ["127.0.0.1:1"]);
    }

    #[test]
    fn an_error_is_one_line_that_names_the_flag_and_the_next_step() {
        for (arguments, expected) in [
            (
                vec!["--idle-timeout", "5d"],
                "invalid value '5d' for '--idle-timeout <TIME>': a time is a number with us, ms, s, m or h, such as 300ms or 5s; see --help",
            ),
            (
                vec!["--threads", "0"],
                "invalid value '0' for '--threads <N>': 0 is not in 1..=1024; see --help",
            ),
            (
                vec!["--listen", "7080"],
                "invalid value '7080' for '--listen <ADDR>': needs an address and a port, such as 127.0.0.1:7080 or [::]:7080; see --help",
            ),
            (
                vec!["--frobnicate"],
                "unexpected argument '--frobnicate' found; see --help",
            ),
            (
                vec!["--keep-alive", "--no-keep-alive"],
                "the argument '--keep-alive' cannot be used with '--no-keep-alive'; see --help",
            ),
        ] {
            assert_eq!(parse(&arguments).unwrap_err(), expected);
        }
    }
}
