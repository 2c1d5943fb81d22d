//! Places for connections, so many at a time over all loops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use server_common::bell::Bell;

/// The places as one loop sees them.
#[derive(Debug)]
pub(crate) struct Places {
    shared: Arc<Shared>,
    /// Which of the loops.
    own: usize,
}

#[derive(Debug)]
struct Shared {
    max: Option<u32>,
    taken: AtomicU32,
    /// One for each loop, if there are others.
    loops: Vec<Waiter>,
}

/// A loop that may wait until another one gives a place back.
#[derive(Debug)]
struct Waiter {
    is_waiting: AtomicBool,
    bell: Arc<Bell>,
}

impl Places {
    /// The places for `loops` loops, for each its view. `None` is as many places as anybody wants.
    /// Each loop has a bell, but for one that is alone.
    pub(crate) fn new(max: Option<u32>, loops: usize, bells: &[Arc<Bell>]) -> Vec<Self> {
        let waiter = |bell: &Arc<Bell>| Waiter {
            is_waiting: AtomicBool::new(false),
            bell: Arc::clone(bell),
        };
        let shared = Arc::new(Shared {
            max,
            taken: AtomicU32::new(0),
            loops: bells.iter().map(waiter).collect(),
        });
        let view = |own| Self {
            shared: Arc::clone(&shared),
            own,
        };
        (0..loops).map(view).collect()
    }

    /// Takes a place if there is one.
    pub(crate) fn take(&self) -> bool {
        let Some(max) = self.shared.max else {
            return true;
        };
        let one_more = |taken| (taken < max).then_some(taken + 1);
        let taken = &self.shared.taken;
        taken
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
            .is_ok()
    }

    /// Takes a place as [`Self::take`]; if there is none, the loop's bell rings when another loop
    /// gives one back.
    ///
    /// Here the mark is set and then a place looked for, in [`Self::give_back`] the place is given
    /// back and then the marks looked for. In whichever order they come (hence `SeqCst`), one of
    /// the two sees the other.
    pub(crate) fn take_or_wait(&self) -> bool {
        if self.take() {
            return true;
        }
        if let Some(own) = self.shared.loops.get(self.own) {
            own.is_waiting.store(true, Ordering::SeqCst);
            return self.take();
        }
        false
    }

    /// Takes one beyond the most, if need be.
    pub(crate) fn take_anyway(&self) {
        if self.shared.max.is_some() {
            self.shared.taken.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Gives a place back and rings for the loops that wait, but for this one.
    pub(crate) fn give_back(&self) {
        if self.shared.max.is_none() {
            return;
        }
        self.shared.taken.fetch_sub(1, Ordering::SeqCst);
        for (index, other) in self.shared.loops.iter().enumerate() {
            if index != self.own && other.is_waiting.swap(false, Ordering::SeqCst) {
                other.bell.ring();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_given_back_rings_for_the_loop_that_waits_and_for_it_alone() {
        let bells = Bell::for_loops(3).unwrap();
        let rung = || [0, 1, 2].map(|index: usize| bells[index].silence());
        let views = Places::new(Some(1), 3, &bells);
        let [first, second, _] = &views[..] else {
            unreachable!("there are three");
        };
        assert!(first.take_or_wait());
        assert!(!second.take_or_wait());
        first.give_back();
        assert_eq!(rung(), [false, true, false]);
        assert!(second.take_or_wait());
        second.give_back();
        assert_eq!(rung(), [false; 3]);
    }

    #[test]
    fn without_a_limit_there_is_always_a_place() {
        let views = Places::new(None, 2, &[]);
        assert!((0..1000).all(|_| views[0].take()));
    }

    #[test]
    fn a_place_beyond_the_most_is_given_back_before_another_is_free() {
        let views = Places::new(Some(1), 1, &[]);
        let places = &views[0];
        assert!(places.take());
        places.take_anyway();
        places.give_back();
        assert!(!places.take());
        places.give_back();
        assert!(places.take());
    }
}
