//! Servers that are none of this project's.

use std::ffi::OsStr;
use std::time::Duration;

use clap::{ArgMatches, Args, Id, ValueHint};

use super::super::UsageError;
use super::super::environment::is_typed;
use super::load::Load;
use crate::bench::plan::{CommandLine, check_label};
use crate::bench::{ServerSpec, Start};
use crate::plan::{Scheme, Url, mask_password, seconds};

/// Servers that are none of this project's.
#[derive(Debug, Args)]
#[command(next_help_heading = "Any servers")]
pub(super) struct Servers {
    /// Servers that run already, two or more, in place of a plan; the others are measured against
    /// the first
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    urls: Vec<String>,
    /// What the servers of the URLs are called, in their order; repeatable [default: HOST-PORT]
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// A server that is started for each run: its name and its command, in which {port} stands for
    /// a free port and {directory} for a directory of its own. Words are split as a shell does, and
    /// no shell is started: write sh -c '…' for one. Repeatable. Without `=` only servers of a plan
    /// with this label, in which * and ? stand for others
    #[arg(long, value_name = "NAME=COMMAND")]
    server: Vec<String>,
    /// What is in a line of output of each command that is ready [default: it is when it answers]
    #[arg(long, value_name = "TEXT")]
    ready: Option<String>,
    /// How long a command may take to be ready [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    ready_timeout: Option<Duration>,
}

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// In place of those of a plan: commands in their order, then URLs in theirs.
    pub(super) servers: Vec<ServerSpec>,
    /// Labels of a plan's servers.
    pub(super) patterns: Vec<String>,
}

impl Servers {
    /// Flags that nobody typed and that have no place beside those that were: a plan beside servers
    /// of one's own, and what is said of these without any. `set` is what a variable says for
    /// `--server`.
    pub(super) fn out_of_place_beside(typed: &ArgMatches, set: Option<&OsStr>) -> Vec<Id> {
        let is_command = |value: &str| value.contains('=');
        let sets_command = set.map(|value| is_command(&value.to_string_lossy()));
        let mut servers = typed.get_many::<String>("server").into_iter().flatten();
        let has_url = is_typed(typed, "urls");
        let has_command = servers.any(|it| is_command(it));
        let starts = has_command || sets_command == Some(true) && !is_typed(typed, "plan");
        let is_own = has_url || starts;
        let gone = [
            ("plan", has_url || has_command),
            (
                "server",
                sets_command.is_some_and(|command| command != is_own),
            ),
            ("name", !has_url),
            ("ready", !starts),
            ("ready_timeout", !starts),
        ];
        let gone = gone.into_iter().filter(|(_, is_gone)| *is_gone);
        let load = if is_own { Vec::new() } else { Load::ids() };
        gone.map(|(flag, _)| flag.into()).chain(load).collect()
    }

    /// The servers, or a part of the plan's.
    pub(super) fn asked(self) -> Result<Asked, UsageError> {
        let is_url = |value: &&String| Url::parse(value).is_ok();
        if let Some(url) = self.server.iter().find(is_url) {
            let url = mask_password(url);
            return Err(UsageError::line(format!(
                "--server {url} is a URL; give it without --server, and its name with --name"
            )));
        }
        let (commands, patterns): (Vec<&String>, Vec<&String>) =
            self.server.iter().partition(|value| value.contains('='));
        if commands.is_empty() && self.urls.is_empty() {
            return self.patterns_alone();
        }
        if let Some(pattern) = patterns.first() {
            let pattern = pattern.escape_debug();
            return Err(UsageError::line(format!(
                "--server '{pattern}' is the label of a plan's server; write NAME=COMMAND, or give \
                 neither URLs nor commands"
            )));
        }
        self.check_ready(commands.is_empty())?;
        let mut servers = self.of_commands(&commands)?;
        self.add_urls(&mut servers)?;
        check_labels(&servers)?;
        check_schemes(&servers)?;
        Ok(Asked {
            servers,
            patterns: Vec::new(),
        })
    }

    fn patterns_alone(self) -> Result<Asked, UsageError> {
        let alone = [
            ("--name", !self.name.is_empty(), "a URL"),
            ("--ready", self.ready.is_some(), "--server NAME=COMMAND"),
            (
                "--ready-timeout",
                self.ready_timeout.is_some(),
                "--server NAME=COMMAND",
            ),
        ];
        match alone.into_iter().find(|(_, is_given, _)| *is_given) {
            Some((flag, _, with)) => Err(goes_with(flag, with)),
            None => Ok(Asked {
                servers: Vec::new(),
                patterns: self.server,
            }),
        }
    }

    fn check_ready(&self, has_no_command: bool) -> Result<(), UsageError> {
        let waits = [
            ("--ready", self.ready.is_some()),
            ("--ready-timeout", self.ready_timeout.is_some()),
        ];
        let waits = waits
            .into_iter()
            .find(|(_, is_given)| *is_given && has_no_command);
        if let Some((flag, _)) = waits {
            return Err(goes_with(flag, "--server NAME=COMMAND"));
        }
        match self.ready.as_deref() {
            Some("") => Err(UsageError::line(
                "--ready is empty; give a part of the line that says so",
            )),
            _ => Ok(()),
        }
    }

    fn of_commands(&self, commands: &[&String]) -> Result<Vec<ServerSpec>, UsageError> {
        let server = |value: &&String| {
            let (label, text) = value.split_once('=').unwrap_or_default();
            let wrong = |problem| UsageError::line(format!("--server {}: {problem}", shown(label)));
            check_label(label).map_err(wrong)?;
            let mut command = CommandLine::parse(text).map_err(wrong)?;
            command.ready.clone_from(&self.ready);
            command.ready_longest = self.ready_timeout.unwrap_or(command.ready_longest);
            Ok(ServerSpec {
                label: label.to_owned(),
                start: Start::Command(command),
            })
        };
        commands.iter().map(server).collect()
    }

    fn add_urls(&self, servers: &mut Vec<ServerSpec>) -> Result<(), UsageError> {
        if self.name.len() > self.urls.len() {
            let (names, urls) = (self.name.len(), self.urls.len());
            return Err(UsageError::line(format!(
                "--name is given {names} times for {urls} URLs; give each URL one, in their order \
                 (a command has its name in --server NAME=COMMAND)"
            )));
        }
        for (place, text) in self.urls.iter().enumerate() {
            let url = Url::parse(text).map_err(|error| UsageError::line(error.to_string()))?;
            let label = match self.name.get(place) {
                Some(name) => {
                    let wrong = |problem| UsageError::line(format!("--name: {problem}"));
                    check_label(name).map_err(wrong)?;
                    name.clone()
                }
                None => label_of(&url, servers),
            };
            let start = Start::Url(url);
            servers.push(ServerSpec { label, start });
        }
        Ok(())
    }
}

/// A plan says what its servers are.
pub(super) fn with_plan() -> UsageError {
    UsageError::line(
        "--plan says which servers there are; drop it, or write the servers into the plan \
         (docs/PLANS.md)",
    )
}

/// Whether the URLs are https; `None` if there are none.
pub(super) fn is_https(servers: &[ServerSpec]) -> Option<bool> {
    let url = servers.iter().find_map(ServerSpec::url);
    url.map(|url| url.scheme == Scheme::Https)
}

/// That TLS is not asked for beside URLs without it.
pub(super) fn check_tls(servers: &[ServerSpec], tls: bool) -> Result<(), UsageError> {
    let mut urls = servers.iter().filter_map(ServerSpec::url);
    match urls.find(|url| tls && url.scheme == Scheme::Http) {
        None => Ok(()),
        Some(url) => Err(UsageError::line(format!(
            "--tls is for all servers, and {} is http; give it as https, or drop --tls",
            url.masked
        ))),
    }
}

/// That `path` is for some server: a URL with a path is asked for that.
pub(super) fn check_path(servers: &[ServerSpec], path: Option<&str>) -> Result<(), UsageError> {
    match path {
        Some(path) if servers.iter().all(|server| server.path("/") != "/") => {
            Err(UsageError::line(format!(
                "--path {path} is for servers that have no path in a URL, and here all have; drop \
                 it, or the paths of the URLs"
            )))
        }
        _ => Ok(()),
    }
}

/// That there is something to compare; one alone can be compared with itself.
pub(super) fn check_count(
    servers: &[ServerSpec],
    is_against_itself: bool,
) -> Result<(), UsageError> {
    match servers {
        [only] if !is_against_itself => Err(UsageError::line(format!(
            "{} is the only server; give another URL or --server NAME=COMMAND, or --a-a to measure \
             it against itself",
            only.label
        ))),
        _ => Ok(()),
    }
}

fn goes_with(flag: &str, with: &str) -> UsageError {
    UsageError::line(format!("{flag} goes with {with}; add it, or drop {flag}"))
}

fn check_labels(servers: &[ServerSpec]) -> Result<(), UsageError> {
    let labels: Vec<&str> = servers.iter().map(|server| server.label.as_str()).collect();
    let twice = (1..labels.len()).find(|&place| labels[..place].contains(&labels[place]));
    match twice {
        None => Ok(()),
        Some(place) => Err(UsageError::line(format!(
            "two servers are called {}; give each a name of its own",
            labels[place]
        ))),
    }
}

/// Over TLS a server does another work, which would be taken for a difference between servers.
fn check_schemes(servers: &[ServerSpec]) -> Result<(), UsageError> {
    let urls: Vec<&Url> = servers.iter().filter_map(ServerSpec::url).collect();
    let other = urls.iter().find(|url| url.scheme != urls[0].scheme);
    match other {
        None => Ok(()),
        Some(other) => Err(UsageError::line(format!(
            "{} and {} differ in their scheme, and TLS would be taken for a difference between the \
             servers; give both as http or both as https",
            urls[0].masked, other.masked
        ))),
    }
}

/// Host and port in letters that a file's name may have: `127-0-0-1-8080`, and with a number if
/// another server is called so.
fn label_of(url: &Url, others: &[ServerSpec]) -> String {
    let place = url.host_and_port();
    let words: Vec<&str> = place
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let label = words.join("-");
    // Room for a number; all characters are ASCII.
    let label = &label[..label.len().min(60)];
    let is_free = |label: &String| others.iter().all(|other| other.label != *label);
    let numbered = (2..).map(|number| format!("{label}-{number}"));
    let mut labels = std::iter::once(label.to_owned()).chain(numbered);
    labels.find(is_free).unwrap_or_default()
}

fn shown(label: &str) -> String {
    label.escape_debug().to_string()
}
