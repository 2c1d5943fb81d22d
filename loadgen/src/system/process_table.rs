//! All processes of this machine at one moment, as far as they are shown: who started whom, and who
//! belongs to which group.
//!
//! Source: /proc/PID/stat, proc_pid_stat(5). The `children` files of /proc would tell a family
//! without the rest, but one by one for each *thread*, of which a server may have thousands.

use std::fs;
use std::iter;

use super::process::CpuTicks;

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessRow {
    /// Its id.
    pub pid: u32,
    /// Who started it; 1 or another that has adopted it if that has ended.
    pub parent: u32,
    /// The process group that it belongs to.
    pub group: u32,
    /// The session that it belongs to.
    pub session: u32,
    /// When it began, in ticks since the machine did: with the id, what tells it from all others.
    pub started_ticks: u64,
    /// Whether it has ended, and was not yet waited for.
    pub has_ended: bool,
    /// Its CPU time.
    pub used: CpuTicks,
    /// CPU time of the processes that it has started and waited for, and of theirs.
    pub waited_for: CpuTicks,
}

/// All processes.
#[derive(Debug, Clone, Default)]
pub struct ProcessTable(Vec<ProcessRow>);

impl ProcessTable {
    /// Reads it: some 10 µs for each process of the machine.
    #[must_use]
    pub fn read() -> Self {
        Self(Self::pids().filter_map(ProcessRow::read).collect())
    }

    /// The ids of all processes.
    pub fn pids() -> impl Iterator<Item = u32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    }

    /// All of them.
    #[must_use]
    pub fn rows(&self) -> &[ProcessRow] {
        &self.0
    }

    /// The process `root`, and all that it started, and that these did. Nothing if it is not there.
    #[must_use]
    pub fn family(&self, root: u32) -> Vec<ProcessRow> {
        let mut family: Vec<ProcessRow> = self.find(root).into_iter().collect();
        let mut next = 0;
        while let Some(parent) = family.get(next).map(|row| row.pid) {
            family.extend(self.0.iter().filter(|row| row.parent == parent));
            next += 1;
        }
        family
    }

    /// The process that started `pid`, the one that started that, and so on.
    pub fn parents(&self, pid: u32) -> impl Iterator<Item = u32> {
        let parent = |pid: &u32| self.find(*pid).map(|row| row.parent);
        // No chain is longer than there are processes, whatever happened while they were read.
        iter::successors(parent(&pid), parent).take(self.0.len())
    }

    fn find(&self, pid: u32) -> Option<ProcessRow> {
        self.0.iter().find(|row| row.pid == pid).copied()
    }
}

impl ProcessRow {
    /// The process with this id; `None` if there is none.
    #[must_use]
    pub fn read(pid: u32) -> Option<Self> {
        Self::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name in parentheses, which may itself contain spaces and
    /// parentheses, so fields are counted after the last one, from the 3rd.
    fn parse(pid: u32, stat: &str) -> Option<Self> {
        let (_, fields_from_3) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields_from_3.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3);
        let number = |at: usize| field(at)?.parse::<u64>().ok();
        let id = |at: usize| field(at)?.parse::<u32>().ok();
        let ticks = |at: usize| {
            let (user, system) = (number(at)?, number(at + 1)?);
            Some(CpuTicks { user, system })
        };
        Some(Self {
            pid,
            parent: id(4)?,
            group: id(5)?,
            session: id(6)?,
            started_ticks: number(22)?,
            has_ended: matches!(*field(3)?, "Z" | "X"),
            used: ticks(14)?,
            waited_for: ticks(16)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rustix::process::{Pid, Signal, kill_process};
    use std::process::{Command, Stdio};

    #[test]
    fn a_line_is_read_whatever_the_program_is_called() {
        let stat = "4711 (a) R (b)) S 17 18 19 0 -1 4194304 1 2 3 4 500 600 70 80 20 0 1 0 12345 0";
        let expected = ProcessRow {
            pid: 4711,
            parent: 17,
            group: 18,
            session: 19,
            started_ticks: 12345,
            has_ended: false,
            used: CpuTicks {
                user: 500,
                system: 600,
            },
            waited_for: CpuTicks {
                user: 70,
                system: 80,
            },
        };
        assert_eq!(ProcessRow::parse(4711, stat), Some(expected));
        let ended = stat.replace(" S ", " Z ");
        assert!(ProcessRow::parse(4711, &ended).unwrap().has_ended);
    }

    #[test]
    fn a_family_is_a_process_and_all_that_came_from_it() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = shell.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        let child: u32 = line.trim().parse().unwrap();

        let table = ProcessTable::read();
        let family = |root| -> Vec<u32> {
            let family = table.family(root);
            family.iter().map(|row| row.pid).collect()
        };
        assert_eq!(family(shell.id()), [shell.id(), child]);
        assert!(family(std::process::id()).contains(&child));
        let parents: Vec<u32> = table.parents(child).take(2).collect();
        assert_eq!(parents, [shell.id(), std::process::id()]);
        assert!(family(u32::MAX).is_empty());
        shell.kill().unwrap();
        shell.wait().unwrap();
        let child = Pid::from_raw(child.try_into().unwrap()).unwrap();
        kill_process(child, Signal::KILL).unwrap();
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[0-9() SZ-]{0,80}") {
            let _ = ProcessRow::parse(1, &text);
        }
    }
}
