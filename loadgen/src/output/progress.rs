//! ab's progress on stderr, for those who expect it.

use std::time::Duration;

use super::ab::SILENT_UP_TO;
use super::{complain, talk};
use crate::engine::{Observer, Progress};

/// ab's `Completed N requests`, ten times in a run of more than 150.
#[derive(Debug)]
pub struct AbProgress {
    step: u64,
    told: u64,
}

impl AbProgress {
    /// For a run of `requests`.
    #[must_use]
    pub fn new(requests: Option<u64>) -> Self {
        let requests = requests.unwrap_or(0);
        let step = match requests > SILENT_UP_TO {
            true => (requests / 10).max(100),
            false => u64::MAX,
        };
        Self { step, told: 0 }
    }

    fn tell(&mut self, ended: u64) {
        while ended - self.told >= self.step {
            self.told += self.step;
            talk(&format!("Completed {} requests\n", self.told));
        }
    }

    /// ab's last line, after everything that had not been told yet.
    pub fn finish(&mut self, ended: u64) {
        if self.step < u64::MAX {
            self.tell(ended);
            talk(&format!("Finished {ended} requests\n"));
        }
    }
}

/// Shows nothing but what somebody should know who wants to see nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Observer for NoProgress {
    fn begins_late(&mut self, by: Duration) {
        tell_late(by);
    }
}

/// Says that the time of `--start-at` was over when all was ready.
pub(super) fn tell_late(by: Duration) {
    complain(&format!(
        "--start-at was over by {:.3} s when this run was ready, so it begins at once; set it \
         further ahead for the machines to begin together",
        by.as_secs_f64()
    ));
}

impl Observer for AbProgress {
    fn begins_late(&mut self, by: Duration) {
        tell_late(by);
    }

    fn progresses(&mut self, progress: Progress<'_>) {
        self.tell(progress.ended);
    }
}
