//! A process of any command, with all that it starts: a group of its own, which ends as a whole.
#![allow(unsafe_code)] // what a child does before it becomes its program must be asked for so

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, kill_process, kill_process_group,
    set_child_subreaper, set_parent_process_death_signal, waitid, waitpid,
};

use super::log::Log;
use crate::signal;
use crate::system::affinity::CpuSet;
use crate::system::process_table::{ProcessRow, ProcessTable};

/// How long processes that were asked to end may take, before they are killed.
const END_LONGEST: Duration = Duration::from_secs(2);

/// How often their end is looked for.
const END_POLL: Duration = Duration::from_millis(2);

/// A process, those that it has started, and what they say. Dropped, all of them end.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    child: Child,
    leader: Pid,
    log: Log,
    /// Of the first process, in ticks since the machine began.
    started_ticks: u64,
    has_been_ended: bool,
}

impl ProcessGroup {
    /// Starts the program that is the first of `words`, on `cores`, on the watch for a line of its
    /// output with `sign` in it.
    pub(super) fn start(words: &[String], cores: &CpuSet, sign: Option<&str>) -> io::Result<Self> {
        // What loses its parent, as a process in the background does, becomes a child of this one,
        // and can be found.
        set_child_subreaper(Some(getpid()))?;
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's signal is for this process, which ends the others when it is ready.
            .process_group(0);
        // SAFETY: between fork and exec only what signal-safety(7) lists may be done; this is one
        // call of prctl(2).
        unsafe { command.pre_exec(end_with_parent) };
        // A child inherits the cores of the thread that starts it.
        let mut child = cores.run(|| command.spawn()).and_then(|child| child)?;
        let stdout = child.stdout.take().map(boxed);
        let stderr = child.stderr.take().map(boxed);
        let leader = Pid::from_child(&child);
        signal::kill_at_once_too(Some(leader));
        Ok(Self {
            leader,
            log: Log::read_all(stdout.into_iter().chain(stderr).collect(), sign),
            started_ticks: ProcessRow::read(child.id()).map_or(0, |row| row.started_ticks),
            child,
            has_been_ended: false,
        })
    }

    /// The first process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the first process has ended, if it has. It is not waited for until all have, so that
    /// nobody else is given its number.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.leader), options).ok()??;
        let raw = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => code << 8,
            (None, signal) => signal.unwrap_or_default(),
        };
        Some(ExitStatus::from_raw(raw))
    }

    /// Whether the line that is waited for has come.
    pub(super) fn has_seen_sign(&self) -> bool {
        self.log.has_seen_sign()
    }

    /// Ends it, and says the end of what it said, which is complete only then.
    pub(super) fn last_words(&mut self) -> String {
        self.end();
        match self.log.last_words() {
            words if words.is_empty() => "it said nothing".to_owned(),
            words => format!("its last words: {words}"),
        }
    }

    /// The processes that live: the first, all that came from it and those of its group, and those
    /// that went into the background, each with all that came from it.
    pub(super) fn members(&self) -> Vec<u32> {
        let table = ProcessTable::read();
        let (group, own) = (self.pid(), std::process::id());
        // 0 where its leader is outside of this process's namespace, as in many containers.
        let own_session = ProcessRow::read(own).map_or(0, |row| row.session);
        // Nothing that this process starts has a session of its own, unless it has made one itself.
        let is_in_background = |row: &&ProcessRow| {
            row.parent == own
                && row.session != own_session
                && row.started_ticks >= self.started_ticks
        };
        let rows = table.rows().iter();
        let roots = rows.filter(|row| row.group == group || is_in_background(row));
        let families = roots.flat_map(|row| table.family(row.pid));
        let family = table.family(group).into_iter().chain(families);
        let living = family.filter(|row| !row.has_ended);
        let mut pids: Vec<u32> = living.map(|row| row.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Asks all to end, kills what has not ended in time, and waits for them.
    pub(super) fn end(&mut self) {
        if std::mem::replace(&mut self.has_been_ended, true) {
            return;
        }
        let left = self.end_by(Signal::TERM);
        if !left.is_empty() {
            self.end_by(Signal::KILL);
        }
        signal::kill_at_once_too(None);
        // Fails only if it has been waited for, which is what is wanted.
        let _ = self.child.wait();
    }

    /// Signals all, and waits until they have ended, or for so long: those that are left.
    fn end_by(&self, signal: Signal) -> Vec<u32> {
        let until = Instant::now() + END_LONGEST;
        let mut members = self.members();
        self.signal(&members, signal);
        while !members.is_empty() && Instant::now() < until {
            thread::sleep(END_POLL);
            self.reap(&members);
            members = self.members();
        }
        members
    }

    /// Signals the group at once, and whoever has left it.
    fn signal(&self, members: &[u32], signal: Signal) {
        // Each may have ended since it was looked up, which is what is wanted.
        let _ = kill_process_group(self.leader, signal);
        let others = members.iter().filter(|&&pid| !self.is_in_group(pid));
        for pid in others.filter_map(|&pid| pid_of(pid)) {
            let _ = kill_process(pid, signal);
        }
    }

    fn is_in_group(&self, pid: u32) -> bool {
        ProcessRow::read(pid).is_some_and(|row| row.group == self.pid())
    }

    /// Waits for those that this process has adopted, if they have ended.
    fn reap(&self, members: &[u32]) {
        let others = members.iter().filter(|&&pid| pid != self.pid());
        for pid in others.filter_map(|&pid| pid_of(pid)) {
            // It is somebody else's child, or still there.
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.end();
    }
}

/// A signal for the child when the thread that starts it ends without having ended it: it was
/// killed.
fn end_with_parent() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::TERM))?)
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;

    /// Each test adopts what has gone into the background, and would take another's for its own.
    static ALONE: Mutex<()> = Mutex::new(());

    fn alone() -> MutexGuard<'static, ()> {
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A shell with this script, which says `up` when it is there.
    fn shell(script: &str) -> ProcessGroup {
        let words = ["sh", "-c", script].map(str::to_owned);
        let cores = CpuSet::of_this_thread().unwrap();
        let group = ProcessGroup::start(&words, &cores, Some("up")).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !group.has_seen_sign() {
            assert!(Instant::now() < until, "it did not come up");
            thread::sleep(END_POLL);
        }
        group
    }

    /// Whether a process is there that has not ended.
    fn is_there(pid: u32) -> bool {
        ProcessRow::read(pid).is_some_and(|row| !row.has_ended)
    }

    #[test]
    fn all_that_a_process_started_ends_with_it() {
        let _alone = alone();
        let group = shell("sleep 60 & sleep 60 & echo up; wait");
        let members = group.members();
        assert_eq!(members.len(), 3, "{members:?}");
        drop(group);
        assert!(!members.iter().any(|&pid| is_there(pid)));
    }

    #[test]
    fn who_does_not_end_when_asked_is_killed() {
        let _alone = alone();
        let mut group = shell("trap '' TERM; sleep 60 & echo up; while :; do wait; done");
        let members = group.members();
        let began = Instant::now();
        group.end();
        assert!(began.elapsed() >= END_LONGEST, "it was asked first");
        assert!(!members.iter().any(|&pid| is_there(pid)));
    }

    #[test]
    fn who_has_gone_into_the_background_is_found_and_ends_too() {
        let _alone = alone();
        let script = "setsid sh -c 'sleep 60 & echo up; wait' & exit 4";
        let group = shell(script);
        let until = Instant::now() + Duration::from_secs(20);
        while group.status().is_none() {
            assert!(Instant::now() < until, "it did not end");
            thread::sleep(END_POLL);
        }
        assert_eq!(
            group.status().unwrap().code(),
            Some(4),
            "and can be asked again"
        );
        let members = group.members();
        assert_eq!(members.len(), 2, "{members:?}");
        drop(group);
        assert!(!members.iter().any(|&pid| is_there(pid)));
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let _alone = alone();
        let mut members = Vec::new();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let group = shell("sleep 60 & echo up; wait");
            members = group.members();
            panic!("in the middle of a run");
        }));
        assert!(panicked.is_err());
        assert_eq!(members.len(), 2);
        assert!(!members.iter().any(|&pid| is_there(pid)));
    }

    #[test]
    fn what_it_said_is_quoted_and_what_cannot_be_started_is_an_error() {
        let _alone = alone();
        let mut group = shell("echo up; echo '\x1b[31mbroken' >&2; exec sleep 60");
        let until = Instant::now() + Duration::from_secs(20);
        while fs::read_to_string(format!("/proc/{}/comm", group.pid())).unwrap() != "sleep\n" {
            assert!(Instant::now() < until, "it did not become sleep");
            thread::sleep(END_POLL);
        }
        let words = group.last_words();
        assert!(
            words.contains("up") && words.contains("[31mbroken"),
            "{words}"
        );
        assert!(!words.contains('\x1b'));

        let cores = CpuSet::of_this_thread().unwrap();
        let words = ["/no/such/program".to_owned()];
        assert!(ProcessGroup::start(&words, &cores, None).is_err());
    }
}
