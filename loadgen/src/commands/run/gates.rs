//! What a run's gates come to: lines on stderr and an exit code.

use crate::exit::Exit;
use crate::output;
use crate::plan::Gate;
use crate::record::{Finding, Record, Severity};

/// How a whole run ends in which requests succeeded, and what is said of its gates.
///
/// - No gate was set: done. The record says whether it can be believed.
/// - A gate was missed: worse.
/// - All were kept, in a run that cannot be believed: invalid. A script that asked for gates
///   must not take it for a good one.
pub(super) fn conclude(gates: &[Gate], record: &Record) -> Exit {
    let (exit, lines) = judge(gates, record);
    for line in lines {
        output::complain(&line);
    }
    exit
}

fn judge(gates: &[Gate], record: &Record) -> (Exit, Vec<String>) {
    let missed = record.gates.iter().filter(|gate| !gate.passed);
    let missed: Vec<String> = missed
        .map(|gate| format!("gate missed: {}", gate.message))
        .collect();
    let doubts: Vec<String> = doubts(gates, record).map(explain).collect();
    if gates.is_empty() {
        (Exit::Done, missed)
    } else if !missed.is_empty() {
        let limits = limits(record).map(explain);
        (
            Exit::Worse,
            missed.into_iter().chain(doubts).chain(limits).collect(),
        )
    } else if !doubts.is_empty() {
        let kept = "the gates were kept, but by a run that cannot be believed".to_owned();
        (Exit::Invalid, [kept].into_iter().chain(doubts).collect())
    } else {
        (Exit::Done, Vec::new())
    }
}

fn explain(finding: &Finding) -> String {
    let label = finding.severity.label();
    format!("{label}: {}; {}", finding.message, finding.advice)
}

/// Why the run cannot be believed, but for what its gates have decided already: how many failures
/// are too many, and a debug build, which only makes it harder to keep a limit.
///
/// Connections that were never served are a note to those who compare servers, but not to a
/// script: their requests are neither failures nor among the latencies, so no gate sees them.
fn doubts<'a>(gates: &[Gate], record: &'a Record) -> impl Iterator<Item = &'a Finding> {
    let has_error_gate = gates
        .iter()
        .any(|gate| matches!(gate, Gate::MaxErrorRate(_)));
    let reasons = record.validity.reasons.iter();
    reasons.filter(move |finding| match finding.code.as_str() {
        "failures_present" if has_error_gate => false,
        "debug_build" => false,
        "starved" => true,
        _ => finding.severity == Severity::Invalid,
    })
}

/// Why the rate is the load generator's: a gate that was missed may have been missed by it.
fn limits(record: &Record) -> impl Iterator<Item = &Finding> {
    let reasons = record.validity.reasons.iter();
    reasons.filter(|finding| finding.severity == Severity::LimitsRate)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::Cause;
    use crate::record::GateResult;
    use crate::record::sample::sample;

    /// How the good sample record ends under these gates, after a change.
    fn judged(gates: &[Gate], change: impl FnOnce(&mut Record)) -> (Exit, Vec<String>) {
        let mut record = sample();
        change(&mut record);
        record.gates = gates
            .iter()
            .map(|gate| GateResult::of(gate, &record))
            .collect();
        judge(gates, &record.judged())
    }

    fn failing(share: f64) -> impl FnOnce(&mut Record) {
        move |record| {
            record.requests.failed = (100_000.0 * share) as u64;
            record.requests.succeeded = 100_000 - record.requests.failed;
        }
    }

    const P99_KEPT: Gate = Gate::MaxP99(Duration::from_millis(30));
    const P99_MISSED: Gate = Gate::MaxP99(Duration::from_millis(10));

    #[test]
    fn gates_that_are_kept_are_not_spoken_of() {
        let gates = [Gate::MaxErrorRate(0.0), P99_KEPT, Gate::MinRate(9_000.0)];
        assert_eq!(judged(&gates, |_| {}), (Exit::Done, Vec::new()));
    }

    #[test]
    fn each_missed_gate_is_a_line_with_limit_and_measurement() {
        let gates = [Gate::MaxErrorRate(0.0), P99_MISSED, Gate::MinRate(20_000.0)];
        let lines = [
            "gate missed: --max-p99 10ms: the p99 was 21.0ms",
            "gate missed: --min-rate 20000: 10000.0 requests succeeded per second",
        ];
        let expected = (Exit::Worse, lines.map(str::to_owned).to_vec());
        assert_eq!(judged(&gates, |_| {}), expected);
    }

    #[test]
    fn a_gate_that_the_load_generator_may_have_missed_is_said_to_be_so() {
        let saturated = |record: &mut Record| record.client.busiest_worker_cpu_share = 0.99;
        let (exit, lines) = judged(&[Gate::MinRate(20_000.0)], saturated);
        assert_eq!((exit, lines.len()), (Exit::Worse, 2));
        assert!(
            lines[1].starts_with("rate limited: the busiest"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_run_that_cannot_be_believed_passes_no_gate() {
        let without_ports = |record: &mut Record| record.failures[Cause::NoLocalPort] = 1;
        let (exit, lines) = judged(&[P99_KEPT], without_ports);
        assert_eq!((exit, lines.len()), (Exit::Invalid, 2));
        assert!(
            lines[1].starts_with("INVALID: 1 requests found no"),
            "{lines:?}"
        );
    }

    #[test]
    fn how_many_failures_are_too_many_is_for_the_gate_to_say() {
        let (exit, lines) = judged(&[P99_KEPT], failing(0.05));
        assert_eq!((exit, lines.len()), (Exit::Invalid, 2));
        assert!(lines[1].starts_with("INVALID: 5.00 %"), "{lines:?}");
        let gates = [P99_KEPT, Gate::MaxErrorRate(0.1)];
        assert_eq!(judged(&gates, failing(0.05)), (Exit::Done, Vec::new()));
    }

    #[test]
    fn connections_that_were_never_served_pass_no_gate() {
        let starved = |record: &mut Record| {
            let mut waiting = record.latency_ns.total.unwrap();
            (waiting.count, waiting.max) = (5, 2_000_000_000);
            record.latency_ns.cancelled = Some(waiting);
        };
        let (exit, lines) = judged(&[Gate::MaxErrorRate(0.0), P99_KEPT], starved);
        assert_eq!((exit, lines.len()), (Exit::Invalid, 2));
        assert!(lines[1].contains("had waited for 2.000 s"), "{lines:?}");
        assert_eq!(judged(&[], starved), (Exit::Done, Vec::new()));
    }

    #[test]
    fn a_debug_build_makes_no_gate_easier() {
        let debug_build = |record: &mut Record| record.tool.profile = "debug".to_owned();
        assert_eq!(judged(&[P99_KEPT], debug_build), (Exit::Done, Vec::new()));
    }

    #[test]
    fn without_gates_a_doubtful_run_is_done() {
        assert_eq!(judged(&[], failing(0.5)), (Exit::Done, Vec::new()));
    }
}
