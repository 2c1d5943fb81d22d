//! A started program, and what it cost when it has ended.
#![allow(unsafe_code)] // only wait4 tells the cost of one child, and no crate here offers it

use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use loadgen::system::affinity::CpuSet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::Bench;

/// How long a program may take to end when it is asked to; then it is killed.
const END_LONGEST: Duration = Duration::from_secs(2);

/// A child process in a process group of its own, ended with all of the group when dropped. What
/// it prints goes to files.
pub(crate) struct Process {
    name: String,
    pid: Pid,
    /// Readable when the process has ended: pidfd_open(2).
    ended: OwnedFd,
    stdout: PathBuf,
    stderr: PathBuf,
    is_reaped: bool,
}

impl Process {
    /// Starts `command` on `cores`; `name` is unique among the processes that are alive.
    pub(crate) fn start(
        bench: &Bench,
        name: &str,
        cores: &CpuSet,
        mut command: Command,
    ) -> anyhow::Result<Self> {
        let path = |extension| bench.directory.path().join(format!("{name}.{extension}"));
        let (stdout, stderr) = (path("out"), path("err"));
        command
            .stdin(Stdio::null())
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .process_group(0);
        let child = cores
            .run(|| command.spawn())?
            .with_context(|| format!("cannot start {name}"))?;
        let pid = Pid::from_child(&child);
        Ok(Self {
            name: name.to_owned(),
            pid,
            ended: pidfd_open(pid, PidfdFlags::empty())?,
            stdout,
            stderr,
            is_reaped: false,
        })
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// What it has written to stdout so far.
    pub(crate) fn stdout(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(&self.stdout)?)
    }

    /// Whether it has ended by itself, with what it said of that.
    pub(crate) fn check_alive(&self) -> anyhow::Result<()> {
        match self.ends_within(None, Duration::ZERO)? {
            true => bail!("{} has ended: {}", self.name, self.complaint()),
            false => Ok(()),
        }
    }

    /// Waits until it has ended, well. The user and system time of all its threads, from its first
    /// instruction to its last.
    pub(crate) fn wait(&mut self, bench: &Bench, limit: Duration) -> anyhow::Result<Duration> {
        if !self.ends_within(Some(bench), limit)? {
            bail!("{} took longer than {limit:?}", self.name);
        }
        let (status, cpu) = self.reap()?;
        if status != 0 {
            bail!("{} failed: {}", self.name, self.complaint());
        }
        Ok(cpu)
    }

    /// The first line on stderr: what follows is advice, or what came of it.
    fn complaint(&self) -> String {
        let stderr = fs::read_to_string(&self.stderr).unwrap_or_default();
        let mut lines = stderr.lines().filter(|line| !line.trim().is_empty());
        lines.next().unwrap_or("without a word").to_owned()
    }

    /// Fails if the signal to end comes first, which only those who pass `bench` hear of.
    fn ends_within(&self, bench: Option<&Bench>, limit: Duration) -> anyhow::Result<bool> {
        let limit = Timespec::try_from(limit)?;
        let mut waited_for = vec![PollFd::new(&self.ended, PollFlags::IN)];
        waited_for.extend(bench.map(|bench| PollFd::new(&bench.interrupt, PollFlags::IN)));
        loop {
            match poll(&mut waited_for, Some(&limit)) {
                // A signal: poll again finds its pipe readable.
                Err(rustix::io::Errno::INTR) => {}
                result => {
                    result?;
                    break;
                }
            }
        }
        if waited_for.get(1).is_some_and(|it| !it.revents().is_empty()) {
            bail!("interrupted");
        }
        Ok(!waited_for[0].revents().is_empty())
    }

    /// The status and the CPU time of the ended process, of which nothing is left afterwards.
    fn reap(&mut self) -> io::Result<(i32, Duration)> {
        let mut status = 0;
        let mut usage = MaybeUninit::<libc::rusage>::uninit();
        let pid = self.pid.as_raw_nonzero().get();
        // SAFETY: both pointers are valid for a write of their types; the process is a child of
        // ours that nobody else waits for.
        if unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) } != pid {
            return Err(io::Error::last_os_error());
        }
        self.is_reaped = true;
        // SAFETY: on success the call has written the usage.
        let usage = unsafe { usage.assume_init() };
        let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
        Ok((status, cpu))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        let _ = kill_process_group(self.pid, Signal::TERM);
        if !matches!(self.ends_within(None, END_LONGEST), Ok(true)) {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        let _ = self.reap();
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = Duration::from_secs(time.tv_sec.unsigned_abs());
    seconds + Duration::from_micros(time.tv_usec.unsigned_abs())
}
