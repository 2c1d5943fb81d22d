//! How many descriptors a process may have.

use crate::process::Process;
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use std::fs;
use std::process::Command;

/// Lets this process, and those that it starts, have so many.
pub(super) fn allow(count: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    let most = limit.maximum.unwrap_or(u64::MAX);
    ensure!(
        most >= count,
        "this takes {count} descriptors, and {most} are allowed; \
         raise the hard limit (ulimit -Hn {count})"
    );
    let raised = Rlimit {
        current: Some(count),
        ..limit
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of descriptors")
}

/// A command that does the same as this one with so many descriptors at most.
pub(super) fn at_most(count: usize, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -n {count}; exec \"$0\" \"$@\"")]);
    limited.arg(command.get_program()).args(command.get_args());
    limited
}

/// Lets a server open none beyond those that it has, until the limit that comes back is set again.
pub(super) fn forbid_more(process: &Process) -> Result<Rlimit> {
    let limit = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(lowest_free(process)?),
        ..limit
    };
    set(process, none)
}

/// Sets a server's limit; the one before comes back.
pub(super) fn set(process: &Process, limit: Rlimit) -> Result<Rlimit> {
    let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    let id = id.context("the server has no process id")?;
    prlimit(Some(id), Resource::Nofile, limit).context("setting the server's limit of descriptors")
}

/// How many sockets a server has open.
pub(super) fn sockets(process: &Process) -> Result<usize> {
    let path = format!("/proc/{}/fd", process.id());
    let entries = fs::read_dir(&path).context(path)?;
    let targets = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    Ok(targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count())
}

/// The number that the next descriptor would get.
fn lowest_free(process: &Process) -> Result<u64> {
    let path = format!("/proc/{}/fd", process.id());
    let mut taken = Vec::new();
    for entry in fs::read_dir(&path).context(path)? {
        let name = entry?.file_name();
        taken.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    taken.sort_unstable();
    let free = (0..).zip(&taken).find(|(number, taken)| number != *taken);
    Ok(free.map_or(taken.len() as u64, |(number, _)| number))
}
