//! Whatever a server does, in whatever order: every request is counted once,
//! under its cause, and the record agrees with the server's log.

use proptest::prelude::*;
use proptest::sample::select;

use crate::behaviour::Behaviour::{self, ExtraBytesAfterBody, Good};
use crate::check::check_conservation;
use crate::faults::{Row, TABLE};
use crate::loadgen::run;
use crate::record::Counts;
use crate::record::Outcome::{self, Success};
use crate::script::Script;
use crate::way::Way;

/// Each case starts a process; more cases find little more.
const CASES: u32 = 32;

/// Most connections of a run.
const CONNECTIONS_MAX: usize = 6;

/// Most requests of a run.
const REQUESTS_MAX: usize = 24;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_request_is_counted_once_whatever_the_server_does(
        (asked, behaviours) in asked_and_behaviours()
    ) {
        let circumstances = format!("the server plays {behaviours:?}; asked by {asked:?}");
        let requests = behaviours.len();
        let script = Script::sequence(behaviours);
        let outcome_of = |behaviour| asked.outcome_of(behaviour);
        let args = asked.args();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        check_conservation(asked.way, script, requests, &args, outcome_of, &circumstances);
    }

    #[test]
    fn every_pipelined_request_is_counted_once_too(
        depth in 2_usize..6,
        (asked, behaviours) in asked_and_behaviours(),
    ) {
        prop_assume!(asked.way.is_fast());
        let asked = Asked { keep_alive: true, ..asked };
        // With a request under way nobody could tell that an answer is not its own.
        let can_be_told = |behaviour: &Behaviour| *behaviour != ExtraBytesAfterBody;
        let mut behaviours = behaviours;
        behaviours.retain(can_be_told);
        behaviours.push(Good);
        check_pipelined(asked, depth, behaviours);
    }
}

/// How one run asks.
#[derive(Clone, Copy, Debug)]
struct Asked {
    way: Way,
    keep_alive: bool,
    connections: usize,
    threads: usize,
}

impl Asked {
    fn args(&self) -> Vec<String> {
        let mut args = vec![
            format!("-c{}", self.connections),
            format!("--threads={}", self.threads),
        ];
        args.extend(self.keep_alive.then(|| "-k".to_owned()));
        args
    }

    /// Rows whose outcome needs no further options.
    fn rows(self) -> impl Iterator<Item = &'static Row> {
        let is_for_it = move |row: &&Row| {
            let needs_keep_alive = row.manners.iter().all(|manner| manner.contains(&"-k"));
            row.args.is_empty() && row.is_for(self.way) && (self.keep_alive || !needs_keep_alive)
        };
        TABLE.iter().filter(is_for_it)
    }

    fn outcome_of(self, behaviour: Behaviour) -> Outcome {
        let row = self.rows().find(|row| row.behaviour == behaviour);
        row.map_or(Success, |row| row.outcome_in(self.way))
    }
}

fn asked_and_behaviours() -> impl Strategy<Value = (Asked, Vec<Behaviour>)> {
    let asked = (
        select(Way::ALL),
        any::<bool>(),
        1..=CONNECTIONS_MAX,
        1..=3_usize,
    );
    asked.prop_flat_map(|(way, keep_alive, connections, threads)| {
        let asked = Asked {
            way,
            keep_alive,
            connections,
            threads,
        };
        let behaviours: Vec<_> = asked
            .rows()
            .map(|row| row.behaviour)
            .chain([Good])
            .collect();
        let count = connections..=REQUESTS_MAX;
        (
            Just(asked),
            prop::collection::vec(select(behaviours), count),
        )
    })
}

/// What the server does ends as it has to, or is lost with the connection, as is what was behind
/// it; nothing succeeds that the server has not answered.
fn check_pipelined(asked: Asked, depth: usize, behaviours: Vec<Behaviour>) {
    if !asked.way.is_offered() {
        return;
    }
    let circumstances = format!("{depth} deep, {asked:?}: {behaviours:?}");
    let requests = asked.connections * depth + behaviours.len();
    let server = asked.way.server(Script::sequence(behaviours));
    let (requests_text, depth_text) = (requests.to_string(), depth.to_string());
    let args = asked.args();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let pipelined = [
        "-n",
        &requests_text,
        "--pipeline",
        &depth_text,
        &server.url(),
    ];
    let ended = run(&[asked.way.args, &args, &pipelined].concat());
    let log = server.stop();

    let counts = Counts::of_record(&ended.record());
    let played = Counts::of_log(&log, |behaviour| asked.outcome_of(behaviour));
    let told = format!("{circumstances}: {counts:?}, {log:?}");
    assert_eq!(counts.issued(), requests as u64, "{told}");
    // A reset overtakes answers before it.
    assert!(counts.succeeded <= played.succeeded, "{told}");
    let lost = ["closed_before_response", "read_reset", "write_reset"];
    for (cause, count) in &counts.failures {
        let is_told = *count <= played.failed_for(cause) || lost.contains(&cause.as_str());
        assert!(is_told, "{cause} out of nowhere: {told}");
    }
}
