//! A server, from its start to its end: one of this project, one that a command starts, or one that
//! runs already.
//!
//! In reading order: `ours`; `command`, which is a `process` and all that it starts, is asked for
//! its `readiness`, and may have a `scratch` directory; `url`; the `log` of what it says; `error`.

mod command;
mod error;
mod log;
mod ours;
mod process;
mod readiness;
mod scratch;
mod url;

use std::sync::atomic::AtomicBool;

pub use command::{CommandServer, check_command};
pub use error::ServerError;
pub use ours::{OurServer, check_program};
pub use url::{Seen, UrlServer};

use super::plan::{ServerSpec, Start};
use crate::plan::{Scheme, ServerProcess};
use crate::system::affinity::CpuSet;

/// What is asked of a server that is to be loaded.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Further flags of one of this project.
    pub flags: &'a [String],
    /// A path that it answers to.
    pub path: &'a str,
    /// Whether it is to speak TLS.
    pub tls: bool,
    /// The cores that it is started on.
    pub cores: &'a CpuSet,
    /// Ends the waiting for it when it is set.
    pub interrupted: &'a AtomicBool,
}

/// A server that is there.
#[derive(Debug)]
pub enum RunningServer {
    /// One of this project.
    Ours(OurServer),
    /// One that a command has started.
    Command(CommandServer),
    /// One that ran already.
    Url(UrlServer),
}

impl RunningServer {
    /// Starts `spec`, unless it runs already.
    ///
    /// # Errors
    ///
    /// It cannot be started, or is not ready in time.
    pub fn start(spec: &ServerSpec, ask: &Ask<'_>) -> Result<Self, ServerError> {
        match &spec.start {
            Start::Ours(program) => {
                let mut flags = ask.flags.to_vec();
                if ask.tls {
                    flags.push("--tls".to_owned());
                }
                OurServer::start(&spec.label, program, &flags, ask.cores).map(Self::Ours)
            }
            Start::Command(command) => {
                CommandServer::start(&spec.label, command, ask).map(Self::Command)
            }
            Start::Url(url) => Ok(Self::Url(UrlServer::find(url))),
        }
    }

    /// The URL of `path` at it, over TLS or not. A URL that has a path of its own keeps it.
    #[must_use]
    pub fn url(&self, path: &str, tls: bool) -> String {
        let scheme = if tls { Scheme::Https } else { Scheme::Http }.label();
        match self {
            Self::Ours(server) => format!("{scheme}://{}{path}", server.address()),
            Self::Command(server) => format!("{scheme}://{}{path}", server.address()),
            Self::Url(server) => {
                let url = server.url();
                let user = url
                    .userinfo
                    .as_ref()
                    .map_or(String::new(), |it| format!("{it}@"));
                format!(
                    "{}://{user}{}{}",
                    url.scheme.label(),
                    url.authority(),
                    path_at(url.path.as_str(), path)
                )
            }
        }
    }

    /// The process whose cost is measured, if there is one that may be seen.
    #[must_use]
    pub fn process(&self, spec: &ServerSpec, cores: &CpuSet) -> Option<ServerProcess> {
        let (pid, is_family, cores) = match self {
            Self::Ours(server) => (server.pid(), false, Some(cores)),
            Self::Command(server) => (server.pid()?, true, Some(cores)),
            Self::Url(server) => match server.process() {
                Seen::Process(pid) => (pid, true, None),
                Seen::Hidden | Seen::Elsewhere => return None,
            },
        };
        Some(ServerProcess {
            pid,
            is_family,
            label: spec.label.clone(),
            model: spec.ours().map(|program| program.model.clone()),
            cores: cores.cloned(),
        })
    }

    /// That it has not ended by itself.
    ///
    /// # Errors
    ///
    /// It has.
    pub fn check_alive(&mut self) -> Result<(), ServerError> {
        match self {
            Self::Ours(server) => server.check_alive(),
            Self::Command(server) => server.check_alive(),
            // Nobody here would know how it ended; that it does not answer is in the record.
            Self::Url(_) => Ok(()),
        }
    }
}

/// The path that is asked for at a URL: its own, unless that is `/`.
#[must_use]
pub fn path_at<'a>(own: &'a str, asked: &'a str) -> &'a str {
    match own {
        "/" => asked,
        own => own,
    }
}

/// That what starts the server is there.
///
/// # Errors
///
/// It is not.
pub fn check(spec: &ServerSpec) -> Result<(), ServerError> {
    match &spec.start {
        Start::Ours(program) => check_program(program),
        Start::Command(command) => check_command(&spec.label, command),
        Start::Url(_) => Ok(()),
    }
}
