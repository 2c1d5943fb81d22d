//! What one record must say of itself, whatever the server did, and how it is
//! held against the server's log: every request counted once.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::fault_server::Log;

/// Every cause of failure, by phase; a record lists all of them, zero or not.
const CAUSES: [&str; 28] = [
    "dns",
    "connect_refused",
    "connect_timeout",
    "connect_unreachable",
    "connect_reset",
    "no_local_port",
    "no_file_descriptor",
    "tls_handshake",
    "not_websocket",
    "wrong_accept_key",
    "write_reset",
    "write_timeout",
    "read_reset",
    "read_timeout",
    "closed_before_response",
    "closed_mid_response",
    "malformed_response",
    "response_too_large",
    "unexpected_status",
    "unexpected_length",
    "unexpected_body",
    "not_relayed",
    "websocket_closed",
    "not_utf8",
    "websocket_protocol",
    "message_too_large",
    "wrong_message",
    "other",
];

/// How one request must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// Under this cause and no other.
    Failure(&'static str),
}

/// The requests of one run by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) succeeded: u64,
    pub(crate) cancelled: u64,
    /// The causes that occurred.
    pub(crate) failures: BTreeMap<String, u64>,
}

impl Counts {
    /// What should be reported: `succeeded`, and `count` under `cause`.
    pub(crate) fn new(succeeded: u64, failures: &[(&str, u64)]) -> Self {
        let failures = failures
            .iter()
            .map(|(cause, count)| ((*cause).to_owned(), *count));
        Self {
            succeeded,
            cancelled: 0,
            failures: failures.collect(),
        }
    }

    /// What `log` says should be reported.
    pub(crate) fn of_log(log: &Log, outcome_of: impl Fn(Behaviour) -> Outcome) -> Self {
        let mut counts = Self::default();
        for behaviour in &log.played {
            match outcome_of(*behaviour) {
                Outcome::Success => counts.succeeded += 1,
                Outcome::Failure(cause) => {
                    *counts.failures.entry(cause.to_owned()).or_default() += 1;
                }
            }
        }
        counts
    }

    /// What `record` reports.
    ///
    /// # Panics
    /// When the record contradicts itself.
    pub(crate) fn of_record(record: &Value) -> Self {
        let requests = |key: &str| number(&record["requests"][key], key);
        let counts = Self {
            succeeded: requests("succeeded"),
            cancelled: requests("cancelled"),
            failures: failures(record),
        };
        assert_eq!(
            counts.failed(),
            requests("failed"),
            "failed is the sum of its causes: {record}"
        );
        assert_eq!(
            counts.issued(),
            requests("issued"),
            "every request ends once: {record}"
        );
        let statuses = record["statuses"]
            .as_object()
            .expect("statuses is an object");
        let answered: u64 = statuses
            .iter()
            .map(|(status, count)| number(count, status))
            .sum();
        assert_eq!(
            counts.answered(),
            answered,
            "every whole answer has a status: {record}"
        );
        assert_eq!(
            succeeded_by_second(record),
            counts.succeeded,
            "every success is in its second: {record}"
        );
        counts
    }

    /// Answers that arrived whole: the good ones, and those that were only not
    /// what was expected.
    fn answered(&self) -> u64 {
        let unexpected = ["unexpected_status", "unexpected_length", "unexpected_body"];
        let failures = unexpected
            .iter()
            .filter_map(|cause| self.failures.get(*cause));
        self.succeeded + failures.sum::<u64>()
    }

    /// Those that failed for `cause`.
    pub(crate) fn failed_for(&self, cause: &str) -> u64 {
        self.failures.get(cause).copied().unwrap_or(0)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    pub(crate) fn issued(&self) -> u64 {
        self.succeeded + self.failed() + self.cancelled
    }
}

/// Asserts that the record counts the connections that the server accepted,
/// each used for the first time once and all the others for reuse.
pub(crate) fn assert_connections_agree(record: &Value, log: &Log) {
    let connections = |key: &str| number(&record["connections"][key], key);
    assert_eq!(
        connections("opened"),
        log.connections_accepted as u64,
        "{record}"
    );
    let uses = connections("opened") + connections("reused");
    assert_eq!(
        uses,
        Counts::of_record(record).issued(),
        "one use for each request: {record}"
    );
}

/// The codes of the reasons for which the run is to be doubted.
pub(crate) fn codes(record: &Value) -> Vec<&str> {
    let reasons = record["validity"]["reasons"]
        .as_array()
        .expect("reasons is an array");
    let codes = reasons.iter().map(|reason| &reason["code"]);
    codes.map(|code| code.as_str().expect("a name")).collect()
}

/// All seconds' successes, after a look at how long they took.
fn succeeded_by_second(record: &Value) -> u64 {
    let seconds = record["series"].as_array().expect("series is an array");
    let succeeded = seconds.iter().map(|second| {
        let succeeded = number(&second["succeeded"], "succeeded");
        let [p99, max] = ["latency_ns_p99", "latency_ns_max"].map(|key| second[key].as_u64());
        assert_eq!(p99.is_some(), succeeded > 0, "{second}");
        assert!(p99 <= max, "{second}");
        succeeded
    });
    succeeded.sum()
}

/// The causes that occurred, after a look at the list: all causes, no others.
fn failures(record: &Value) -> BTreeMap<String, u64> {
    let listed = record["failures"]
        .as_object()
        .expect("failures is an object");
    for cause in CAUSES {
        assert!(
            listed.contains_key(cause),
            "{cause} is not listed: {record}"
        );
    }
    assert_eq!(
        listed.len(),
        CAUSES.len(),
        "a cause without a name here: {record}"
    );
    let numbers = listed
        .iter()
        .map(|(cause, count)| (cause.clone(), number(count, cause)));
    numbers.filter(|(_, count)| *count > 0).collect()
}

fn number(value: &Value, name: &str) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{name} is not a count: {value}"))
}
