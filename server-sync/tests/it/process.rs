//! The server as a process.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Its path.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_server-sync");

/// A server as a process, killed at the end if it still runs.
pub(crate) struct Program {
    pub(crate) child: Child,
    /// Open as long as somebody may read there.
    pub(crate) stdout: Option<BufReader<ChildStdout>>,
    /// What the start line says after `listening on `.
    pub(crate) listening: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(Command::new(PROGRAM).args(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let listening = line.strip_prefix("server-sync listening on ").unwrap();
        Self {
            child,
            listening: listening.trim_end().to_owned(),
            stdout: Some(stdout),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let url = self.listening.strip_prefix("http://").unwrap();
        url.split(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; the status, and what is left of stdout and stderr.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut out).unwrap();
        }
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap(), out, err)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
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
        let pid = program.child.id().to_string();
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
