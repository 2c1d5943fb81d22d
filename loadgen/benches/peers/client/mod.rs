//! The load generators that are compared. What they print is read in [`output`].

mod output;

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::bare;
use crate::load::Load;
use crate::program;
use crate::server::Running;

/// More requests than ab makes in any round. It keeps a table with so many rows, so the number is
/// not larger than that.
const AB_REQUESTS_MAX: &str = "200000";

/// How long loadgen and the bare loops make load before they count, where the opening of connections
/// is not to be counted, in seconds: ten thousand take a fifth of it.
const OPENING_SECONDS: &str = "1";

/// A load generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Loadgen(Driver),
    Bare(Driver),
    Wrk,
    Ab,
    H2load,
    Oha,
    Hey,
}

/// How bytes move, in loadgen and in the bare loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Epoll,
    IoUring,
}

/// What a client says that it did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) requests: f64,
    pub(crate) elapsed: Duration,
    /// CPU time of these requests, if the client tells it.
    pub(crate) cpu: Option<Duration>,
    /// Most memory that it had resident, if it tells that. What wait4(2) tells of that is no less
    /// than what the benchmark itself had resident when it started the client.
    pub(crate) peak_rss_bytes: Option<f64>,
    /// CPU time for each request of the measured part in microseconds, if the client tells it.
    pub(crate) client_us_per_request: Option<f64>,
    /// The same of the server.
    pub(crate) server_us_per_request: Option<f64>,
    /// Memory that the server took for each connection, if the client tells it.
    pub(crate) server_connection_bytes: Option<f64>,
}

impl Driver {
    pub(crate) const ALL: [Self; 2] = [Self::Epoll, Self::IoUring];

    /// As both programs call it on the command line.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::IoUring => "io-uring",
        }
    }
}

impl Client {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Loadgen(Driver::Epoll) => "loadgen epoll",
            Self::Loadgen(Driver::IoUring) => "loadgen io-uring",
            Self::Bare(Driver::Epoll) => "bare epoll",
            Self::Bare(Driver::IoUring) => "bare io-uring",
            Self::Wrk => "wrk",
            Self::Ab => "ab",
            Self::H2load => "h2load",
            Self::Oha => "oha",
            Self::Hey => "hey",
        }
    }

    pub(crate) fn is_missing(self) -> bool {
        self.program().is_none()
    }

    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Loadgen(_) => Some(program::LOADGEN.into()),
            Self::Bare(_) => env::current_exe().ok(),
            peer => program::peer(peer.label()),
        }
    }

    /// One thread that loads `server` for so long. On their one core oha and hey, too, have one.
    pub(crate) fn command(
        self,
        server: &Running,
        load: &Load,
        seconds: u64,
    ) -> anyhow::Result<Command> {
        let mut command = Command::new(self.program().context("it is not there")?);
        let connections = load.connections.to_string();
        let seconds_with_unit = format!("{seconds}s");
        match self {
            Self::Bare(driver) => {
                command.args([bare::FLAG, driver.label(), "--address"]);
                command.arg(server.address.to_string());
                command.args(["--seconds", &seconds.to_string()]);
                command.args(["--connections", &connections]);
                command.args((!load.keep_alive).then_some("--new-connections"));
                if load.opened_before {
                    command.args(["--opening-seconds", OPENING_SECONDS]);
                }
                return Ok(command);
            }
            Self::Loadgen(driver) => {
                command.args(["--threads", "1", "-q", "--driver", driver.label()]);
                command.args(["--duration", &seconds_with_unit]);
                command.args(load.keep_alive.then_some("-k"));
                if load.opened_before {
                    command.args(["--warmup", OPENING_SECONDS]);
                }
                if load.idle > 0 {
                    command.args(["--idle-connections", &load.idle.to_string()]);
                    command.args(["--server-pid", &server.pid.to_string()]);
                }
            }
            Self::Wrk => {
                command.args(["-t", "1", "-d", &seconds_with_unit]);
                // The others send these by themselves; without them the server would have less to do.
                command.args(["-H", "User-Agent: wrk", "-H", "Accept: */*"]);
            }
            Self::Ab => {
                command.args(["-q", "-t", &seconds.to_string(), "-n", AB_REQUESTS_MAX]);
                command.args(load.keep_alive.then_some("-k"));
            }
            Self::H2load => {
                command.args(["--h1", "-t", "1", "-D", &seconds.to_string()]);
            }
            Self::Oha => {
                command.args(["--no-tui", "--output-format", "json", "--insecure"]);
                command.args(["-z", &seconds_with_unit]);
                command.args((!load.keep_alive).then_some("--disable-keepalive"));
            }
            Self::Hey => {
                command.args(["-cpus", "1", "-z", &seconds_with_unit]);
                command.args((!load.keep_alive).then_some("-disable-keepalive"));
            }
        }
        command.args(["-c", &connections, &server.url(&load.path())]);
        Ok(command)
    }

    /// Reads what the client printed of this load.
    pub(crate) fn read(self, load: &Load, stdout: &str) -> anyhow::Result<Done> {
        let done = output::read(self, load, stdout);
        let done = done.with_context(|| format!("what {} printed is no result", self.label()))?;
        ensure!(done.requests > 0.0, "{} made no request", self.label());
        Ok(done)
    }
}
