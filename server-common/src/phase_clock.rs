//! When the input that a connection waits for began to be waited for.

use std::mem::discriminant;
use std::time::Instant;

use wire::reader::Phase;

/// The phase of the input awaited and when it began, on whichever clock the driver has.
#[derive(Clone, Copy, Debug)]
pub struct PhaseClock<T = Instant>(Option<(Phase, T)>);

impl<T: Copy> PhaseClock<T> {
    /// When `phase` began: now, unless it is the one that was asked for last. More bytes of a head
    /// or a body begin no new phase.
    pub fn began(&mut self, phase: Phase, now: impl FnOnce() -> T) -> T {
        match self.0 {
            Some((last, began)) if is_same(last, phase) => began,
            _ => self.0.insert((phase, now())).1,
        }
    }

    /// Whatever is awaited next begins then: something was answered, or a request is complete. But
    /// a WebSocket message that is under way goes on, whatever is said to its sender meanwhile, and
    /// so does the wait for a sign of life.
    pub fn reset(&mut self) {
        if !matches!(self.0, Some((Phase::Message { .. } | Phase::Pong, _))) {
            self.0 = None;
        }
    }
}

fn is_same(one: Phase, other: Phase) -> bool {
    match (one, other) {
        (Phase::Message { number: one, .. }, Phase::Message { number: other, .. }) => one == other,
        _ => discriminant(&one) == discriminant(&other),
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

    #[test]
    fn a_message_goes_on_whatever_is_said_meanwhile_and_the_next_begins_anew() {
        let mut clock = PhaseClock::default();
        let message = |number, received_bytes| Phase::Message {
            number,
            received_bytes,
        };
        assert_eq!(clock.began(message(0, 5), || 1), 1);
        clock.reset();
        assert_eq!(clock.began(message(0, 9), || 2), 1);
        assert_eq!(clock.began(message(1, 20), || 3), 3);
        assert_eq!(clock.began(Phase::Idle, || 4), 4);
        clock.reset();
        assert_eq!(clock.began(Phase::Idle, || 5), 5);
    }

    #[test]
    fn who_is_asked_for_a_sign_of_life_has_no_more_time_for_what_others_say() {
        let mut clock = PhaseClock::default();
        assert_eq!(clock.began(Phase::Pong, || 1), 1);
        clock.reset();
        assert_eq!(clock.began(Phase::Pong, || 2), 1);
        assert_eq!(clock.began(Phase::Idle, || 3), 3);
        assert_eq!(clock.began(Phase::Pong, || 4), 4);
    }
}
