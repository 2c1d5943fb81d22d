//! What a process and all that it started paid together: a server that is a master with workers,
//! or a shell that waits for one.
//!
//! | what | how |
//! |---|---|
//! | CPU time | that of each process that lives, and of those that ended, in ticks of 10 ms |
//! | memory | added up: pages that processes share count for each of them |
//! | context switches | added up, of the threads that live |
//!
//! One that has left its family, since whoever started it ended, is not seen.

use std::collections::BTreeSet;
use std::time::Duration;

use super::process::{CpuTicks, LivingThreads, ProcessCost, ProcessSample};
use super::process_table::{ProcessRow, ProcessTable};

/// A process, or a whole family, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeSample {
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Member {
    /// What it is; `None` of a process that is alone by definition.
    row: Option<ProcessRow>,
    sample: ProcessSample,
}

impl TreeSample {
    /// Samples the one process with this id, whatever it started. `None` if it is not there.
    #[must_use]
    pub fn of_process(pid: u32) -> Option<Self> {
        let sample = ProcessSample::read(pid)?;
        let members = vec![Member { row: None, sample }];
        Some(Self { members })
    }

    /// Samples the process with this id and all that came from it. `None` if it is not there.
    ///
    /// Those that are `known` at once, and only then is looked for others, which takes its time:
    /// some 10 µs for each process of the machine.
    #[must_use]
    pub fn of_family(root: u32, known: &[u32]) -> Option<Self> {
        let known = known.iter().filter_map(|&pid| ProcessRow::read(pid));
        let known: Vec<Member> = known.filter_map(Member::read).collect();
        let family = ProcessTable::read().family(root);
        let member = |row: ProcessRow| {
            let identity = Some((row.pid, row.started_ticks));
            let known = known.iter().find(|member| member.identity() == identity);
            known.copied().or_else(|| Member::read(row))
        };
        let members = family.into_iter().filter_map(member).collect();
        let tree = Self { members };
        (tree.processes() > 0).then_some(tree)
    }

    /// The processes that live, if it is a family.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        let rows = self.members.iter().filter_map(|member| member.row);
        let living = rows.filter(|row| !row.has_ended);
        living.map(|row| row.pid).collect()
    }

    /// How many processes there are.
    #[must_use]
    pub fn processes(&self) -> u64 {
        let has_ended = |member: &&Member| member.row.is_some_and(|row| row.has_ended);
        (self.members.len() - self.members.iter().filter(has_ended).count()) as u64
    }

    /// Resident memory now, of all together.
    #[must_use]
    pub fn rss_bytes(&self) -> Option<u64> {
        sum(self.members.iter().map(|member| member.sample.rss_bytes))
    }

    /// What was paid after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> ProcessCost {
        let still_there: BTreeSet<_> = self.members.iter().map(Member::identity).collect();
        let survives = |member: &Member| still_there.contains(&member.identity());
        let later = self.total(|_| true);
        later.since(&earlier.total(survives))
    }

    /// All as one. The threads are those of members that `counts` fits.
    fn total(&self, counts: impl Fn(&Member) -> bool) -> ProcessSample {
        let samples = || self.members.iter().map(|member| member.sample);
        let waited: CpuTicks = self.members.iter().map(Member::waited_for).sum();
        let threads = self.members.iter().filter(|member| counts(member));
        let cpu = |of: fn(&ProcessSample) -> Duration| {
            samples().map(|sample| of(&sample)).sum::<Duration>() + waited.time()
        };
        let ticks: Option<CpuTicks> = samples().map(|sample| sample.ticks).sum();
        ProcessSample {
            cpu: cpu(|sample| sample.cpu),
            cpu_at_threads: cpu(|sample| sample.cpu_at_threads),
            ticks: ticks.map(|ticks| ticks + waited),
            rss_bytes: self.rss_bytes(),
            peak_rss_bytes: match self.processes() {
                1 => samples().find_map(|sample| sample.peak_rss_bytes),
                // Theirs were not all at the same time.
                _ => self.rss_bytes(),
            },
            threads: sum(samples().map(|sample| sample.threads)),
            living_threads: threads.map(|member| member.sample.living_threads).sum(),
        }
    }
}

impl Member {
    fn read(row: ProcessRow) -> Option<Self> {
        let sample = match row.has_ended {
            true => ended(&row),
            false => ProcessSample::read(row.pid)?,
        };
        Some(Self {
            row: Some(row),
            sample,
        })
    }

    /// What tells it from a later process of the same number.
    fn identity(&self) -> Option<(u32, u64)> {
        self.row.map(|row| (row.pid, row.started_ticks))
    }

    fn waited_for(&self) -> CpuTicks {
        self.row.map(|row| row.waited_for).unwrap_or_default()
    }
}

/// Of a process that has ended and was not waited for: its CPU time is all that is left of it.
fn ended(row: &ProcessRow) -> ProcessSample {
    let cpu = row.used.time();
    ProcessSample {
        cpu,
        cpu_at_threads: cpu,
        ticks: Some(row.used),
        rss_bytes: Some(0),
        peak_rss_bytes: None,
        threads: Some(0),
        living_threads: Some(LivingThreads::default()),
    }
}

/// The sum, if every one is known.
fn sum(values: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    values.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::ContextSwitches;
    use rustix::param::clock_ticks_per_second;
    use std::process::{Command, Stdio};

    fn member(pid: u32, cpu_ms: u64, waited_ticks: u64) -> Member {
        let cpu = Duration::from_millis(cpu_ms);
        Member {
            row: Some(ProcessRow {
                pid,
                parent: 1,
                group: 1,
                session: 1,
                started_ticks: 7,
                has_ended: false,
                used: CpuTicks::default(),
                waited_for: CpuTicks {
                    user: waited_ticks,
                    system: 0,
                },
            }),
            sample: ProcessSample {
                cpu,
                cpu_at_threads: cpu,
                ticks: Some(CpuTicks {
                    user: cpu_ms / 10,
                    system: 0,
                }),
                rss_bytes: Some(1000),
                peak_rss_bytes: Some(5000),
                threads: Some(2),
                living_threads: Some(LivingThreads {
                    cpu,
                    switches: ContextSwitches {
                        voluntary: cpu_ms,
                        involuntary: 1,
                    },
                }),
            },
        }
    }

    fn tree(members: &[Member]) -> TreeSample {
        TreeSample {
            members: members.to_vec(),
        }
    }

    #[test]
    fn a_family_pays_together() {
        let before = tree(&[member(1, 100, 0), member(2, 1000, 0)]);
        let after = tree(&[member(1, 110, 0), member(2, 1500, 0), member(3, 40, 0)]);
        let cost = after.since(&before);
        assert_eq!(cost.cpu, Duration::from_millis(10 + 500 + 40));
        assert_eq!(cost.threads, Some(6));
        assert_eq!(cost.rss_bytes, Some(3000));
        assert_eq!(cost.peak_rss_bytes, Some(3000), "at one time");
        assert_eq!(cost.switches.unwrap().voluntary, 10 + 500 + 40);
        assert_eq!(after.processes(), 3);
    }

    #[test]
    fn what_a_child_did_that_has_ended_is_counted_once() {
        let tick_ms = 1000 / clock_ticks_per_second();
        let before = tree(&[member(1, 100, 0), member(2, 1000, 0)]);
        // The child used 300 ms more, ended, and was waited for.
        let after = tree(&[member(1, 100, 1300 / tick_ms)]);
        let cost = after.since(&before);
        assert_eq!(cost.cpu, Duration::from_millis(300));
        assert_eq!(cost.switches, None, "its switches went with it");
    }

    #[test]
    fn a_process_of_the_same_number_is_another() {
        let mut again = member(2, 40, 0);
        again.row.as_mut().unwrap().started_ticks = 8;
        let before = tree(&[member(1, 100, 0), member(2, 30, 0)]);
        let after = tree(&[member(1, 100, 3), again]);
        assert_eq!(after.since(&before).switches.unwrap().voluntary, 40);
    }

    /// A shell that starts a process and does not wait for it.
    #[test]
    fn what_has_ended_and_was_not_waited_for_has_paid_and_is_no_process() {
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done & exec sleep 60";
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", script]).stdin(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        let is_left = |row: &ProcessRow| row.pid != shell.id() && row.has_ended;
        let family = || ProcessTable::read().family(shell.id());
        while !family().iter().any(is_left) {
            std::thread::yield_now();
        }
        let sample = TreeSample::of_family(shell.id(), &[shell.id()]).unwrap();
        assert_eq!(sample.pids(), [shell.id()]);
        assert_eq!(sample.processes(), 1);
        let alone = ProcessSample::read(shell.id()).unwrap();
        assert!(sample.total(|_| true).cpu >= alone.cpu + Duration::from_millis(10));
        assert!(sample.rss_bytes() > Some(0));
        shell.kill().unwrap();
        shell.wait().unwrap();
    }

    #[test]
    fn one_process_is_what_it_was_alone() {
        let own = std::process::id();
        let (alone, before) = (
            ProcessSample::read(own),
            TreeSample::of_process(own).unwrap(),
        );
        let after = TreeSample::of_process(own).unwrap();
        assert!(after.since(&before).cpu >= Duration::ZERO);
        assert_eq!(before.processes(), 1);
        assert!(before.total(|_| true).cpu >= alone.unwrap().cpu);
        assert_eq!(TreeSample::of_family(u32::MAX, &[own]), None);
        assert_eq!(TreeSample::of_process(u32::MAX), None);
    }
}
