//! A sample of each request that ends, for those who want to keep them all.
//!
//! Workers fill batches of their own and send the full ones to a collector through a channel that
//! is bounded: memory stays flat however many requests there are. A worker that finds the channel
//! full waits, for a file with holes would lie; how long is measured, and the record tells.

use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use crate::http1::Answer;
use crate::outcome::Outcome;
use crate::recorder::Timing;

/// Samples in a batch: few enough to be in the cache still when they are sent, many enough for the
/// sending not to matter.
const BATCH_SAMPLES: usize = 512;

/// Batches that may wait for the collector: about 3 MiB, which a second's quarter fills at a
/// hundred thousand requests a second.
const BATCHES_WAITING_MAX: usize = 64;

/// Samples that may wait for the collector, besides what it and the workers have in hand.
pub const WAITING_MAX: usize = BATCHES_WAITING_MAX * BATCH_SAMPLES;

/// One request, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What it asked for, and when what happened.
    pub timing: Timing,
    /// How it ended.
    pub outcome: Outcome,
    /// The answer, if one arrived whole.
    pub answer: Option<Answer>,
}

/// Samples of one worker, in the order in which its requests ended.
pub type Batch = Vec<Sample>;

/// Where workers send samples; when all of these are gone the collector has everything.
#[derive(Clone, Debug)]
pub struct Samples(SyncSender<Batch>);

/// One worker's batch.
#[derive(Debug)]
pub(super) struct Sampler {
    batch: Batch,
    samples: Samples,
    waited: Duration,
}

impl Samples {
    /// Both ends of the way from workers to their collector.
    #[must_use]
    pub fn channel() -> (Self, Receiver<Batch>) {
        let (sender, receiver) = sync_channel(BATCHES_WAITING_MAX);
        (Self(sender), receiver)
    }
}

impl Sampler {
    pub(super) fn new(samples: Samples) -> Self {
        Self {
            batch: Vec::with_capacity(BATCH_SAMPLES),
            samples,
            waited: Duration::ZERO,
        }
    }

    /// A request has ended.
    pub(super) fn take(&mut self, sample: Sample) {
        self.batch.push(sample);
        if self.batch.len() == BATCH_SAMPLES {
            self.send(Vec::with_capacity(BATCH_SAMPLES));
        }
    }

    /// Sends what is left; how long the worker was kept waiting until now.
    pub(super) fn finish(mut self) -> Duration {
        let waited = self.waited;
        self.send(Vec::new());
        waited
    }

    fn send(&mut self, next: Batch) {
        let batch = mem::replace(&mut self.batch, next);
        if let Err(TrySendError::Full(batch)) = self.samples.0.try_send(batch) {
            let since = Instant::now();
            // A collector that is gone has its own reason, and tells it.
            let _ = self.samples.0.send(batch);
            self.waited += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::{fs, thread};

    use rustix::process::Pid;
    use rustix::thread::gettid;

    use super::*;

    fn sample(path: usize) -> Sample {
        Sample {
            timing: Timing::starting(0, path),
            outcome: Outcome::Succeeded,
            answer: None,
        }
    }

    #[test]
    fn every_sample_arrives_once_and_in_order() {
        for count in [
            0,
            1,
            BATCH_SAMPLES - 1,
            BATCH_SAMPLES,
            3 * BATCH_SAMPLES + 1,
        ] {
            let (samples, batches) = Samples::channel();
            let mut sampler = Sampler::new(samples);
            (0..count).for_each(|path| sampler.take(sample(path)));
            assert_eq!(sampler.finish(), Duration::ZERO);
            let paths: Vec<usize> = batches
                .iter()
                .flatten()
                .map(|sample| sample.timing.path)
                .collect();
            assert!(paths.into_iter().eq(0..count), "{count}");
        }
    }

    #[test]
    fn a_worker_waits_for_a_slow_collector_and_knows_how_long() {
        let (samples, batches) = Samples::channel();
        let mut sampler = Sampler::new(samples);
        let too_many = (BATCHES_WAITING_MAX + 1) * BATCH_SAMPLES;
        let (told, id) = mpsc::channel();
        let worker = thread::spawn(move || {
            (1..too_many).for_each(|path| sampler.take(sample(path)));
            told.send(gettid()).unwrap();
            sampler.take(sample(0));
            sampler.finish()
        });
        wait_until_asleep(id.recv().unwrap());
        assert_eq!(batches.iter().flatten().count(), too_many);
        assert!(worker.join().unwrap() > Duration::ZERO);
    }

    /// Blocks until this thread of ours waits for something.
    fn wait_until_asleep(id: Pid) {
        let path = format!("/proc/self/task/{}/stat", id.as_raw_nonzero());
        while !fs::read_to_string(&path).unwrap().contains(") S ") {
            thread::yield_now();
        }
    }

    #[test]
    fn a_collector_that_is_gone_holds_nobody_up() {
        let (samples, batches) = Samples::channel();
        drop(batches);
        let mut sampler = Sampler::new(samples);
        (0..BATCH_SAMPLES * (BATCHES_WAITING_MAX + 2)).for_each(|path| sampler.take(sample(path)));
        assert_eq!(sampler.finish(), Duration::ZERO);
    }
}
