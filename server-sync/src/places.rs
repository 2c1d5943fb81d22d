//! Places for connections: so many may be open at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Counts connections and lets one thread, the acceptor's, wait for their number to fall.
#[derive(Debug)]
pub(crate) struct Places {
    max: usize,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// Whether the acceptor waits: waking nobody would cost a system call per connection.
    is_awaited: bool,
}

/// A place, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Places>);

impl Places {
    /// So many places.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            state: Mutex::default(),
            freed: Condvar::new(),
        })
    }

    /// Takes a place if one is free.
    pub(crate) fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.lock();
        let is_free = state.taken < self.max;
        is_free.then(|| {
            state.taken += 1;
            Place(Arc::clone(self))
        })
    }

    /// Takes a place, and waits until one is free.
    pub(crate) fn take(self: &Arc<Self>) -> Place {
        self.wait_while(|taken| taken >= self.max).taken += 1;
        Place(Arc::clone(self))
    }

    /// Waits until every place is free.
    pub(crate) fn wait_until_free(&self) {
        drop(self.wait_while(|taken| taken > 0));
    }

    fn wait_while(&self, condition: impl Fn(usize) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while condition(state.taken) {
            state.is_awaited = true;
            let woken = self.freed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.is_awaited = false;
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.taken -= 1;
        let is_awaited = state.is_awaited;
        drop(state);
        if is_awaited {
            self.0.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_place_that_is_given_back_is_the_next_ones() {
        let places = Places::new(1);
        let place = places.take();
        let next = thread::spawn({
            let places = Arc::clone(&places);
            move || places.take()
        });
        while !places.lock().is_awaited {
            thread::yield_now();
        }
        assert_eq!(places.lock().taken, 1);
        drop(place);
        let place = next.join().unwrap();
        assert_eq!(places.lock().taken, 1);
        drop(place);
        places.wait_until_free();
    }

    #[test]
    fn who_does_not_wait_gets_a_place_or_none() {
        let places = Places::new(1);
        let place = places.try_take().unwrap();
        assert!(places.try_take().is_none());
        drop(place);
        assert!(places.try_take().is_some());
    }
}
