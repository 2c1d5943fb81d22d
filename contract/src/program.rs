//! A server's program in one of its models, started so that the suite can be run against it.

use crate::process::Process;
use crate::subject::Subject;
use crate::transport::Transport;
use anyhow::Result;
use std::process::Command;
use std::time::Duration;

/// The `--read-timeout` of the servers under test: long enough for a client that
/// a busy machine keeps from its next step, short enough to wait for.
pub const READ_TIMEOUT: Duration = Duration::from_millis(600);

/// The `--write-timeout`.
pub const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// The `--idle-timeout`: longer than any check lets a connection rest.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A program and the model that it is to be.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The program's path.
    pub path: &'static str,
    /// What it is told with `--model`.
    pub model: &'static str,
    /// What else the model is told, such as its threads.
    pub flags: &'static [&'static str],
    /// Whether it keeps connections, told so.
    pub keep_alive: bool,
    /// Whether it takes WebSocket clients.
    pub websocket: bool,
}

impl Program {
    /// The command that starts it there with the suite's timeouts.
    #[must_use]
    pub fn command(&self, transport: Transport) -> Command {
        self.command_idling(transport, IDLE_TIMEOUT)
    }

    /// The same with another idle timeout.
    pub(crate) fn command_idling(&self, transport: Transport, idle_timeout: Duration) -> Command {
        let mut command = Command::new(self.path);
        command.args(["--model", self.model]);
        command.args(transport.flags());
        for (flag, timeout) in [
            ("--read-timeout", READ_TIMEOUT),
            ("--write-timeout", WRITE_TIMEOUT),
            ("--idle-timeout", idle_timeout),
        ] {
            command.arg(flag).arg(format!("{}ms", timeout.as_millis()));
        }
        command.args(self.flags);
        command
    }

    /// A process of it as the suite sees it, in the first place where it listens.
    pub(crate) fn subject(&self, process: &Process) -> Subject {
        let (address, tls) = process.place();
        Subject {
            address,
            tls,
            read_timeout: READ_TIMEOUT,
            keep_alive: self.keep_alive,
            websocket: self.websocket,
        }
    }

    /// Starts it, and says how the suite reaches it.
    ///
    /// # Errors
    /// As [`Process::start`].
    pub fn start(&self, transport: Transport) -> Result<(Process, Subject)> {
        let process = Process::start(&mut self.command(transport))?;
        let subject = self.subject(&process);
        Ok((process, subject))
    }
}
