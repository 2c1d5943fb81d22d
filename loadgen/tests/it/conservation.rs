//! Whatever a server does, in whatever order: every request is counted once,
//! under its cause, and the record agrees with the server's log.

use proptest::prelude::*;
use proptest::sample::select;

use crate::behaviour::Behaviour;
use crate::faults::{EVERY_MANNER, Manner, TABLE, check_conservation};
use crate::record::Outcome;
use crate::script::Script;

/// Each case starts a process; more cases find little more.
const CASES: u32 = 24;

/// Requests of one run, at least as many as a manner has in flight.
const REQUESTS: std::ops::Range<usize> = 4..16;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_request_is_counted_once_whatever_the_server_does(
        (manner, behaviours) in manner_and_behaviours()
    ) {
        let circumstances = format!("the server plays {behaviours:?}; options {manner:?}");
        let requests = behaviours.len();
        let script = Script::sequence(behaviours);
        check_conservation(script, requests, manner, outcome_of, &circumstances);
    }
}

fn manner_and_behaviours() -> impl Strategy<Value = (Manner, Vec<Behaviour>)> {
    select(EVERY_MANNER).prop_flat_map(|manner| {
        (
            Just(manner),
            prop::collection::vec(select(behaviours_in(manner)), REQUESTS),
        )
    })
}

/// The behaviours whose outcome in this manner needs no further options.
fn behaviours_in(manner: Manner) -> Vec<Behaviour> {
    let rows = TABLE
        .iter()
        .filter(|row| row.args.is_empty() && row.manners.contains(&manner));
    rows.map(|row| row.behaviour)
        .chain([Behaviour::Good])
        .collect()
}

fn outcome_of(behaviour: Behaviour) -> Outcome {
    let row = TABLE
        .iter()
        .find(|row| row.behaviour == behaviour && row.args.is_empty());
    row.map_or(Outcome::Success, |row| row.outcome)
}
