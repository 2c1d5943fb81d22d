//! How counts get from a worker to whoever controls the run.
//!
//! The question is an empty recorder in the worker's tray: the worker takes it, goes on with it and
//! sends off the full one. So it makes nothing, copies nothing and never waits; a tray that somebody
//! holds at that moment is looked at again at the next tick.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::lock;
use crate::engine::firsts::Firsts;
use crate::recorder::Recorder;
use crate::system::thread_cpu::BusyShare;

#[derive(Debug)]
pub(super) struct HandOver {
    /// Of each worker.
    trays: Box<[Mutex<Option<Box<Recorder>>>]>,
    sender: Sender<Handed>,
    receiver: Mutex<Receiver<Handed>>,
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
            trays: (0..workers).map(|_| Mutex::default()).collect(),
            sender,
            receiver: Mutex::new(receiver),
        }
    }

    /// Sees to it that each worker's tray has an empty recorder.
    pub(super) fn ask(&self, empty: impl Fn() -> Recorder) {
        for tray in &self.trays {
            // Made before, so that the worker does not find the tray held for long.
            let empty = Box::new(empty());
            lock(tray).get_or_insert(empty);
        }
    }

    pub(super) fn awaited(&self) -> usize {
        let trays = self.trays.iter();
        trays.filter(|tray| lock(tray).is_some()).count()
    }

    pub(super) fn asked(&self, index: usize) -> Option<Box<Recorder>> {
        self.trays[index].try_lock().ok()?.take()
    }

    pub(super) fn hand(&self, handed: Handed) {
        // The receiver lives as long as the sender.
        let _ = self.sender.send(handed);
    }

    pub(super) fn collect(&self) -> Vec<Handed> {
        lock(&self.receiver).try_iter().collect()
    }
}
