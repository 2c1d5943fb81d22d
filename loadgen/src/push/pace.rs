//! The work on a message: waiting, as for a database, or the CPU's.
//!
//! A thread that waits half a millisecond is woken some time after it. So messages that follow one
//! another without a pause are timed by a schedule (the next is due a delay after the last was),
//! and being woken late does not add up; what each took in truth is measured all the same.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use rustix::thread::set_current_timer_slack;

use super::plan::Work;
use super::stop::Stop;
use crate::system::thread_cpu::thread_cpu_time;

/// What a schedule may be behind before it begins anew: a stall is not made up for by a burst.
const BEHIND_LONGEST: Duration = Duration::from_millis(10);

/// Longest sleep without looking whether the run is over.
const SLEEP_LONGEST: Duration = Duration::from_millis(50);

/// The pace of one worker.
#[derive(Debug)]
pub(super) struct Pace {
    work: Work,
    delay: Duration,
    due: Instant,
}

impl Pace {
    /// To be called on the thread that works.
    pub(super) fn new(work: Work, delay: Duration) -> Self {
        // Sleeps end within microseconds then and not within 50; where it fails they last longer.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        Self {
            work,
            delay,
            due: Instant::now(),
        }
    }

    /// Whether a message takes any work at all.
    pub(super) fn has_work(&self) -> bool {
        !self.delay.is_zero()
    }

    /// Works on a message; `has_waited` says whether it had to be waited for. How long it took, or
    /// none if the run ended before it was done.
    pub(super) fn work(&mut self, has_waited: bool, stop: &Stop) -> Option<Duration> {
        let began = Instant::now();
        let is_done = match self.work {
            Work::Wait => self.wait(began, has_waited, stop),
            Work::Cpu => self.burn(stop),
        };
        is_done.then(|| began.elapsed())
    }

    fn wait(&mut self, began: Instant, has_waited: bool, stop: &Stop) -> bool {
        let is_behind = began.saturating_duration_since(self.due) > BEHIND_LONGEST;
        let from = match has_waited || is_behind {
            true => began,
            false => self.due,
        };
        self.due = from + self.delay;
        stop.sleep_until(self.due, SLEEP_LONGEST)
    }

    fn burn(&self, stop: &Stop) -> bool {
        let until = thread_cpu_time() + self.delay;
        while thread_cpu_time() < until {
            if stop.is_set() {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(2);

    #[test]
    fn waiting_takes_the_delay_at_least_on_the_whole() {
        let mut pace = Pace::new(Work::Wait, DELAY);
        let began = Instant::now();
        for index in 0..10 {
            assert!(pace.work(index == 0, &Stop::default()).is_some());
        }
        assert!(began.elapsed() >= 10 * DELAY);
    }

    #[test]
    fn work_on_the_cpu_takes_as_much_of_it() {
        let mut pace = Pace::new(Work::Cpu, DELAY);
        let before = thread_cpu_time();
        pace.work(false, &Stop::default());
        assert!(thread_cpu_time() - before >= DELAY);
    }

    #[test]
    fn the_end_of_the_run_ends_the_work() {
        let stop = Stop::default();
        stop.set();
        for work in [Work::Wait, Work::Cpu] {
            let mut pace = Pace::new(work, Duration::from_secs(3600));
            assert_eq!(pace.work(true, &stop), None);
        }
    }
}
