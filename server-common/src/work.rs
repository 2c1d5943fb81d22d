//! How a core is kept busy, for `/cpu/US`.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Additions between two looks at the clock: below a microsecond's worth, and so many that most of
/// the time goes into them and not into the system call that the clock of a thread takes.
const STEPS: u64 = 1000;

/// Works on the calling thread until it has used so much more time of its core.
///
/// It is the thread's own time that counts: if others get the core in between, the work is not
/// done meanwhile, and a server with many threads must not get away with less of it.
pub fn work(time: Duration) {
    let began = thread_cpu_time();
    while thread_cpu_time().saturating_sub(began) < time {
        black_box((0..STEPS).fold(0, |sum, step| black_box(sum) + step));
    }
}

fn thread_cpu_time() -> Duration {
    // The clock of a thread starts at 0 and so never is negative.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_the_time_of_a_core_that_was_asked_for() {
        let began = thread_cpu_time();
        work(Duration::from_millis(2));
        assert!(thread_cpu_time() - began >= Duration::from_millis(2));
    }
}
