//! How busy the calling thread is: the share of elapsed time in which it ran
//! on a CPU. A worker near 100 % cannot send faster, so the run measured the
//! load generator and not the server. Neither can one that waits for a CPU
//! which others have, so that is known too.
//!
//! Sources: `clock_gettime(CLOCK_THREAD_CPUTIME_ID)`, in nanoseconds, see
//! clock_gettime(2); `schedstat` of the thread in `/proc`, whose first number
//! is the time in nanoseconds that it was on a CPU, and whose second that it
//! waited on a run queue (Documentation/scheduler/sched-stats.rst of Linux).

use std::fs;
use std::marker::PhantomData;
use std::mem;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use rustix::thread::gettid;
use rustix::time::{ClockId, clock_gettime};

/// CPU time, user and system, that the calling thread used since it began.
pub fn thread_cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    // The kernel starts this clock at zero and fills both fields in range.
    Duration::new(
        now.tv_sec.try_into().unwrap_or(0),
        now.tv_nsec.try_into().unwrap_or(0),
    )
}

/// Time that the calling thread has waited for a CPU since it began; `None` where the kernel does
/// not count it.
fn thread_wait_time() -> Option<Duration> {
    SchedStat::read("/proc/thread-self/schedstat").map(|times| times.wait)
}

/// Measures the calling thread from [`ThreadBusy::start`] on. It cannot be
/// sent to another thread, whose CPU clock is a different one.
#[derive(Debug, Clone, Copy)]
pub struct ThreadBusy {
    started: Instant,
    cpu_at_start: Duration,
    wait_at_start: Option<Duration>,
    of_this_thread: PhantomData<*const ()>,
}

/// Shares of the elapsed time, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BusyShare {
    /// On a CPU.
    pub cpu: f64,
    /// On a CPU, or waiting for one.
    pub runnable: f64,
}

impl ThreadBusy {
    /// Begins to measure.
    pub fn start() -> Self {
        Self {
            wait_at_start: thread_wait_time(),
            started: Instant::now(),
            cpu_at_start: thread_cpu_time(),
            of_this_thread: PhantomData,
        }
    }

    /// CPU time of this thread since the start.
    pub fn cpu(&self) -> Duration {
        thread_cpu_time().saturating_sub(self.cpu_at_start)
    }

    /// Shares of the elapsed time.
    pub fn share(&self) -> BusyShare {
        { *self }.restart()
    }

    /// The same, and begins anew.
    pub fn restart(&mut self) -> BusyShare {
        let before = mem::replace(self, Self::start());
        let wait = self.wait_at_start.zip(before.wait_at_start);
        BusyShare::of(
            self.cpu_at_start.saturating_sub(before.cpu_at_start),
            wait.map_or(Duration::ZERO, |(now, then)| now.saturating_sub(then)),
            self.started - before.started,
        )
    }
}

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(Pid);

impl ThreadId {
    /// The calling one.
    pub fn current() -> Self {
        Self(gettid())
    }

    /// `None` where the kernel does not count, or when it has ended.
    fn schedstat(self) -> Option<SchedStat> {
        let id = self.0.as_raw_nonzero();
        SchedStat::read(&format!("/proc/self/task/{id}/schedstat"))
    }
}

/// Measures another thread of this process from [`OtherThreadBusy::start`] on.
#[derive(Clone, Copy, Debug)]
pub struct OtherThreadBusy {
    thread: ThreadId,
    started: Instant,
    at_start: SchedStat,
}

impl OtherThreadBusy {
    /// Begins to measure `thread`, if that is possible.
    pub fn start(thread: ThreadId) -> Option<Self> {
        Some(Self {
            thread,
            started: Instant::now(),
            at_start: thread.schedstat()?,
        })
    }

    /// Shares of the elapsed time; `None` if it has ended.
    pub fn share(&self) -> Option<BusyShare> {
        let now = self.thread.schedstat()?;
        let cpu = now.cpu.saturating_sub(self.at_start.cpu);
        let wait = now.wait.saturating_sub(self.at_start.wait);
        Some(BusyShare::of(cpu, wait, self.started.elapsed()))
    }
}

/// What a thread used since it began.
#[derive(Clone, Copy, Debug)]
struct SchedStat {
    cpu: Duration,
    /// On a run queue.
    wait: Duration,
}

impl SchedStat {
    fn read(path: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut times = text.split_whitespace().map(|ns| ns.parse().ok());
        let mut next = || Some(Duration::from_nanos(times.next()??));
        Some(Self {
            cpu: next()?,
            wait: next()?,
        })
    }
}

impl BusyShare {
    /// The larger ones of two.
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            runnable: self.runnable.max(other.runnable),
        }
    }

    fn of(cpu: Duration, wait: Duration, elapsed: Duration) -> Self {
        let elapsed_s = elapsed.as_secs_f64();
        let of_elapsed = |time: Duration| match elapsed_s > 0.0 {
            true => (time.as_secs_f64() / elapsed_s).min(1.0),
            false => 0.0,
        };
        Self {
            cpu: of_elapsed(cpu),
            runnable: of_elapsed(cpu + wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_pays_for_its_work() {
        let busy = ThreadBusy::start();
        while busy.cpu() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        let share = busy.share();
        assert!(share.cpu > 0.0 && share.cpu <= share.runnable && share.runnable <= 1.0);
    }

    #[test]
    fn another_thread_can_be_watched_at_its_work() {
        let (told, id) = std::sync::mpsc::channel();
        let (go, stop) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            told.send(ThreadId::current()).unwrap();
            while stop.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                std::hint::spin_loop();
            }
        });
        let busy = OtherThreadBusy::start(id.recv().unwrap()).unwrap();
        while busy.share().unwrap().cpu == 0.0 {
            std::thread::yield_now();
        }
        drop(go);
        worker.join().unwrap();
    }

    #[test]
    fn another_threads_work_is_not_counted_here() {
        let here = ThreadBusy::start();
        let there_cpu = std::thread::spawn(|| {
            let there = ThreadBusy::start();
            while there.cpu() < Duration::from_millis(50) {
                std::hint::spin_loop();
            }
            there.cpu()
        })
        .join()
        .unwrap();
        assert!(here.cpu() < there_cpu);
    }
}
