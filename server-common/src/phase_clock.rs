//! When the input that a connection waits for began to be waited for.

use std::mem::{Discriminant, discriminant};
use std::time::Instant;

use wire::reader::Phase;

/// The phase of the input awaited and when it began, on whichever clock the driver has.
#[derive(Clone, Copy, Debug)]
pub struct PhaseClock<T = Instant>(Option<(Discriminant<Phase>, T)>);

impl<T: Copy> PhaseClock<T> {
    /// When `phase` began: now, unless it is the one that was asked for last. More bytes of a head
    /// or a body begin no new phase.
    pub fn began(&mut self, phase: Phase, now: impl FnOnce() -> T) -> T {
        let phase = discriminant(&phase);
        match self.0 {
            Some((same, began)) if same == phase => began,
            _ => self.0.insert((phase, now())).1,
        }
    }

    /// Whatever is awaited next begins then: something was answered, or a request is complete.
    pub fn reset(&mut self) {
        self.0 = None;
    }
}

impl<T> Default for PhaseClock<T> {
    fn default() -> Self {
        Self(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_begins_once_however_many_bytes_of_it_come() {
        let mut clock = PhaseClock::default();
        let body = |received_bytes| Phase::Body { received_bytes };
        assert_eq!(clock.began(Phase::Head, || 1), 1);
        assert_eq!(clock.began(Phase::Head, || 2), 1);
        assert_eq!(clock.began(body(0), || 3), 3);
        assert_eq!(clock.began(body(9), || 4), 3);
        clock.reset();
        assert_eq!(clock.began(body(9), || 5), 5);
    }
}
