//! The timers, with a clock that stands where the test puts it.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A clock in seconds.
struct Clock(Instant);

impl Clock {
    fn at(&self, seconds: u64) -> Instant {
        self.0 + Duration::from_secs(seconds)
    }
}

fn new() -> (Timers, Clock) {
    (Timers::default(), Clock(Instant::now()))
}

fn due(timers: &mut Timers, now: Instant) -> Vec<u32> {
    std::iter::from_fn(|| timers.pop_due(now)).collect()
}

#[test]
fn slots_are_called_when_their_moments_have_come_and_the_earliest_first() {
    let (mut timers, clock) = new();
    timers.at(clock.at(3), 0);
    timers.at(clock.at(1), 1);
    timers.at(clock.at(2), 2);
    assert_eq!(timers.next(), Some(clock.at(1)));
    assert_eq!(due(&mut timers, clock.at(0)), []);
    assert_eq!(due(&mut timers, clock.at(2)), [1, 2]);
    assert_eq!(due(&mut timers, clock.at(9)), [0]);
    assert_eq!(timers.next(), None);
}

#[test]
fn a_moment_that_moves_to_later_or_to_earlier_is_the_only_one() {
    let (mut timers, clock) = new();
    timers.at(clock.at(1), 0);
    timers.at(clock.at(5), 0);
    assert_eq!(due(&mut timers, clock.at(4)), []);
    timers.at(clock.at(4), 0);
    assert_eq!(due(&mut timers, clock.at(4)), [0]);
    assert_eq!(due(&mut timers, clock.at(9)), []);
}

#[test]
fn a_slot_that_cancels_is_not_called() {
    let (mut timers, clock) = new();
    timers.at(clock.at(1), 7);
    timers.at(clock.at(2), 3);
    timers.cancel(7);
    timers.cancel(7);
    timers.cancel(99);
    assert_eq!(due(&mut timers, clock.at(9)), [3]);
}

#[test]
fn a_million_requests_leave_one_entry() {
    let (mut timers, clock) = new();
    for request in 0..1_000_000 {
        timers.at(clock.at(request), 0);
    }
    assert_eq!(timers.heap.len(), 1);
    assert_eq!(due(&mut timers, clock.at(999_998)), []);
    assert_eq!(timers.heap.len(), 1);
    assert_eq!(due(&mut timers, clock.at(999_999)), [0]);
    assert!(timers.heap.is_empty());
}

#[derive(Clone, Debug)]
enum Call {
    At(u64, u32),
    Cancel(u32),
    PopDue(u64),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    // Few slots and few moments, so that they meet.
    let call = prop_oneof![
        4 => (0_u64..40, 0_u32..12).prop_map(|(moment, slot)| Call::At(moment, slot)),
        1 => (0_u32..12).prop_map(Call::Cancel),
        1 => (0_u64..40).prop_map(Call::PopDue),
    ];
    proptest::collection::vec(call, 0..200)
}

proptest! {
    /// The model is a moment for each slot, looked through from end to end.
    #[test]
    fn timers_do_what_a_list_of_moments_does(calls in calls()) {
        let (mut timers, clock) = new();
        let mut model = BTreeMap::new();
        for call in calls {
            match call {
                Call::At(moment, slot) => {
                    timers.at(clock.at(moment), slot);
                    model.insert(slot, moment);
                }
                Call::Cancel(slot) => {
                    timers.cancel(slot);
                    model.remove(&slot);
                }
                Call::PopDue(now) => {
                    let mut expected: Vec<_> = model.iter().map(|(slot, moment)| (*moment, *slot)).collect();
                    expected.retain(|(moment, _)| *moment <= now);
                    expected.sort_unstable();
                    let expected: Vec<_> = expected.into_iter().map(|(_, slot)| slot).collect();
                    prop_assert_eq!(due(&mut timers, clock.at(now)), expected);
                    model.retain(|_, moment| *moment > now);
                }
            }
            prop_assert_eq!(timers.heap.len(), model.len());
            let earliest = model.values().min().map(|moment| clock.at(*moment));
            prop_assert_eq!(timers.next().is_some(), earliest.is_some());
            prop_assert!(timers.next() <= earliest);
        }
    }
}
