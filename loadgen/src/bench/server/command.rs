//! A server that a command starts, whichever it is.

use std::collections::BTreeSet;
use std::env;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::Ask;
use super::error::ServerError;
use super::process::ProcessGroup;
use super::readiness::Question;
use super::scratch::Scratch;
use crate::bench::plan::CommandLine;
use crate::system::listeners::{addresses_of, holders};
use crate::system::process_table::ProcessTable;

/// How often it is started if somebody else has taken the port meanwhile.
const ATTEMPTS: u32 = 3;

/// How often it is asked whether it is ready.
const POLL: Duration = Duration::from_millis(2);

/// A server that was started here. Dropped, it ends, with all that it started.
#[derive(Debug)]
pub struct CommandServer {
    label: String,
    address: SocketAddr,
    group: ProcessGroup,
    /// Whether it, or something that it started, has the port.
    holds_port: bool,
    // Last, since it is removed when nobody uses it any more.
    _directory: Option<Scratch>,
}

impl CommandServer {
    /// Starts `command`, which is called `label`, on a free port, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// It is not there, ends, goes into the background, or is not ready in time.
    pub fn start(label: &str, command: &CommandLine, ask: &Ask<'_>) -> Result<Self, ServerError> {
        check_command(label, command)?;
        let mut attempt = 1;
        loop {
            match Self::start_on_some_port(label, command, ask) {
                Err(error) if error.is_about_the_port() && attempt < ATTEMPTS => attempt += 1,
                started => return started,
            }
        }
    }

    fn start_on_some_port(
        label: &str,
        command: &CommandLine,
        ask: &Ask<'_>,
    ) -> Result<Self, ServerError> {
        let failed = |source| ServerError::CannotStart {
            label: label.to_owned(),
            source,
        };
        let address = free_address().map_err(failed)?;
        let directory = command.wants_directory().then(Scratch::new);
        let directory = directory.transpose().map_err(failed)?;
        let place = directory.as_ref().map_or(Path::new(""), Scratch::path);
        let words = command.words(address.port(), place);
        let group = ProcessGroup::start(&words, ask.cores, command.ready.as_deref());
        let mut server = Self {
            label: label.to_owned(),
            address,
            group: group.map_err(failed)?,
            holds_port: true,
            _directory: directory,
        };
        server.wait_until_ready(command, ask)?;
        server.holds_port = server.finds_its_port()?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process that all others of it came from; `None` if its port is somebody else's, who
    /// does the work.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.holds_port.then(|| self.group.pid())
    }

    /// That it has not ended by itself.
    ///
    /// # Errors
    ///
    /// It has.
    pub fn check_alive(&mut self) -> Result<(), ServerError> {
        let Some(status) = self.group.status() else {
            return Ok(());
        };
        Err(self
            .in_background(status)
            .unwrap_or_else(|| ServerError::Ended {
                label: self.label.clone(),
                status,
                log: format!("; {}", self.group.last_words()),
            }))
    }

    fn wait_until_ready(
        &mut self,
        command: &CommandLine,
        ask: &Ask<'_>,
    ) -> Result<(), ServerError> {
        let until = Instant::now() + command.ready_longest;
        let question = Question::new(self.address, ask.path, ask.tls);
        let mut question = question.map_err(|source| ServerError::CannotStart {
            label: self.label.clone(),
            source,
        })?;
        loop {
            let is_ready = match &command.ready {
                Some(_) => self.group.has_seen_sign(),
                None => question.is_answered(),
            };
            if let Some(status) = self.group.status() {
                return Err(self.ended_early(status));
            }
            if is_ready {
                return Ok(());
            }
            if ask.interrupted.load(Ordering::Relaxed) {
                return Err(ServerError::Interrupted);
            }
            if Instant::now() >= until {
                return Err(self.not_ready(command));
            }
            thread::sleep(POLL);
        }
    }

    fn ended_early(&mut self, status: ExitStatus) -> ServerError {
        let in_background = self.in_background(status);
        in_background.unwrap_or_else(|| ServerError::EndedEarly {
            label: self.label.clone(),
            status,
            words: self.group.last_words(),
        })
    }

    /// Its first process has done its part, and others have stayed. If it has failed, they are about
    /// to end too.
    fn in_background(&self, status: ExitStatus) -> Option<ServerError> {
        let members = self.group.members();
        let pid = members.first().copied().filter(|_| status.success())?;
        let label = self.label.clone();
        Some(ServerError::InBackground { label, pid })
    }

    fn not_ready(&mut self, command: &CommandLine) -> ServerError {
        let label = self.label.clone();
        let (told, longest) = (self.address, command.ready_longest);
        if let Some(sign) = command.ready.clone() {
            let words = self.group.last_words();
            return ServerError::NoSign {
                label,
                sign,
                longest,
                words,
            };
        }
        let listens = addresses_of(&self.group.members());
        let is_there = |address: &SocketAddr| {
            address.port() == told.port() && (address.is_ipv4() || address.ip().is_unspecified())
        };
        match listens.iter().find(|address| !is_there(address)) {
            Some(&address) if !listens.iter().any(is_there) => ServerError::OtherPort {
                label,
                address,
                port: told.port(),
            },
            _ => ServerError::NoAnswer {
                label,
                port: told.port(),
                longest,
                words: self.group.last_words(),
            },
        }
    }

    /// Whether the port is its own. It is not if it has asked somebody else to serve, such as a
    /// daemon of containers.
    fn finds_its_port(&self) -> Result<bool, ServerError> {
        let holders = holders(self.address);
        let family = ProcessTable::read().family(self.group.pid());
        let family: BTreeSet<u32> = family.iter().map(|row| row.pid).collect();
        // Nobody is seen who runs as another user.
        if holders.is_empty() || !holders.is_disjoint(&family) {
            return Ok(true);
        }
        let members = self.group.members();
        match members.iter().find(|pid| holders.contains(pid)) {
            None => Ok(false),
            Some(&pid) => Err(ServerError::InBackground {
                label: self.label.clone(),
                pid,
            }),
        }
    }
}

/// That the program is there, and can be run.
///
/// # Errors
///
/// It is not.
pub fn check_command(label: &str, command: &CommandLine) -> Result<(), ServerError> {
    let Some(program) = command.program() else {
        return Ok(());
    };
    let candidates: Vec<PathBuf> = match program.contains('/') {
        true => vec![PathBuf::from(program)],
        false => {
            let path = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&path).map(|it| it.join(program)).collect()
        }
    };
    let (label, program) = (label.to_owned(), program.to_owned());
    let files = || candidates.iter().filter(|path| path.is_file());
    match (files().next(), files().any(|path| may_be_run(path))) {
        (_, true) => Ok(()),
        (Some(_), false) => Err(ServerError::NotExecutable { label, program }),
        (None, false) => Err(ServerError::NoProgram { label, program }),
    }
}

fn may_be_run(path: &Path) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// An address of this machine that nobody listens on, which the kernel chooses.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
