//! Whether the servers of a benchmark reached the limits that were set for it.

use std::cmp::Ordering;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Benchmark, Case, GivenUp, Verdict};
use crate::plan::Gate;
use crate::record::{GateResult, Record};
use crate::statistics::median_of_sorted;

/// The name of the gate that no server is worse than the baseline.
const NOT_WORSE: &str = "not_worse";

/// What each server must keep in a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Gated<'a> {
    /// Its name.
    pub scenario: &'a str,
    /// Labels of its servers.
    pub servers: &'a [&'a str],
    /// Limits of a run.
    pub limits: &'a [Gate],
    /// Whether no server may be worse than the baseline.
    pub not_worse: bool,
    /// What was planned, and what became of it.
    pub benchmark: &'a Benchmark,
}

/// A limit that was set for a benchmark, and what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Name of the scenario.
    pub scenario: String,
    /// Label of the server.
    pub server: String,
    /// Which limit: `max_error_rate`, `max_p99_ns` or `min_rate_per_second`, as in the record of a
    /// run, or `not_worse` (than the baseline, by a verdict).
    pub name: String,
    /// The limit, in the unit of the name; absent with `not_worse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// What was measured, in the same unit: failures over all rounds, and else the median of the
    /// rounds; absent with `not_worse`, and if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// Whether it was kept; null if the comparison could not decide.
    pub passed: Option<bool>,
    /// The limit and what was measured: one line.
    pub message: String,
}

/// What came of it, in a line.
impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.passed {
            Some(true) => "kept",
            Some(false) => "missed",
            None => "not decided",
        };
        write!(formatter, "gate {what}: {}", self.message)
    }
}

/// Holds the rounds, and the verdicts of `cases`, against what was asked.
#[must_use]
pub fn judge(asked: &Gated<'_>, records: &[Record], cases: &[Case]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for server in asked.servers {
        let rounds = rounds(records, asked.scenario, server);
        let limits = asked.limits.iter();
        outcomes.extend(limits.map(|gate| of_rounds(asked.scenario, server, gate, &rounds)));
    }
    if asked.not_worse {
        let is_baseline = |server: &&&str| asked.benchmark.baseline() == Some(**server);
        let others = asked.servers.iter().filter(|server| !is_baseline(server));
        outcomes.extend(others.map(|server| of_verdict(asked, server, cases)));
    }
    outcomes
}

fn rounds<'a>(records: &'a [Record], scenario: &str, server: &str) -> Vec<&'a Record> {
    let is_it = |record: &&Record| {
        let bench = record.bench.as_ref();
        bench.is_some_and(|it| it.scenario == scenario && it.server == server)
    };
    records.iter().filter(is_it).collect()
}

/// Failures count over all rounds, so that none is lost. Of what has a spread most rounds decide,
/// or their median if as many kept it as missed it: a single one says more of the machine than of
/// the server.
fn of_rounds(scenario: &str, server: &str, gate: &Gate, rounds: &[&Record]) -> Outcome {
    let results: Vec<GateResult> = match gate {
        Gate::MaxErrorRate(_) => sum(rounds)
            .iter()
            .map(|it| GateResult::of(gate, it))
            .collect(),
        _ => rounds.iter().map(|it| GateResult::of(gate, it)).collect(),
    };
    let missed = results.iter().filter(|result| !result.passed).count();
    let mut values: Vec<f64> = results
        .iter()
        .filter_map(|result| result.measured)
        .collect();
    values.sort_by(f64::total_cmp);
    let measured = median_of_sorted(&values);
    let passed = match (2 * missed).cmp(&results.len()) {
        Ordering::Less => true,
        Ordering::Equal => {
            values.len() == results.len() && measured.is_some_and(|it| gate.admits(it))
        }
        Ordering::Greater => false,
    };
    let such_as = results.iter().find(|result| result.passed == passed);
    let share = match (passed, results.len()) {
        (_, 0 | 1) => String::new(),
        (true, all) => format!(", kept in {} of {all} rounds", all - missed),
        (false, all) => format!(", missed in {missed} of {all} rounds"),
    };
    let said = such_as.map_or("nothing was measured", |result| result.message.as_str());
    Outcome {
        scenario: scenario.to_owned(),
        server: server.to_owned(),
        name: gate.name().to_owned(),
        limit: Some(gate.limit()),
        measured,
        passed: Some(passed),
        message: format!("{server} in {scenario}{share}: {said}"),
    }
}

/// The rounds as one, as far as failures go.
fn sum(rounds: &[&Record]) -> Option<Record> {
    let (first, others) = rounds.split_first()?;
    let mut sum = (*first).clone();
    for Record { requests, .. } in others {
        sum.requests.issued += requests.issued;
        sum.requests.succeeded += requests.succeeded;
        sum.requests.failed += requests.failed;
        sum.requests.cancelled += requests.cancelled;
    }
    Some(sum)
}

/// What was not compared was not decided; but a server that did not bear the load is worse than
/// one that did.
fn of_verdict(asked: &Gated<'_>, server: &str, cases: &[Case]) -> Outcome {
    let Gated {
        scenario,
        benchmark,
        ..
    } = *asked;
    let is_it = |case: &&Case| case.scenario.as_deref() == Some(scenario) && case.b.label == server;
    let given_up = benchmark.gave_up(scenario, server);
    let (passed, said) = match (cases.iter().find(is_it), given_up) {
        (Some(case), _) => of_case(case),
        (
            None,
            Some(GivenUp {
                round,
                why,
                by_server,
                ..
            }),
        ) => (
            by_server.then_some(false),
            format!("was given up in round {round}: {why}"),
        ),
        (None, None) => {
            let baseline = benchmark.baseline().unwrap_or_default();
            (None, format!("could not be compared with {baseline}"))
        }
    };
    Outcome {
        message: format!("{server} in {scenario}: --not-worse: it {said}"),
        scenario: scenario.to_owned(),
        server: server.to_owned(),
        name: NOT_WORSE.to_owned(),
        limit: None,
        measured: None,
        passed,
    }
}

fn of_case(case: &Case) -> (Option<bool>, String) {
    let baseline = &case.a.label;
    let mut judged = case
        .changes
        .iter()
        .filter(|change| change.judged)
        .peekable();
    if judged.peek().is_none() {
        let said = format!("may be worse than {baseline}: nothing that is judged is known of both");
        return (None, said);
    }
    if let Some(worse) = judged.clone().find(|change| change.is_worse()) {
        let metric = worse.metric.label_of(case.load.unit());
        return (Some(false), format!("is worse than {baseline} in {metric}"));
    }
    match judged.all(|change| change.verdict.is_some_and(is_decided)) {
        true => (Some(true), format!("is not worse than {baseline}")),
        false => (None, format!("may be worse than {baseline}, or not")),
    }
}

fn is_decided(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Higher | Verdict::Lower | Verdict::SmallDifference | Verdict::Equivalent => true,
        Verdict::Inconclusive | Verdict::LimitedByLoadGenerator | Verdict::Invalid => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::compare::sample::{compare, invalidate, sync_and_async};

    /// What becomes of these gates on async, at this rate against 10000 and this cost against 30.
    fn judged(limits: &[Gate], not_worse: bool, change: impl Fn(&mut [Record])) -> Vec<Outcome> {
        let (a, mut b) = sync_and_async(8_000.0, 40.0);
        change(&mut b);
        let cases = compare(a, b.clone()).cases;
        let gated = Gated {
            scenario: "close",
            servers: &["sync", "async"][usize::from(!not_worse)..],
            limits,
            not_worse,
            benchmark: &given_up(None),
        };
        judge(&gated, &b, &cases)
    }

    /// Sync as the baseline of async, which was perhaps given up, and by itself or not.
    fn given_up(by_server: Option<bool>) -> Benchmark {
        let (a, b) = sync_and_async(1.0, 1.0);
        let given_up = by_server.map(|by_server| GivenUp {
            scenario: "close".to_owned(),
            server: "async".to_owned(),
            round: 3,
            why: "it ended".to_owned(),
            by_server,
        });
        Benchmark {
            given_up: given_up.into_iter().collect(),
            ..Benchmark::seen_in(&[a, b].concat())
        }
    }

    fn only(outcomes: &[Outcome]) -> (Option<bool>, &str) {
        let [outcome] = outcomes else {
            panic!("{outcomes:?}");
        };
        (outcome.passed, &outcome.message)
    }

    #[test]
    fn most_rounds_decide_on_a_rate_and_on_a_p99() {
        let outcomes = judged(&[Gate::MinRate(7_000.0)], false, |_| {});
        let (passed, message) = only(&outcomes);
        assert_eq!(passed, Some(true));
        let words = "async in close, kept in 10 of 10 rounds: --min-rate 7000";
        assert!(message.starts_with(words), "{message}");
        let slow = |rounds: usize| {
            let gate = Gate::MaxP99(Duration::from_millis(30));
            judged(&[gate], false, |records| {
                for record in &mut records[..rounds] {
                    record.latency_ns.total.as_mut().unwrap().p99 = 90_000_000;
                }
            })
        };
        assert_eq!(only(&slow(4)).0, Some(true));
        assert_eq!(only(&slow(5)).0, Some(false), "their median is over it");
        let outcomes = slow(6);
        assert_eq!(outcomes[0].measured, Some(90e6));
        let (passed, message) = only(&outcomes);
        assert_eq!(passed, Some(false));
        let words = ", missed in 6 of 10 rounds: --max-p99 30ms: the p99 was 90.0ms";
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn a_failure_in_one_round_is_a_failure() {
        let outcomes = judged(&[Gate::MaxErrorRate(0.0)], false, |records| {
            records[3].requests.succeeded -= 1;
            records[3].requests.failed += 1;
        });
        let (passed, message) = only(&outcomes);
        assert_eq!(passed, Some(false));
        assert!(message.contains("1 of "), "{message}");
    }

    #[test]
    fn a_server_that_is_worse_by_a_verdict_misses_and_one_that_is_open_does_not() {
        let outcomes = judged(&[], true, |_| {});
        let said = "async in close: --not-worse: it is worse than sync in requests per second";
        assert_eq!(only(&outcomes), (Some(false), said));
        let outcomes = judged(&[], true, |records| invalidate(&mut records[0]));
        assert_eq!(only(&outcomes).0, None);
    }

    #[test]
    fn what_nothing_was_judged_of_is_open() {
        let outcomes = judged(&[], true, |records| {
            for record in records {
                record.plan.rate_per_second = Some(5.0);
                record.server = None;
            }
        });
        let said = "async in close: --not-worse: it may be worse than sync: nothing that is judged \
                    is known of both";
        assert_eq!(only(&outcomes), (None, said));
    }

    #[test]
    fn a_server_that_gave_up_is_worse_and_one_that_the_load_generator_gave_up_is_open() {
        let judged = |by_server| {
            let gated = Gated {
                scenario: "close",
                servers: &["sync", "async"],
                limits: &[],
                not_worse: true,
                benchmark: &given_up(by_server),
            };
            let outcomes = judge(&gated, &[], &[]);
            let (passed, message) = only(&outcomes);
            (passed, message.to_owned())
        };
        let said = "async in close: --not-worse: it was given up in round 3: it ended";
        assert_eq!(judged(Some(true)), (Some(false), said.to_owned()));
        assert_eq!(judged(Some(false)), (None, said.to_owned()));
        let said = "async in close: --not-worse: it could not be compared with sync";
        assert_eq!(judged(None), (None, said.to_owned()));
    }

    #[test]
    fn what_was_not_measured_is_missed() {
        let gated = Gated {
            scenario: "close",
            servers: &["async"],
            limits: &[Gate::MinRate(1.0)],
            not_worse: false,
            benchmark: &given_up(None),
        };
        let outcomes = judge(&gated, &[], &[]);
        let said = "async in close: nothing was measured";
        assert_eq!(only(&outcomes), (Some(false), said));
    }
}
