//! The server as a process.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

use contract::process::{Ended, Process};
use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

/// Its path.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_server-sync");

/// A server as a process, killed at the end if it still runs.
pub(crate) struct Program {
    pub(crate) process: Process,
    /// What the start line says after `listening on `.
    pub(crate) listening: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(Command::new(PROGRAM).args(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let process = Process::start(command).unwrap();
        let listening = process.listening()[0].to_owned();
        Self { process, listening }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.process.tcp_address().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Waits for the end; the status, what is left of stdout, and stderr.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String, String) {
        let Ended { status, out, err } = self.process.ended().unwrap();
        (status, out, err)
    }
}

/// Exit code, stdout and stderr of a run that ends by itself.
pub(crate) fn output(arguments: &[&str]) -> (i32, String, String) {
    output_of(Command::new(PROGRAM).args(arguments))
}

/// The same of a command.
pub(crate) fn output_of(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// A user that nobody is, so that no other process counts among its own.
const OTHER_USER: u32 = 61_234;

/// The program for a user who may not do everything: a copy, where that user may start it.
pub(crate) struct Unprivileged(TempDir);

impl Unprivileged {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        // By another process: a file open for writing, if only in a child that a parallel test is
        // about to start, cannot be run.
        let mut copy = Command::new("cp");
        copy.arg(PROGRAM).arg(directory.path());
        assert!(copy.status().unwrap().success());
        Self(directory)
    }

    /// To be run as another user if this one is root, to whom all is allowed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.wrapped(Command::new(self.program()), arguments)
    }

    /// The same under a limit, as prlimit(1) writes it.
    pub(crate) fn command_under(&self, limit: &str, arguments: &[&str]) -> Command {
        let mut prlimit = Command::new("prlimit");
        prlimit.arg(limit).arg(self.program());
        self.wrapped(prlimit, arguments)
    }

    /// Sets a limit of a process that runs already. Its own user may lower it and raise it again.
    pub(crate) fn limit(&self, program: &Program, limit: &str) {
        let pid = program.process.id().to_string();
        let mut prlimit = self.wrapped(Command::new("prlimit"), &["--pid", &pid, limit]);
        assert!(prlimit.status().unwrap().success());
    }

    fn program(&self) -> std::path::PathBuf {
        self.0.path().join("server-sync")
    }

    fn wrapped(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.0.path());
        if geteuid().is_root() {
            command.uid(OTHER_USER);
        }
        command
    }
}
