//! What a process and all that it started paid together: a server that is a master with workers,
//! or a shell that waits for one.
//!
//! | what | how |
//! |---|---|
//! | CPU time | that of each process that lives, and of those that ended and were waited for, in ticks of 10 ms |
//! | memory | added up: pages that processes share count for each of them |
//! | context switches | added up, of the threads that live |
//!
//! A process that ended and that nobody waited for takes its CPU time with it. One that has left
//! its family, since whoever started it ended, is not seen.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

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
    #[must_use]
    pub fn of_family(root: u32) -> Option<Self> {
        let family = ProcessTable::read().family(root);
        let living = family.into_iter().filter(|row| !row.has_ended);
        let members: Vec<Member> = living.filter_map(Member::read).collect();
        (!members.is_empty()).then_some(Self { members })
    }

    /// How many processes there are.
    #[must_use]
    pub fn processes(&self) -> u64 {
        self.members.len() as u64
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
        let waited = self.members.iter().map(Member::waited_for);
        let waited = waited.fold(CpuTicks { user: 0, system: 0 }, add);
        let mut ticks = samples().map(|sample| sample.ticks);
        let threads = self.members.iter().filter(|member| counts(member));
        ProcessSample {
            cpu: samples().map(|sample| sample.cpu).sum::<Duration>() + time(waited),
            cpu_at_threads: samples()
                .map(|sample| sample.cpu_at_threads)
                .sum::<Duration>()
                + time(waited),
            ticks: ticks.try_fold(waited, |sum, ticks| Some(add(sum, ticks?))),
            rss_bytes: self.rss_bytes(),
            peak_rss_bytes: match self.members.as_slice() {
                [one] => one.sample.peak_rss_bytes,
                // Theirs were not all at the same time.
                _ => self.rss_bytes(),
            },
            threads: sum(samples().map(|sample| sample.threads)),
            living_threads: living(threads.map(|member| member.sample.living_threads)),
        }
    }
}

impl Member {
    fn read(row: ProcessRow) -> Option<Self> {
        let sample = ProcessSample::read(row.pid)?;
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
        let nothing = CpuTicks { user: 0, system: 0 };
        self.row.map_or(nothing, |row| row.waited_for)
    }
}

fn add(a: CpuTicks, b: CpuTicks) -> CpuTicks {
    CpuTicks {
        user: a.user + b.user,
        system: a.system + b.system,
    }
}

fn time(ticks: CpuTicks) -> Duration {
    let ticks = (ticks.user + ticks.system) as f64;
    Duration::from_secs_f64(ticks / clock_ticks_per_second().max(1) as f64)
}

/// The sum, if every one is known.
fn sum(values: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    values.into_iter().sum()
}

fn living(values: impl Iterator<Item = Option<LivingThreads>>) -> Option<LivingThreads> {
    let nothing = Some(LivingThreads::default());
    values.fold(nothing, |sum, value| {
        let (mut sum, value) = (sum?, value?);
        sum.cpu += value.cpu;
        sum.switches.voluntary += value.switches.voluntary;
        sum.switches.involuntary += value.switches.involuntary;
        Some(sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::ContextSwitches;

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
        assert_eq!(TreeSample::of_family(u32::MAX), None);
        assert_eq!(TreeSample::of_process(u32::MAX), None);
    }
}
