//! Whether a run reached the limits that were set for it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::plan::Gate;

/// A limit that was set for the run, and what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateResult {
    /// Which limit: `max_error_rate` (failures as a share, 0 to 1, of successes
    /// and failures), `max_p99_ns` (of `latency_ns.corrected` in open loop, else
    /// of `latency_ns.total`) or `min_rate_per_second` (successes).
    pub name: String,
    /// The limit, in the unit of the name.
    pub limit: f64,
    /// What was measured, in the same unit; null if nothing was.
    pub measured: Option<f64>,
    /// Whether the limit was kept. What was not measured was not kept.
    pub passed: bool,
    /// The limit and what was measured: one line.
    pub message: String,
}

impl GateResult {
    /// Holds what the record says against the limit.
    #[must_use]
    pub fn of(gate: &Gate, record: &Record) -> Self {
        let measured = measure(gate, record);
        Self {
            name: gate.name().to_owned(),
            limit: gate.limit(),
            measured,
            passed: measured.is_some_and(|measured| gate.admits(measured)),
            message: message(gate, record, measured),
        }
    }
}

/// In the unit of the gate's name; `None` if there is nothing to judge.
fn measure(gate: &Gate, record: &Record) -> Option<f64> {
    let requests = &record.requests;
    match gate {
        Gate::MaxErrorRate(_) => {
            let ended = requests.succeeded + requests.failed;
            (ended > 0).then(|| requests.failed as f64 / ended as f64)
        }
        Gate::MaxP99(_) => {
            let latency = &record.latency_ns;
            let times = latency.corrected.or(latency.total);
            times.map(|times| times.p99 as f64)
        }
        Gate::MinRate(_) => (requests.succeeded > 0).then_some(record.rate_per_second),
    }
}

fn message(gate: &Gate, record: &Record, measured: Option<f64>) -> String {
    let (limit, found) = match *gate {
        Gate::MaxErrorRate(share) => (
            format!("--max-error-rate {}", percent(share)),
            measured.map(|share| format!("{} of the requests failed", percent(share))),
        ),
        Gate::MaxP99(limit) => (
            format!("--max-p99 {limit:?}"),
            measured.map(|p99_ns| {
                let p99 = Duration::from_nanos(p99_ns as u64);
                match record.latency_ns.corrected {
                    Some(_) => format!("the p99 from the intended starts was {p99:.1?}"),
                    None => format!("the p99 was {p99:.1?}"),
                }
            }),
        ),
        Gate::MinRate(rate) => (
            format!("--min-rate {rate}"),
            measured.map(|rate| format!("{rate:.1} requests succeeded per second")),
        ),
    };
    let nothing = || "there is nothing to judge it by".to_owned();
    format!("{limit}: {}", found.unwrap_or_else(nothing))
}

/// A share of 0 to 1, with as many digits as it takes to tell it from a limit beside it.
fn percent(share: f64) -> String {
    let digits = format!("{:.4}", share * 100.0);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::LatencyNs;
    use crate::record::sample::sample;

    /// Holds the gate against the good sample record after a change.
    fn judged(gate: Gate, change: impl FnOnce(&mut Record)) -> (bool, String) {
        let mut record = sample();
        change(&mut record);
        let result = GateResult::of(&gate, &record);
        (result.passed, result.message)
    }

    fn failing(record: &mut Record) {
        record.requests.succeeded = 99_000;
        record.requests.failed = 1_000;
        record.rate_per_second = 9_900.0;
    }

    #[test]
    fn each_gate_is_judged_by_its_own_number() {
        let ms = Duration::from_millis;
        for (gate, passed, message) in [
            (
                Gate::MaxErrorRate(0.01),
                true,
                "--max-error-rate 1 %: 1 % of the requests failed",
            ),
            (
                Gate::MaxErrorRate(0.0099),
                false,
                "--max-error-rate 0.99 %: 1 % of the requests failed",
            ),
            (
                Gate::MaxP99(ms(21)),
                true,
                "--max-p99 21ms: the p99 was 21.0ms",
            ),
            (
                Gate::MaxP99(ms(20)),
                false,
                "--max-p99 20ms: the p99 was 21.0ms",
            ),
            (
                Gate::MinRate(9_900.0),
                true,
                "--min-rate 9900: 9900.0 requests succeeded per second",
            ),
            (
                Gate::MinRate(10_000.0),
                false,
                "--min-rate 10000: 9900.0 requests succeeded per second",
            ),
        ] {
            assert_eq!(judged(gate, failing), (passed, message.to_owned()));
        }
    }

    #[test]
    fn in_an_open_loop_the_wait_before_the_start_counts() {
        let gate = Gate::MaxP99(Duration::from_millis(30));
        let (passed, message) = judged(gate, |record| {
            let mut corrected = record.latency_ns.total.unwrap();
            corrected.p99 = 900_000_000;
            record.latency_ns.corrected = Some(corrected);
        });
        assert!(!passed);
        assert!(
            message.ends_with("the p99 from the intended starts was 900.0ms"),
            "{message}"
        );
    }

    #[test]
    fn what_was_not_measured_is_missed() {
        for gate in [
            Gate::MaxErrorRate(1.0),
            Gate::MaxP99(Duration::from_secs(3600)),
            Gate::MinRate(1e-9),
        ] {
            let (passed, message) = judged(gate, |record| {
                record.requests.succeeded = 0;
                record.rate_per_second = 0.0;
                record.latency_ns = LatencyNs::default();
            });
            assert!(!passed, "{message}");
            assert!(message.contains("nothing to judge"), "{message}");
        }
    }
}
