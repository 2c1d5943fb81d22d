//! What workers and the thread that watches over them share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::live::{Live, LiveCounts};
use super::samples::{Sampler, Samples};

/// Nanoseconds since the run began, by the monotonic clock: what happens to the time of day
/// meanwhile does not matter.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

/// The strings by which a run is held.
#[derive(Debug)]
pub struct Control {
    interrupted: Arc<AtomicBool>,
    workers: Vec<Tally>,
    live: Option<LiveCounts>,
    samples: Option<Samples>,
    crowd: Option<Arc<Crowd>>,
}

/// A worker's progress on a cache line of its own, so that showing it costs the others nothing.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Tally {
    ended: AtomicU64,
    failed: AtomicU64,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Requests that ended.
    pub ended: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Since the measured part began.
    pub elapsed: Duration,
    /// How long requests take, if the observer asked for it by [`Observer::wants_live`].
    pub live: Option<&'a LiveCounts>,
}

/// Somebody who watches a run from the thread that started it.
pub trait Observer {
    /// Whether workers are to tell of each request while they run. Asked once, before the run.
    fn wants_live(&self) -> bool {
        false
    }
    /// Called about ten times a second until the load begins at a time that was set for it.
    fn waits(&mut self, _left: Duration) {}
    /// The time that was set for the beginning was over when all was ready, by so much.
    fn begins_late(&mut self, _by: Duration) {}
    /// Load begins now, with its warm-up if it has one.
    fn starts(&mut self) {}
    /// The measured part is about to begin.
    fn begins(&mut self) {}
    /// Called about ten times a second in the measured part.
    fn progresses(&mut self, _progress: Progress<'_>) {}
    /// The measured part has ended.
    fn ends(&mut self) {}
}

impl Observer for () {}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub fn now_ns(self) -> u64 {
        nanoseconds(self.0.elapsed())
    }
}

/// A time in nanoseconds; past 584 years it stops growing.
#[must_use]
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Control {
    /// For `workers` workers, which stop soon after `interrupted` is set.
    #[must_use]
    pub fn new(workers: usize, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            interrupted,
            workers: (0..workers).map(|_| Tally::default()).collect(),
            live: None,
            samples: None,
            crowd: None,
        }
    }

    /// The same for a run that somebody watches: its workers tell of each request.
    #[must_use]
    pub fn with_live(self) -> Self {
        Self {
            live: Some(LiveCounts::new(self.workers.len())),
            ..self
        }
    }

    /// The same for a run of which somebody collects each request, if anybody does.
    #[must_use]
    pub fn with_samples(self, samples: Option<Samples>) -> Self {
        Self { samples, ..self }
    }

    /// The same for a run whose connections come and go, if somebody says so.
    #[must_use]
    pub fn with_crowd(self, crowd: Option<Arc<Crowd>>) -> Self {
        Self { crowd, ..self }
    }

    /// Who says how many of the connections are used, if not all are.
    pub(super) fn crowd(&self) -> Option<&Crowd> {
        self.crowd.as_deref()
    }

    /// Whether the run is to end early.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Ends the run early, for want of something that it needs.
    pub fn abandon(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Worker `index` tells how far it has come.
    pub fn publish(&self, index: usize, ended: u64, failed: u64) {
        let tally = &self.workers[index];
        tally.ended.store(ended, Ordering::Relaxed);
        tally.failed.store(failed, Ordering::Relaxed);
    }

    /// Where worker `index` tells of each request that ends.
    #[must_use]
    pub fn live(&self, index: usize) -> Live<'_> {
        let live = self.live.as_ref();
        live.map_or_else(Live::default, |live| live.worker(index))
    }

    /// Where a worker puts each request that ends, if somebody collects them.
    pub(super) fn sampler(&self) -> Option<Sampler> {
        self.samples.clone().map(Sampler::new)
    }

    /// How far all workers have come, as far as they have told.
    #[must_use]
    pub fn progress(&self, elapsed: Duration) -> Progress<'_> {
        let sum = |field: fn(&Tally) -> &AtomicU64| {
            let counts = self.workers.iter().map(field);
            counts.map(|count| count.load(Ordering::Relaxed)).sum()
        };
        Progress {
            ended: sum(|tally| &tally.ended),
            failed: sum(|tally| &tally.failed),
            elapsed,
            live: self.live.as_ref(),
        }
    }
}
