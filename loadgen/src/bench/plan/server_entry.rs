//! A `[[server]]` of a plan: one of three kinds, told by its keys.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::Scenario;
use super::command::CommandLine;
use super::error::{Problem, first_written, span};
use super::name::check_name;
use super::server::{Program, ServerSpec, Start};
use crate::plan::{Scheme, Url, seconds};

/// The keys of a `[[server]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table under [[server]]")]
pub(super) struct ServerEntry {
    label: Spanned<String>,
    program: Option<Spanned<String>>,
    model: Option<Spanned<String>>,
    keep_alive: Option<Spanned<bool>>,
    flags: Option<Spanned<Vec<String>>>,
    command: Option<Spanned<String>>,
    ready: Option<Spanned<String>>,
    ready_timeout: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
}

/// What a server is by the key that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Program,
    Command,
    Url,
}

/// The servers of these entries. `programs` is the directory of those of this project.
pub(super) fn servers(
    entries: &[ServerEntry],
    programs: &Path,
) -> Result<Vec<ServerSpec>, Problem> {
    let mut servers: Vec<ServerSpec> = Vec::with_capacity(entries.len());
    for entry in entries {
        let label = entry.label.get_ref();
        check_name(&entry.label, label)?;
        if servers.iter().any(|other| other.label == *label) {
            let problem = format!("two servers are called {label}; give each a label of its own");
            return Err(Problem::with(&entry.label, problem));
        }
        servers.push(ServerSpec {
            label: label.clone(),
            start: entry.start(programs)?,
        });
    }
    Ok(servers)
}

impl ServerEntry {
    fn start(&self, programs: &Path) -> Result<Start, Problem> {
        let kind = self.kind()?;
        self.check_keys(kind)?;
        match (kind, &self.program, &self.command, &self.url) {
            (Kind::Program, Some(program), _, _) => Ok(Start::Ours(self.ours(program, programs)?)),
            (Kind::Command, _, Some(command), _) => Ok(Start::Command(self.command(command)?)),
            (Kind::Url, _, _, Some(url)) => Ok(Start::Url(base(url)?)),
            _ => Err(Problem::with(&self.label, "a server has one kind")),
        }
    }

    fn kind(&self) -> Result<Kind, Problem> {
        let kinds = [
            (Kind::Program, self.program.as_ref()),
            (Kind::Command, self.command.as_ref()),
            (Kind::Url, self.url.as_ref()),
        ];
        let mut written = kinds.iter().filter_map(|(kind, key)| Some((kind, (*key)?)));
        let Some((kind, first)) = written.next() else {
            let problem = format!(
                "nothing says what {} is; add program and model, or command, or url",
                self.label.get_ref()
            );
            return Err(Problem::with(&self.label, problem));
        };
        match written.next() {
            None => Ok(*kind),
            Some((other, second)) => {
                let (one, two) = (kind.key(), other.key());
                let problem = format!("{one} and {two} exclude each other; drop one of them");
                let later = [first, second].into_iter().max_by_key(|it| it.span().start);
                Err(Problem::with(later.unwrap_or(second), problem))
            }
        }
    }

    /// That each key belongs to this kind.
    fn check_keys(&self, kind: Kind) -> Result<(), Problem> {
        let of_program = first_written([
            ("model", span(self.model.as_ref())),
            ("keep_alive", span(self.keep_alive.as_ref())),
            ("flags", span(self.flags.as_ref())),
        ]);
        let of_command = first_written([
            ("ready", span(self.ready.as_ref())),
            ("ready_timeout", span(self.ready_timeout.as_ref())),
        ]);
        for (of, written) in [(Kind::Program, of_program), (Kind::Command, of_command)] {
            if let Some((key, span)) = written.filter(|_| of != kind) {
                let problem = format!(
                    "{key} goes with {}, and this server has {}; drop it",
                    of.key(),
                    kind.key()
                );
                return Err(Problem::at(span, problem));
            }
        }
        Ok(())
    }

    fn ours(&self, program: &Spanned<String>, programs: &Path) -> Result<Program, Problem> {
        let Some(model) = &self.model else {
            let problem = "program goes with model; add it: server-sync --list-models shows them";
            return Err(Problem::with(program, problem));
        };
        for (value, key) in [(program, "program"), (model, "model")] {
            if value.get_ref().is_empty() {
                let problem = format!("{key} is empty; say what is started");
                return Err(Problem::with(value, problem));
            }
        }
        Ok(Program {
            program: path(program.get_ref(), programs),
            model: model.get_ref().clone(),
            keep_alive: self.keep_alive.as_ref().is_none_or(|it| *it.get_ref()),
            flags: self
                .flags
                .as_ref()
                .map_or(Vec::new(), |it| it.get_ref().clone()),
        })
    }

    fn command(&self, text: &Spanned<String>) -> Result<CommandLine, Problem> {
        let problem = |problem| Problem::with(text, format!("command: {problem}"));
        let mut command = CommandLine::parse(text.get_ref()).map_err(problem)?;
        if let Some(ready) = self.ready.as_ref().filter(|it| it.get_ref().is_empty()) {
            let problem = "ready is empty; give a part of the line that says so, or drop it";
            return Err(Problem::with(ready, problem));
        }
        command.ready = self.ready.as_ref().map(|it| it.get_ref().clone());
        if let Some(value) = &self.ready_timeout {
            let problem = |problem| Problem::with(value, format!("ready_timeout: {problem}"));
            command.ready_longest = seconds(value.get_ref()).map_err(problem)?;
        }
        Ok(command)
    }

    /// What must be true of this server in `scenario`, which it bears.
    fn check_load(&self, server: &ServerSpec, scenario: &Scenario) -> Result<(), Problem> {
        let (label, name) = (&server.label, &scenario.name);
        if let (Some(text), Some(url)) = (&self.url, server.url()) {
            let is_tls = url.scheme == Scheme::Https;
            if is_tls != scenario.tls {
                let (scheme, tls) = (url.scheme.label(), scenario.tls);
                let problem = format!(
                    "{label} is {scheme}, and scenario {name} has tls = {tls}; correct one of \
                     them, or leave {label} out of it"
                );
                return Err(Problem::with(text, problem));
            }
        }
        if server.ours().is_none() && !scenario.flags.is_empty() {
            let problem = format!(
                "scenario {name} has flags, which are for programs of this project; leave {label} \
                 out of it"
            );
            return Err(Problem::with(&self.label, problem));
        }
        Ok(())
    }
}

/// That the servers of `entries` can bear the loads that they are to bear.
pub(super) fn check_loads(
    entries: &[ServerEntry],
    servers: &[ServerSpec],
    scenarios: &[Scenario],
) -> Result<(), Problem> {
    let mut loads = scenarios
        .iter()
        .flat_map(|scenario| scenario.servers.iter().map(move |&place| (place, scenario)));
    loads.try_for_each(|(place, scenario)| entries[place].check_load(&servers[place], scenario))
}

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Command => "command",
            Self::Url => "url",
        }
    }
}

/// A URL without a path: that is the scenarios' to say.
fn base(text: &Spanned<String>) -> Result<Url, Problem> {
    let url = Url::parse(text.get_ref());
    let url = url.map_err(|error| Problem::with(text, error.to_string()))?;
    match url.path.as_str() {
        "/" => Ok(url),
        path => {
            let path = path.escape_debug();
            let problem = format!("the url ends in '{path}'; drop it: scenarios have a path");
            Err(Problem::with(text, problem))
        }
    }
}

/// A bare name is that of a program beside loadgen; anything else is a path.
fn path(name: &str, programs: &Path) -> PathBuf {
    match name.contains('/') {
        true => PathBuf::from(name),
        false => programs.join(name),
    }
}
