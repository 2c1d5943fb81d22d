//! The servers that are compared, and one of them running.
//!
//! - [`nginx`]: its configuration and what it serves;
//! - [`pausing`]: a server of the benchmark itself, for the open loop.

mod nginx;
mod pausing;

pub(crate) use pausing::{PAUSE, PERIOD, PausingServer};

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use loadgen::system::process::ProcessSample;

use crate::Bench;
use crate::process::Process;
use crate::program;

/// What every server answers: 50 bytes, so that it is the server and not the page that differs.
const PAGE: &str = "<html><body><h1>Hello 127.0.0.1</h1></body></html>";

/// How long a server may take until it answers.
const START_LONGEST: Duration = Duration::from_secs(5);

/// How often a server that starts is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server and its concurrency model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// server-sync, `sequential`.
    Sequential,
    /// server-async, `tokio`.
    Tokio,
    /// One worker process, no access log.
    Nginx,
    /// The same over TLS, with a certificate for P-256.
    NginxTls,
}

/// A server that answers.
pub(crate) struct Running {
    server: Server,
    pub(crate) address: SocketAddr,
    /// The process that answers.
    pid: u32,
    process: Process,
}

impl Server {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Tokio => "tokio",
            Self::Nginx => "nginx",
            Self::NginxTls => "nginx TLS",
        }
    }

    pub(crate) fn is_missing(self) -> bool {
        self.is_nginx() && program::peer("nginx").is_none()
    }

    fn is_nginx(self) -> bool {
        matches!(self, Self::Nginx | Self::NginxTls)
    }

    /// Starts it on the server's core and waits until it answers.
    pub(crate) fn start(self, bench: &Bench) -> anyhow::Result<Running> {
        let (command, address) = match self {
            Self::Sequential => (ours("server-sync", self.label()), None),
            Self::Tokio => (ours("server-async", self.label()), None),
            Self::Nginx | Self::NginxTls => {
                let address = free_address()?;
                let directory = bench.directory.path().join(self.label());
                let command = nginx::command(&directory, address, self == Self::NginxTls)?;
                (command, Some(address))
            }
        };
        let process = Process::start(bench, self.label(), &bench.cores.server, command)?;
        let address = match address {
            Some(address) => address,
            None => wait_for(&process, || announced_address(&process))?,
        };
        wait_for(&process, || Ok(TcpStream::connect(address).ok()))?;
        if self != Self::NginxTls {
            check_answer(address).with_context(|| self.label())?;
        }
        Ok(Running {
            server: self,
            address,
            pid: match self.is_nginx() {
                true => only_child(process.id())?,
                false => process.id(),
            },
            process,
        })
    }
}

impl Running {
    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = match self.server {
            Server::NginxTls => "https",
            _ => "http",
        };
        format!("{scheme}://{}{path}", self.address)
    }

    /// CPU time that it has used since it began.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.process.check_alive()?;
        let sample = ProcessSample::read(self.pid);
        Ok(sample.with_context(|| self.server.label())?.cpu)
    }
}

fn ours(name: &str, model: &str) -> Command {
    let mut command = Command::new(program::server(name));
    command.args(["--listen", "127.0.0.1:0", "--model", model]);
    command
}

/// An address that was free a moment ago: nginx picks none by itself.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// From the line that our servers print when they listen.
fn announced_address(process: &Process) -> anyhow::Result<Option<SocketAddr>> {
    let stdout = process.stdout()?;
    let address = stdout.split_once("http://");
    let address = address.and_then(|(_, rest)| rest.split_once(' '));
    Ok(address.map(|(address, _)| address.parse()).transpose()?)
}

fn wait_for<T>(
    process: &Process,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    while began.elapsed() < START_LONGEST {
        if let Some(found) = look()? {
            return Ok(found);
        }
        process.check_alive()?;
        thread::sleep(LOOK_EVERY);
    }
    bail!("a server did not start within {START_LONGEST:?}")
}

/// A server that sends another page does other work.
fn check_answer(address: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(START_LONGEST))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let is_right = answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\n{PAGE}"));
    ensure!(is_right, "another answer than expected: {answer}");
    Ok(())
}

/// nginx's worker, a child of the process that was started: proc_pid_children(5).
fn only_child(pid: u32) -> anyhow::Result<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let child = children.trim().parse();
    child.with_context(|| format!("not one worker but `{children}`"))
}
