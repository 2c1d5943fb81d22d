//! What is wrong with a cell, and which of its rounds are counted all the same.

use std::collections::BTreeMap;

use crate::compare::benchmark::GivenUp;
use crate::record::{Background, Finding, Record};

/// Reasons of an invalid run that tell something of the server: a model that does not bear a load
/// is a result. All others tell of the load generator or its machine.
const OF_THE_SERVER: [&str; 3] = ["no_success", "failures_present", BACKGROUND_MISSING];

/// Except where the load generator had no sockets for them.
const BACKGROUND_MISSING: &str = "background_missing";

/// Those of them that rest on requests that failed.
const OF_FAILURES: [&str; 2] = ["no_success", "failures_present"];

/// Whether this reason for which the run is invalid is the server's doing.
pub(super) fn is_of_the_server(finding: &Finding, record: &Record) -> bool {
    let code = finding.code.as_str();
    let is_own = code == BACKGROUND_MISSING
        && record
            .background
            .as_ref()
            .is_some_and(Background::is_short_of_sockets);
    OF_THE_SERVER.contains(&code) && !is_own
}

/// Choosing rounds.
pub(super) struct Believed;

impl Believed {
    /// The rounds that are counted: the valid ones if most are, else none. A number from the few
    /// that went well would say that the server bears the load.
    pub(super) fn of(mut rounds: Vec<(u64, &Record)>, allow_invalid: bool) -> Vec<(u64, &Record)> {
        let made = rounds.len();
        if !allow_invalid {
            rounds.retain(|(_, record)| record.validity.valid);
        }
        match 2 * rounds.len() > made {
            true => rounds,
            false => Vec::new(),
        }
    }
}

/// What went wrong, a line each.
pub(super) fn of(records: &[&Record], given_up: Option<&GivenUp>) -> Vec<String> {
    let mut first_by_code: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for record in records {
        for finding in record.validity.objections() {
            let first = || (0, message(finding, record));
            first_by_code.entry(&finding.code).or_insert_with(first).0 += 1;
        }
    }
    let runs = records.len();
    let invalid = first_by_code
        .into_values()
        .map(|(times, message)| format!("{times} of {runs} runs: {message}"));
    let given_up = given_up.map(|it| format!("given up in round {}: {}", it.round, it.why));
    given_up.into_iter().chain(invalid).collect()
}

/// What was seen, and, of failures, the cause of most.
fn message(finding: &Finding, record: &Record) -> String {
    let message = &finding.message;
    let causes = record.failures.iter().filter(|(_, times)| *times > 0);
    match causes.max_by_key(|(_, times)| *times) {
        Some((cause, times)) if OF_FAILURES.contains(&finding.code.as_str()) => {
            format!("{message} (most by {}: {times})", cause.label())
        }
        _ => message.clone(),
    }
}
