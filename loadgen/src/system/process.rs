//! What a process paid: the server's side of a benchmark, and the load
//! generator's own. Works for any process of this machine that /proc shows.
//!
//! | what | source | grain |
//! |---|---|---|
//! | CPU time | `clock_getcpuclockid`, ended threads included | 1 ns |
//! | user and system share of it | utime and stime in /proc/PID/stat, proc_pid_stat(5) | ticks of 10 ms |
//! | memory | /proc/PID/status, proc_pid_status(5), counted per CPU in batches | some 100 KiB |
//! | threads | /proc/PID/status | 1 |
//! | context switches | /proc/PID/task/TID/status | 1, living threads only |
//!
//! No interface tells another process' context switches with its ended threads
//! in them: the `status` file of a process has the first thread's only, and
//! getrusage(2) knows the caller and the children that it has waited for. So
//! the living threads are summed up, with the CPU time they used
//! (/proc/PID/task/TID/schedstat); where that says that ended threads did a
//! real part of the work, as in a server with a thread per connection, the
//! number would be far too low and is not given. What else there is to ask would
//! not do: perf_event_open(2) counts for threads yet to come, but each is dearer
//! to make then, in the one server that makes many (with `perf stat -e
//! context-switches -p PID` beside it a request took it 13 % more CPU time); and
//! what wait4(2) says of a server once it has ended includes its start and the
//! warm-up, whose requests nobody counts.
//!
//! User and system time are not to be had finer: the kernel itself divides the
//! exact sum by what it saw at its ticks, in `cpu.stat` of cgroups too.

use std::fs;
use std::iter::Sum;
use std::ops::Add;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

use super::process_clock::process_cpu_time;
use super::process_status::ProcessStatus;
use super::process_table::ProcessRow;

/// Context switches are not given if ended threads used a larger share of the
/// CPU time than this: a number that is 5 % low still describes the process.
const ENDED_THREADS_CPU_SHARE_MAX: f64 = 0.05;

/// Context switches are not read of more threads than this: at 6 µs for each
/// that takes time which the load, on the same cores, would miss.
const THREADS_READ_MAX: u64 = 2000;

/// A process at one moment. Totals are since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessSample {
    /// User and system time of all threads, ended ones included.
    pub cpu: Duration,
    /// The same in the middle of when the threads were read, which a busy machine draws out.
    pub cpu_at_threads: Duration,
    /// `cpu` in ticks, apart.
    pub ticks: Option<CpuTicks>,
    /// Resident memory now.
    pub rss_bytes: Option<u64>,
    /// Peak of it since the process began or [`reset_peak_rss`].
    pub peak_rss_bytes: Option<u64>,
    /// Threads now.
    pub threads: Option<u64>,
    /// What the threads that live now did so far; `None` if there are too many.
    pub living_threads: Option<LivingThreads>,
}

/// A process' CPU time in scheduler ticks (10 ms on every common machine),
/// ended threads included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTicks {
    /// In the program's own code.
    pub user: u64,
    /// In the kernel on its behalf.
    pub system: u64,
}

/// Sums over the threads that live at the moment of the sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LivingThreads {
    /// Their CPU time.
    pub cpu: Duration,
    /// Their context switches.
    pub switches: ContextSwitches,
}

/// How often threads left the CPU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContextSwitches {
    /// Because they waited for something.
    pub voluntary: u64,
    /// Because another one was to run.
    pub involuntary: u64,
}

/// What a process paid between two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessCost {
    /// CPU time, user and system, of all threads.
    pub cpu: Duration,
    /// The part in the program's own code. `user + system == cpu`: the precise
    /// time is divided as the ticks are, so the division has their grain of
    /// 10 ms and is `None` if no tick was counted.
    pub user: Option<Duration>,
    /// The part in the kernel.
    pub system: Option<Duration>,
    /// Resident memory at the end.
    pub rss_bytes: Option<u64>,
    /// Peak of it up to the end.
    pub peak_rss_bytes: Option<u64>,
    /// Threads at the end.
    pub threads: Option<u64>,
    /// Context switches; `None` if threads that ended in between did a real
    /// part of the work, for what they counted went with them.
    pub switches: Option<ContextSwitches>,
}

impl ProcessSample {
    /// Samples the process with this id, which may be one's own. `None` if
    /// there is no such process. Costs 6 µs for each of its threads.
    pub fn read(pid: u32) -> Option<Self> {
        let directory = format!("/proc/{pid}");
        let status = ProcessStatus::read(&directory)?;
        let cpu = process_cpu_time(pid)?;
        let living_threads = status
            .threads
            .filter(|&threads| threads <= THREADS_READ_MAX)
            .and_then(|_| LivingThreads::read(&directory));
        Some(Self {
            cpu,
            cpu_at_threads: process_cpu_time(pid).map_or(cpu, |after| (cpu + after) / 2),
            ticks: ProcessRow::read(pid).map(|row| row.used),
            rss_bytes: status.rss_bytes,
            peak_rss_bytes: status.peak_rss_bytes,
            threads: status.threads,
            living_threads,
        })
    }

    /// What was paid after `earlier`.
    pub fn since(&self, earlier: &Self) -> ProcessCost {
        let cpu = self.cpu.saturating_sub(earlier.cpu);
        let user = CpuTicks::user_share(earlier.ticks, self.ticks).map(|share| cpu.mul_f64(share));
        ProcessCost {
            cpu,
            user,
            system: user.map(|user| cpu.saturating_sub(user)),
            rss_bytes: self.rss_bytes,
            peak_rss_bytes: self.peak_rss_bytes,
            threads: self.threads,
            switches: LivingThreads::switches_between(
                earlier.living_threads,
                self.living_threads,
                self.cpu_at_threads.saturating_sub(earlier.cpu_at_threads),
            ),
        }
    }
}

/// Sets the process' peak resident memory back to what is resident now, so
/// that the next peak is that of the run: writes 5 to /proc/PID/clear_refs,
/// proc_pid_clear_refs(5), since Linux 4.0. `false` if that is not permitted
/// (the process is another user's) or the kernel was built without it; the
/// peak is then that of the process' whole life.
pub fn reset_peak_rss(pid: u32) -> bool {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").is_ok()
}

impl CpuTicks {
    /// Both together, as time.
    #[must_use]
    pub fn time(self) -> Duration {
        let ticks = (self.user + self.system) as f64;
        Duration::from_secs_f64(ticks / clock_ticks_per_second().max(1) as f64)
    }

    /// Which part of the ticks between two samples was user time, 0 to 1.
    fn user_share(earlier: Option<Self>, later: Option<Self>) -> Option<f64> {
        let (earlier, later) = (earlier?, later?);
        let user = later.user.saturating_sub(earlier.user);
        let system = later.system.saturating_sub(earlier.system);
        let total = user.saturating_add(system);
        (total > 0).then(|| user as f64 / total as f64)
    }
}

impl Add for CpuTicks {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            user: self.user + other.user,
            system: self.system + other.system,
        }
    }
}

impl Sum for CpuTicks {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

impl Sum for LivingThreads {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            cpu: sum.cpu + one.cpu,
            switches: ContextSwitches {
                voluntary: sum.switches.voluntary + one.switches.voluntary,
                involuntary: sum.switches.involuntary + one.switches.involuntary,
            },
        })
    }
}

impl LivingThreads {
    /// Sums up /proc/PID/task. A thread that ends meanwhile is passed over.
    fn read(directory: &str) -> Option<Self> {
        let threads = fs::read_dir(format!("{directory}/task")).ok()?.flatten();
        Some(
            threads
                .filter_map(|thread| Self::read_thread(thread.path().to_str()?))
                .sum(),
        )
    }

    fn read_thread(directory: &str) -> Option<Self> {
        let status = ProcessStatus::read(directory)?;
        let schedstat = fs::read_to_string(format!("{directory}/schedstat")).ok()?;
        Some(Self {
            cpu: parse_schedstat(&schedstat)?,
            switches: ContextSwitches {
                voluntary: status.voluntary_switches?,
                involuntary: status.involuntary_switches?,
            },
        })
    }

    /// The switches between two samples, if the threads that were summed up
    /// account for the CPU time that the whole process used in between.
    fn switches_between(
        earlier: Option<Self>,
        later: Option<Self>,
        process_cpu: Duration,
    ) -> Option<ContextSwitches> {
        let (earlier, later) = (earlier?, later?);
        let living_cpu = later.cpu.checked_sub(earlier.cpu)?;
        let ended_cpu = process_cpu.saturating_sub(living_cpu);
        if ended_cpu > process_cpu.mul_f64(ENDED_THREADS_CPU_SHARE_MAX) {
            return None;
        }
        let (earlier, later) = (earlier.switches, later.switches);
        Some(ContextSwitches {
            voluntary: later.voluntary.checked_sub(earlier.voluntary)?,
            involuntary: later.involuntary.checked_sub(earlier.involuntary)?,
        })
    }
}

/// The first number: nanoseconds on a CPU. The kernel's
/// Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat.
fn parse_schedstat(text: &str) -> Option<Duration> {
    let run_ns = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(run_ns))
}

#[cfg(test)]
mod tests;
