//! The end of a run, as its threads see it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Whether the run is over, and how many clients still go on.
#[derive(Debug, Default)]
pub(super) struct Stop {
    is_set: AtomicBool,
    ended: AtomicUsize,
    /// When the last of them did.
    ended_at: Mutex<Option<Instant>>,
}

impl Stop {
    pub(super) fn set(&self) {
        self.is_set.store(true, Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.is_set.load(Relaxed)
    }

    /// A client has ended before the run.
    pub(super) fn note_end(&self) {
        *self.ended_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.ended.fetch_add(1, Relaxed);
    }

    /// When the last one did, if all `clients` have.
    pub(super) fn all_ended_at(&self, clients: usize) -> Option<Instant> {
        let ended_at = *self.ended_at.lock().unwrap_or_else(PoisonError::into_inner);
        ended_at.filter(|_| self.ended() >= clients)
    }

    /// How many have.
    pub(super) fn ended(&self) -> usize {
        self.ended.load(Relaxed)
    }

    /// Sleeps, in steps of at most `step`. Whether the time came before the end of the run.
    pub(super) fn sleep_until(&self, until: Instant, step: Duration) -> bool {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_set() {
                return !self.is_set();
            }
            thread::sleep(left.min(step));
        }
    }
}
