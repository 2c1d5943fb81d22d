//! A server as a process: its start, what it says and takes, its end.
//!
//! For the tests of both servers, which ask the programs themselves wherever signals, limits or
//! memory matter.

mod start_line;
mod usage;

use crate::subject::Address;
use anyhow::{Context, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use start_line::StartLine;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a start, a line or an end may take: longer than the grace that a
/// stopping server gives to requests under way, so that only a broken one
/// costs it.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often is looked whether what is waited for has come.
const POLL: Duration = Duration::from_millis(2);

/// A server that was started here. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Said,
    start_lines: Vec<StartLine>,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code or signal.
    pub status: ExitStatus,
    /// What it wrote to stdout after its start lines.
    pub out: String,
    /// What it wrote to stderr, from the start on.
    pub err: String,
}

impl Process {
    /// Starts a server that listens in one place.
    ///
    /// # Errors
    /// The program cannot be run, or says something else than where it listens.
    pub fn start(command: &mut Command) -> Result<Self> {
        Self::start_in(command, 1)
    }

    /// Starts a server that listens in so many places, and says so in as many
    /// lines.
    ///
    /// # Errors
    /// As [`Process::start`].
    pub fn start_in(command: &mut Command, places: usize) -> Result<Self> {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().context("starting the server")?;
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = Said::by(child.stderr.take());
        let mut process = Process {
            child,
            stdout,
            stderr,
            start_lines: Vec::new(),
        };
        for _ in 0..places {
            let line = process.line().with_context(|| process.said())?;
            process.start_lines.push(StartLine::parse(&line)?);
        }
        Ok(process)
    }

    /// Where it listens, in the order of its start lines; never empty.
    #[must_use]
    pub fn addresses(&self) -> Vec<&Address> {
        self.start_lines.iter().map(|line| &line.address).collect()
    }

    /// What its start lines say after `listening on `, their ends left out.
    #[must_use]
    pub fn listening(&self) -> Vec<&str> {
        self.start_lines.iter().map(|line| &*line.text).collect()
    }

    /// Where it listens first, if that is an IP address and a port.
    ///
    /// # Errors
    /// It is a UNIX socket.
    pub fn tcp_address(&self) -> Result<SocketAddr> {
        match &self.start_lines[0].address {
            Address::Tcp(address) => Ok(*address),
            Address::Unix(path) => bail!("it listens on {}", path.display()),
        }
    }

    /// Where its push stream is.
    ///
    /// # Errors
    /// It has none.
    pub fn push_address(&self) -> Result<SocketAddr> {
        match self.start_lines.iter().find(|line| line.pushes) {
            Some(StartLine {
                address: Address::Tcp(address),
                ..
            }) => Ok(*address),
            _ => bail!("it has no push stream"),
        }
    }

    /// The model that it says it is.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.start_lines[0].model
    }

    /// Where it listens first, and whether it speaks TLS there.
    pub(crate) fn place(&self) -> (Address, bool) {
        let place = &self.start_lines[0];
        (place.address.clone(), place.tls)
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its stdout, its end included.
    ///
    /// # Errors
    /// There is none in time, or at all.
    pub fn line(&mut self) -> Result<String> {
        let stdout = self.stdout.as_mut().context("its stdout was closed")?;
        if stdout.buffer().is_empty() {
            let limit = Timespec::try_from(PATIENCE)?;
            let ready = poll(
                &mut [PollFd::new(stdout.get_ref(), PollFlags::IN)],
                Some(&limit),
            )?;
            ensure!(ready > 0, "the server said nothing within {PATIENCE:?}");
        }
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the server ended its stdout");
        Ok(line)
    }

    /// What it has written to stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.stderr.lock().clone()
    }

    /// Waits until it has written `part` to stderr, and returns all of it.
    ///
    /// # Errors
    /// It does not in time.
    pub fn wait_until_it_said(&self, part: &str) -> Result<String> {
        let mut said = String::new();
        let came = comes_true_within(PATIENCE, || {
            said = self.said();
            said.contains(part)
        });
        ensure!(
            came,
            "the server did not say {part:?} within {PATIENCE:?}, but {said:?}"
        );
        Ok(said)
    }

    /// Reads its stdout no further, as if who read it had gone.
    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// There is no such process any more.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal).context("signalling the server")
    }

    /// Whether it has not ended.
    ///
    /// # Errors
    /// Those of waitpid(2).
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn wait(mut self) -> Result<Ended> {
        self.ended()
    }

    /// The same for who keeps it. What it has written is told once.
    ///
    /// # Errors
    /// As [`Process::wait`].
    pub fn ended(&mut self) -> Result<Ended> {
        let mut out = String::new();
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(began.elapsed() < PATIENCE, "the server does not end");
            thread::sleep(POLL);
        };
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut out)?;
        }
        let err = self.stderr.read_to_end()?;
        Ok(Ended { status, out, err })
    }

    /// Asks it to stop, as an init system does, and waits for its end, which
    /// must be a good one.
    ///
    /// # Errors
    /// It does not end, or fails.
    pub fn stop(self) -> Result<Ended> {
        self.signal(Signal::TERM)?;
        let ended = self.wait()?;
        match ended.status.success() {
            true => Ok(ended),
            false => bail!("the server ended with {}: {}", ended.status, ended.err),
        }
    }

    /// The same for one that has had no reason to write anything to stderr.
    ///
    /// # Errors
    /// As [`Process::stop`], or it has.
    pub fn stop_in_silence(self) -> Result<()> {
        let said = self.stop()?.err;
        ensure!(said.is_empty(), "the server said {said:?}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // They fail if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is written to stderr, taken as it comes so that nobody waits for a
/// reader.
#[derive(Debug)]
struct Said {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Said {
    fn by(stderr: Option<ChildStderr>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let reader = stderr.map(|stderr| {
            let text = Arc::clone(&text);
            thread::spawn(move || {
                let mut lines = BufReader::new(stderr);
                let mut line = String::new();
                while matches!(lines.read_line(&mut line), Ok(length) if length > 0) {
                    lock(&text).push_str(&line);
                    line.clear();
                }
            })
        });
        Said { text, reader }
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        lock(&self.text)
    }

    /// All of it, once the process has ended.
    fn read_to_end(&mut self) -> Result<String> {
        let ended = self.reader.take().map_or(Ok(()), JoinHandle::join);
        ensure!(ended.is_ok(), "the reader of stderr panicked");
        Ok(self.lock().clone())
    }
}

fn lock(text: &Mutex<String>) -> MutexGuard<'_, String> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks again and again until `is_so` or the time is over, and says which.
pub(crate) fn comes_true_within(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > limit {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}
