//! The live view: once a second, how the run is going, on stderr.
//!
//! On a terminal it is one line that is written over, and gone when the run has ended, so that
//! the summary stands alone. Elsewhere it is a line a second, for logs.

mod line;

use std::io;
use std::time::Duration;

use clap::ValueEnum;
use rustix::termios::tcgetwinsize;

use self::line::{Look, Moment, line};
use super::progress::tell_late;
use super::talk;
use super::terminal::Screen;
use crate::engine::live::{LiveCounts, LiveTally};
use crate::engine::{Observer, Progress};
use crate::plan::Stop;

/// Where a terminal does not say how wide it is.
const WIDTH: usize = 80;

/// Carriage return, and erase to the end of the line (ECMA-48, EL).
const ERASE: &str = "\r\x1b[K";

/// When the live view is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowProgress {
    /// On a terminal, unless -q is given
    #[default]
    Auto,
    /// Always; where stderr is no terminal, a line a second
    Always,
    /// Never
    Never,
}

/// An observer that shows how the run is going.
#[derive(Debug)]
pub struct LiveView {
    stop: Stop,
    warmup: Duration,
    screen: Screen,
    /// What was shown of how long the start is yet to be awaited.
    waiting_s: Option<u64>,
    /// What had ended when the last line was written.
    shown: LiveTally,
    shown_at: Duration,
}

impl ShowProgress {
    /// Whether it is to be shown now; `quiet` and what stderr is decide only where this does not.
    #[must_use]
    pub fn is_shown(self, quiet: bool) -> bool {
        match self {
            Self::Auto => !quiet && Screen::of_stderr() != Screen::Log,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Screen {
    /// Asked each time, since windows change.
    fn look(self) -> Look {
        let Self::Terminal { colour } = self else {
            return Look::default();
        };
        let columns = tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
        let width = match columns {
            0 => WIDTH,
            columns => usize::from(columns),
        };
        Look {
            width: Some(width),
            colour,
        }
    }

    fn show(self, line: &str) {
        match self {
            Self::Log => talk(&format!("{line}\n")),
            Self::Terminal { .. } => talk(&format!("{ERASE}{line}")),
        }
    }

    fn clear(self) {
        if self != Self::Log {
            talk(ERASE);
        }
    }
}

impl LiveView {
    /// A view of a run that ends at `stop`, after it has warmed up.
    #[must_use]
    pub fn new(stop: Stop, warmup: Duration) -> Self {
        Self {
            stop,
            warmup,
            screen: Screen::of_stderr(),
            waiting_s: None,
            shown: LiveTally::default(),
            shown_at: Duration::ZERO,
        }
    }

    /// What to show of the time since the last line.
    fn moment(&mut self, progress: Progress<'_>) -> Moment {
        let tally = progress
            .live
            .map_or_else(LiveTally::default, LiveCounts::tally);
        let recent = tally.since(&self.shown);
        let recent_s = (progress.elapsed - self.shown_at).as_secs_f64();
        let moment = Moment {
            elapsed: progress.elapsed,
            stop: self.stop,
            ended: progress.ended,
            failed: tally.failed,
            rate_per_second: recent.succeeded() as f64 / recent_s,
            p50: recent.quantile(0.50),
            p99: recent.quantile(0.99),
        };
        self.shown = tally;
        self.shown_at = progress.elapsed;
        moment
    }
}

impl Observer for LiveView {
    fn wants_live(&self) -> bool {
        true
    }

    fn waits(&mut self, left: Duration) {
        let left_s = left.as_secs_f64().ceil() as u64;
        if self.waiting_s != Some(left_s) {
            self.waiting_s = Some(left_s);
            self.screen
                .show(&format!("waiting for the start in {left_s} s"));
        }
    }

    fn begins_late(&mut self, by: Duration) {
        tell_late(by);
    }

    fn starts(&mut self) {
        let warmup = self.warmup;
        if !warmup.is_zero() {
            self.screen.show(&format!("warming up for {warmup:?}"));
        } else if self.waiting_s.is_some() {
            self.screen.clear();
        }
    }

    fn progresses(&mut self, progress: Progress<'_>) {
        if progress.elapsed.as_secs() > self.shown_at.as_secs() {
            let moment = self.moment(progress);
            self.screen.show(&line(&moment, self.screen.look()));
        }
    }

    fn ends(&mut self) {
        self.screen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Cause, Outcome};

    #[test]
    fn a_line_is_about_the_time_since_the_line_before() {
        let stop = Stop {
            requests: None,
            duration: None,
        };
        let mut view = LiveView::new(stop, Duration::ZERO);
        let counts = LiveCounts::new(1);
        let mut moment_at = |elapsed_s, requests, latency_ms: u64| {
            let worker = counts.worker(0);
            for _ in 0..requests {
                worker.ended(Outcome::Succeeded, latency_ms * 1_000_000);
            }
            worker.ended(Outcome::Failed(Cause::ReadReset), 0);
            view.moment(Progress {
                ended: 0,
                failed: 0,
                elapsed: Duration::from_secs(elapsed_s),
                live: Some(&counts),
            })
        };
        let near = |time: Option<Duration>, expected_ms: f64| {
            let time_ms = time.unwrap().as_secs_f64() * 1e3;
            assert!((time_ms / expected_ms - 1.0).abs() < 0.04, "{time_ms} ms");
        };
        let first = moment_at(1, 100, 10);
        assert_eq!((first.rate_per_second, first.failed), (100.0, 1));
        near(first.p99, 10.0);
        let second = moment_at(3, 50, 20);
        assert_eq!((second.rate_per_second, second.failed), (25.0, 2));
        near(second.p50, 20.0);
    }

    #[test]
    fn who_asks_gets_it_and_who_does_not_is_asked_nothing() {
        assert!(ShowProgress::Always.is_shown(true));
        assert!(!ShowProgress::Never.is_shown(false));
        assert!(!ShowProgress::Auto.is_shown(true));
    }
}
