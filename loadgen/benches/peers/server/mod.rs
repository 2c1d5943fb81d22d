//! The servers that are compared, and one of them running.
//!
//! - [`certificate`]: what all have that speak TLS;
//! - [`nginx`]: its configuration and what it serves;
//! - [`pausing`]: a server of the benchmark itself, for the open loop.

mod certificate;
mod nginx;
mod pausing;

pub(crate) use certificate::Certificate;
pub(crate) use pausing::{PAUSE, PERIOD, PausingServer};

use std::env;
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
use crate::stand_in::{self, StandIn};
use crate::websocket::Library;

/// What every server answers: 50 bytes, so that it is the server and not the page that differs.
pub(crate) const PAGE: &str = "<html><body><h1>Hello 127.0.0.1</h1></body></html>";

/// Longest answer with the page.
const ANSWER_BYTES_MAX: usize = 4096;

/// How long a server may take until it answers.
const START_LONGEST: Duration = Duration::from_secs(5);

/// How often a server that starts is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server and its concurrency model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// One of the two servers, in one of its models.
    Ours {
        program: &'static str,
        model: &'static str,
        tls: bool,
    },
    /// The same, where it pushes.
    Pushing {
        program: &'static str,
        model: &'static str,
    },
    /// One of the benchmark itself.
    StandIn(StandIn),
    /// One worker process, no access log.
    Nginx,
    /// The same over TLS, with a certificate for P-256.
    NginxTls,
    /// A WebSocket relay on somebody's library.
    Relay(Library),
}

/// A server that answers.
pub(crate) struct Running {
    server: Server,
    pub(crate) address: SocketAddr,
    /// The process that answers.
    pub(crate) pid: u32,
    process: Process,
}

impl Server {
    pub(crate) const SEQUENTIAL: Self = Self::blocking("sequential");
    pub(crate) const THREAD_PER_CONNECTION: Self = Self::blocking("thread-per-connection");
    pub(crate) const THREAD_POOL: Self = Self::blocking("thread-pool");
    pub(crate) const SELECT: Self = Self::non_blocking("select");
    pub(crate) const POLL: Self = Self::non_blocking("poll");
    pub(crate) const EPOLL: Self = Self::non_blocking("epoll");
    pub(crate) const IO_URING: Self = Self::non_blocking("io-uring");
    pub(crate) const TOKIO: Self = Self::non_blocking("tokio");
    pub(crate) const TOKIO_CURRENT_THREAD: Self = Self::non_blocking("tokio-current-thread");

    const fn blocking(model: &'static str) -> Self {
        Self::Ours {
            program: "server-sync",
            model,
            tls: false,
        }
    }

    const fn non_blocking(model: &'static str) -> Self {
        Self::Ours {
            program: "server-async",
            model,
            tls: false,
        }
    }

    pub(crate) const fn pushing(program: &'static str, model: &'static str) -> Self {
        Self::Pushing { program, model }
    }

    /// The same over TLS.
    pub(crate) const fn over_tls(self) -> Self {
        match self {
            Self::Ours { program, model, .. } => Self::Ours {
                program,
                model,
                tls: true,
            },
            Self::Nginx => Self::NginxTls,
            other => other,
        }
    }

    pub(crate) fn label(self) -> String {
        match self {
            Self::Ours {
                model, tls: false, ..
            } => model.to_owned(),
            Self::Ours { model, .. } => format!("{model} TLS"),
            Self::Pushing { model, .. } => model.to_owned(),
            Self::StandIn(stand_in) => stand_in.label().to_owned(),
            Self::Nginx => "nginx".to_owned(),
            Self::NginxTls => "nginx TLS".to_owned(),
            Self::Relay(library) => library.label().to_owned(),
        }
    }

    fn has_tls(self) -> bool {
        matches!(self, Self::Ours { tls: true, .. } | Self::NginxTls)
    }

    pub(crate) fn is_missing(self) -> bool {
        match self {
            Self::Ours { .. } | Self::Pushing { .. } | Self::StandIn(_) => false,
            Self::Nginx | Self::NginxTls => program::peer("nginx").is_none(),
            Self::Relay(library) => library.is_missing(),
        }
    }

    /// Whether it answers with the page, in the clear.
    fn has_page(self) -> bool {
        match self {
            Self::Ours { tls, .. } => !tls,
            Self::StandIn(stand_in) => stand_in.speaks_http(),
            Self::Nginx => true,
            Self::Pushing { .. } | Self::NginxTls | Self::Relay(_) => false,
        }
    }

    /// What it says before the place that is measured.
    fn announcement(self) -> &'static str {
        match self {
            Self::Pushing { .. } => "pushing to ",
            _ => "listening on ",
        }
    }

    fn is_nginx(self) -> bool {
        matches!(self, Self::Nginx | Self::NginxTls)
    }

    /// Starts it on the server's core and waits until it answers.
    pub(crate) fn start(self, bench: &Bench) -> anyhow::Result<Running> {
        let (command, address) = match self {
            Self::Ours {
                program,
                model,
                tls,
            } => {
                let mut command = ours(program, model);
                if tls {
                    command.args(bench.certificate.flags());
                }
                (command, None)
            }
            Self::Pushing { program, model } => {
                let mut command = ours(program, model);
                command.args(["--push", "127.0.0.1:0"]);
                (command, None)
            }
            Self::StandIn(stand_in) => {
                let mut command = Command::new(env::current_exe()?);
                command.args([stand_in::FLAG, stand_in.label()]);
                (command, None)
            }
            Self::Relay(library) => (library.relay_command(), None),
            Self::Nginx | Self::NginxTls => {
                let address = free_address()?;
                let directory = bench.directory.path().join(self.label());
                let certificate = self.has_tls().then_some(&bench.certificate);
                let command = nginx::command(&directory, address, certificate)?;
                (command, Some(address))
            }
        };
        let process = Process::start(bench, &self.label(), &bench.cores.server, command)?;
        let address = match address {
            Some(address) => {
                wait_for(&process, || Ok(TcpStream::connect(address).ok()))?;
                address
            }
            // Who says so listens. A connection to see whether it is true would be a bare relay's
            // first client.
            None => wait_for(&process, || {
                announced_address(&process, self.announcement())
            })?,
        };
        if self.has_page() {
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
        let scheme = if self.server.has_tls() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}{path}", self.address)
    }

    /// Where a WebSocket client comes into the relay's first room, or a client of TCP.
    pub(crate) fn relay_url(&self) -> String {
        match self.server {
            Server::StandIn(_) => format!("tcp://{}", self.address),
            _ => format!("ws://{}/ws", self.address),
        }
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

/// What comes behind `announcement` in a line of the server's: a URL's address, or a port.
fn announced_address(process: &Process, announcement: &str) -> anyhow::Result<Option<SocketAddr>> {
    let stdout = process.stdout()?;
    let whole = stdout.split_inclusive('\n').filter(|it| it.ends_with('\n'));
    let mut places = whole.filter_map(|line| Some(line.split_once(announcement)?.1));
    let Some(place) = places.next() else {
        return Ok(None);
    };
    let place = place.split_ascii_whitespace().next().unwrap_or_default();
    Ok(Some(match place.split_once("://") {
        Some((_, address)) => address.parse()?,
        None => SocketAddr::from(([127, 0, 0, 1], place.parse()?)),
    }))
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
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    // The stand-ins do not close, whatever they are asked.
    let mut answer = vec![0; ANSWER_BYTES_MAX];
    let mut length = 0;
    while !answer[..length].ends_with(PAGE.as_bytes()) {
        let count = stream.read(&mut answer[length..])?;
        length += count;
        let text = String::from_utf8_lossy(&answer[..length]);
        ensure!(count > 0, "another answer than expected: {text}");
    }
    ensure!(
        answer.starts_with(b"HTTP/1.1 200 "),
        "another status than expected"
    );
    Ok(())
}

/// nginx's worker, a child of the process that was started: proc_pid_children(5).
fn only_child(pid: u32) -> anyhow::Result<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let child = children.trim().parse();
    child.with_context(|| format!("not one worker but `{children}`"))
}
