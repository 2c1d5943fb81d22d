//! Places for connections, so many at a time over all loops.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

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
    /// One for each loop.
    bells: Vec<Bell>,
}

/// By which a loop that waits for a place hears that another loop has given one back.
#[derive(Debug)]
struct Bell {
    is_waiting: AtomicBool,
    descriptor: OwnedFd,
}

impl Places {
    /// The places for `loops` loops, for each its view. `None` is as many places as anybody wants.
    pub(crate) fn new(max: Option<u32>, loops: usize) -> io::Result<Vec<Self>> {
        let bells = match (max, loops) {
            (None, _) | (_, 1) => 0,
            _ => loops,
        };
        let shared = Arc::new(Shared {
            max,
            taken: AtomicU32::new(0),
            bells: (0..bells).map(|_| Bell::new()).collect::<io::Result<_>>()?,
        });
        let view = |own| Self {
            shared: Arc::clone(&shared),
            own,
        };
        Ok((0..loops).map(view).collect())
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

    /// Takes a place as [`Self::take`]; if there is none, [`Self::bell`] rings when another loop
    /// gives one back.
    ///
    /// Here the mark is set and then a place looked for, in [`Self::give_back`] the place is given
    /// back and then the marks looked for. In whichever order they come (hence `SeqCst`), one of
    /// the two sees the other.
    pub(crate) fn take_or_wait(&self) -> bool {
        if self.take() {
            return true;
        }
        if let Some(bell) = self.shared.bells.get(self.own) {
            bell.is_waiting.store(true, Ordering::SeqCst);
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
        for (index, bell) in self.shared.bells.iter().enumerate() {
            if index != self.own && bell.is_waiting.swap(false, Ordering::SeqCst) {
                // Fails only if it has rung four thousand million million million times unheard.
                let _ = write(&bell.descriptor, &1_u64.to_ne_bytes());
            }
        }
    }

    /// The descriptor that is readable once the bell has rung; none for a loop by itself.
    pub(crate) fn bell(&self) -> Option<BorrowedFd<'_>> {
        let bell = self.shared.bells.get(self.own)?;
        Some(bell.descriptor.as_fd())
    }

    /// Has heard the bell.
    pub(crate) fn quiet(&self) {
        if let Some(bell) = self.bell() {
            let _ = read(bell, &mut [0; 8]);
        }
    }
}

impl Bell {
    fn new() -> io::Result<Self> {
        Ok(Self {
            is_waiting: AtomicBool::new(false),
            descriptor: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rings(places: &Places) -> bool {
        read(places.bell().unwrap(), &mut [0; 8]).is_ok()
    }

    #[test]
    fn a_place_given_back_rings_for_the_loop_that_waits_and_for_it_alone() {
        let views = Places::new(Some(1), 3).unwrap();
        let [first, second, third] = &views[..] else {
            unreachable!("there are three");
        };
        assert!(first.take_or_wait());
        assert!(!second.take_or_wait());
        first.give_back();
        assert!(rings(second) && !rings(first) && !rings(third));
        assert!(second.take_or_wait());
        second.give_back();
        assert!(!rings(first) && !rings(third));
    }

    #[test]
    fn without_a_limit_there_is_always_a_place_and_no_bell() {
        let views = Places::new(None, 2).unwrap();
        assert!((0..1000).all(|_| views[0].take()));
        assert!(views[0].bell().is_none());
    }

    #[test]
    fn a_place_beyond_the_most_is_given_back_before_another_is_free() {
        let views = Places::new(Some(1), 1).unwrap();
        let places = &views[0];
        assert!(places.take());
        places.take_anyway();
        places.give_back();
        assert!(!places.take());
        places.give_back();
        assert!(places.take());
    }
}
