//! How many of a run's connections are used, where somebody changes that while the run lasts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Users come and go; each is a connection.
///
/// Whoever controls the run writes, workers read at their next tick: nobody waits for anybody.
#[derive(Debug, Default)]
pub struct Crowd {
    users: AtomicUsize,
    of: AtomicUsize,
    is_leaving: AtomicBool,
}

impl Crowd {
    /// From now on so many connections are used, of `of` that the whole load is made with: in open
    /// loop the share of the arrivals that begin here.
    pub fn set(&self, users: usize, of: usize) {
        self.of.store(of, Ordering::Relaxed);
        self.users.store(users, Ordering::Relaxed);
    }

    /// No request begins any more; the run ends when those under way have.
    pub fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }
}
