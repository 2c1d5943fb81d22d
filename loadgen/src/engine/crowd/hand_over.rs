//! How counts get from a worker to whoever controls the run.
//!
//! The question is an empty recorder in the worker's tray: the worker takes it, goes on with it and
//! sends off the full one. So it makes nothing, copies nothing and never waits; a tray that somebody
//! holds at that moment is looked at again at the next tick.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::lock;
use crate::engine::firsts::Firsts;
use crate::recorder::Recorder;
use crate::system::thread_cpu::BusyShare;

#[derive(Debug)]
pub(super) struct HandOver {
    /// Of each worker.
    trays: Box<[Tray]>,
    /// With the index of the worker.
    sender: Sender<(usize, Handed)>,
    receiver: Mutex<Receiver<(usize, Handed)>>,
}

#[derive(Debug, Default)]
struct Tray {
    empty: Mutex<Option<Box<Recorder>>>,
    /// Until the full one has been sent.
    is_awaited: AtomicBool,
}

/// What a worker has counted since it handed over something last.
#[derive(Debug)]
pub(in crate::engine) struct Handed {
    pub(in crate::engine) recorder: Box<Recorder>,
    /// When, since the run began.
    pub(in crate::engine) at_ns: u64,
    /// Since the last time.
    pub(in crate::engine) busy: BusyShare,
    /// Of the whole run.
    pub(in crate::engine) firsts: Firsts,
    pub(in crate::engine) first_length: Option<u64>,
}

impl HandOver {
    pub(super) fn between(workers: usize) -> Self {
        let (sender, receiver) = channel();
        Self {
            trays: (0..workers).map(|_| Tray::default()).collect(),
            sender,
            receiver: Mutex::new(receiver),
        }
    }

    /// Sees to it that each worker's tray has an empty recorder.
    pub(super) fn ask(&self, empty: impl Fn() -> Recorder) {
        for tray in &self.trays {
            if !tray.is_awaited.swap(true, Ordering::Relaxed) {
                // Made before, so that the worker does not find the tray held for long.
                let empty = Some(Box::new(empty()));
                *lock(&tray.empty) = empty;
            }
        }
    }

    pub(super) fn awaited(&self) -> usize {
        let trays = self.trays.iter();
        trays
            .filter(|tray| tray.is_awaited.load(Ordering::Acquire))
            .count()
    }

    pub(super) fn asked(&self, index: usize) -> Option<Box<Recorder>> {
        self.trays[index].empty.try_lock().ok()?.take()
    }

    pub(super) fn hand(&self, index: usize, handed: Handed) {
        // The receiver lives as long as the sender.
        let _ = self.sender.send((index, handed));
        let tray = &self.trays[index];
        tray.is_awaited.store(false, Ordering::Release);
    }

    /// Each with the index of its worker.
    pub(super) fn collect(&self) -> Vec<(usize, Handed)> {
        lock(&self.receiver).try_iter().collect()
    }
}
