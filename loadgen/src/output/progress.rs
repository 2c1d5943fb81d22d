//! Progress on stderr: a bar for people, ab's lines for those who expect them.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::ab::SILENT_UP_TO;
use crate::engine::{Observer, Progress};
use crate::output::talk;
use crate::plan::Stop;

/// A bar that fills with requests or with time, whichever ends the run.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    stop: Stop,
}

impl Bar {
    /// A bar on stderr; it draws nothing if that is no terminal.
    #[must_use]
    pub fn new(stop: Stop) -> Self {
        let length = match stop.duration {
            Some(duration) => duration.as_millis() as u64,
            None => stop.requests.unwrap_or(0),
        };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
        let bar = ProgressBar::new(length)
            .with_style(style.expect("the template is one of indicatif's own forms"));
        Self { bar, stop }
    }
}

impl Observer for Bar {
    fn progresses(&mut self, progress: Progress) {
        let position = match self.stop.duration {
            Some(_) => progress.elapsed.as_millis() as u64,
            None => progress.ended,
        };
        let rate = progress.ended as f64 / progress.elapsed.as_secs_f64().max(1e-9);
        self.bar.set_position(position);
        self.bar.set_message(format!(
            "{} requests, {}/s, {} failed",
            HumanCount(progress.ended),
            HumanCount(rate as u64),
            HumanCount(progress.failed)
        ));
    }

    fn ends(&mut self) {
        self.bar.finish_and_clear();
    }
}

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

impl Observer for AbProgress {
    fn progresses(&mut self, progress: Progress) {
        self.tell(progress.ended);
    }
}
