//! How busy the calling thread is: the share of elapsed time in which it ran
//! on a CPU. A worker near 100 % cannot send faster, so the run measured the
//! load generator and not the server. Neither can one that waits for a CPU
//! which others have, so that is known too.
//!
//! Sources: `clock_gettime(CLOCK_THREAD_CPUTIME_ID)`, in nanoseconds, see
//! clock_gettime(2); `/proc/thread-self/schedstat`, whose second number is the
//! time in nanoseconds that the thread spent waiting on a run queue.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

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
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let wait_ns = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(wait_ns))
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

    /// Time that this thread has waited for a CPU since the start.
    fn wait(&self) -> Duration {
        let wait = thread_wait_time().zip(self.wait_at_start);
        wait.map_or(Duration::ZERO, |(now, before)| now.saturating_sub(before))
    }

    /// Shares of the elapsed time.
    pub fn share(&self) -> BusyShare {
        let elapsed_s = self.started.elapsed().as_secs_f64();
        let of_elapsed = |time: Duration| match elapsed_s > 0.0 {
            true => (time.as_secs_f64() / elapsed_s).min(1.0),
            false => 0.0,
        };
        BusyShare {
            cpu: of_elapsed(self.cpu()),
            runnable: of_elapsed(self.cpu() + self.wait()),
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
