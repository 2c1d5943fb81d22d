//! How busy the calling thread is: the share of elapsed time in which it ran
//! on a CPU. A worker near 100 % cannot send faster, so the run measured the
//! load generator and not the server.
//!
//! Source: `clock_gettime(CLOCK_THREAD_CPUTIME_ID)`, in nanoseconds, see
//! clock_gettime(2).

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

/// Measures the calling thread from [`ThreadBusy::start`] on. It cannot be
/// sent to another thread, whose CPU clock is a different one.
#[derive(Debug, Clone, Copy)]
pub struct ThreadBusy {
    started: Instant,
    cpu_at_start: Duration,
    of_this_thread: PhantomData<*const ()>,
}

impl ThreadBusy {
    /// Begins to measure.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu_at_start: thread_cpu_time(),
            of_this_thread: PhantomData,
        }
    }

    /// CPU time of this thread since the start.
    pub fn cpu(&self) -> Duration {
        thread_cpu_time().saturating_sub(self.cpu_at_start)
    }

    /// Share of the elapsed time in which this thread ran on a CPU, 0 to 1.
    pub fn share(&self) -> f64 {
        let cpu_s = self.cpu().as_secs_f64();
        let elapsed_s = self.started.elapsed().as_secs_f64();
        if elapsed_s > 0.0 {
            (cpu_s / elapsed_s).min(1.0)
        } else {
            0.0
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
        assert!(busy.share() > 0.0 && busy.share() <= 1.0);
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
