//! Whether a run reached the limits that were set for it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Record, behind, too_many_unanswered};
use crate::plan::{Gate, percentage};

/// Behind the point, in the message about a gate: all that a time in seconds has.
const DIGITS_MAX: usize = 9;

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
    /// Whether the limit was kept. What was not measured was not kept. Nor was
    /// `max_p99_ns` if over 1 % of the requests, and more than two, had no
    /// answer when the run ended, and some of them had waited for longer than
    /// the limit: the p99 is then not that of all.
    pub passed: bool,
    /// The limit and what was measured: one line.
    pub message: String,
}

impl GateResult {
    /// Holds what the record says against the limit.
    #[must_use]
    pub fn of(gate: &Gate, record: &Record) -> Self {
        let measured = measure(gate, record);
        let admitted = measured.is_some_and(|measured| gate.admits(measured));
        let left_out = left_out(gate, record);
        let mut message = message(gate, record, measured);
        if let Some(left_out) = &left_out {
            message = format!("{message}, but {left_out}");
        }
        Self {
            name: gate.name().to_owned(),
            limit: gate.limit(),
            measured,
            passed: admitted && left_out.is_none(),
            message,
        }
    }
}

/// In the unit of the gate's name; `None` if there is nothing to judge.
fn measure(gate: &Gate, record: &Record) -> Option<f64> {
    let requests = &record.requests;
    match gate {
        Gate::MaxErrorRate(_) => requests.failed_share(),
        Gate::MaxP99(_) => {
            let latency = &record.latency_ns;
            let times = latency.corrected.or(latency.total);
            times.map(|times| times.p99 as f64)
        }
        Gate::MinRate(_) => (requests.succeeded > 0).then_some(record.rate_per_second),
    }
}

/// Whom the number leaves out, if they are so many, and wait for so long, that it is not that of all.
///
/// That a request is under way at the end is no fault: some are whenever time ends a run. One that
/// has waited for longer than the limit has missed it. How long those had waited that were never
/// started the record does not say, but it says at what rate they came.
fn left_out(gate: &Gate, record: &Record) -> Option<String> {
    let Gate::MaxP99(limit) = *gate else {
        return None;
    };
    let requests = &record.requests;
    let (unanswered, issued) = (requests.cancelled, requests.issued);
    let under_way = record.latency_ns.cancelled.map_or(0, |times| times.max);
    let waited = Duration::from_nanos(under_way).max(behind_schedule(record));
    (too_many_unanswered(unanswered, issued) && waited > limit).then(|| {
        format!(
            "{unanswered} of {issued} requests had no answer when the run ended, so that is not \
             the p99 of all"
        )
    })
}

/// By how much the answers were behind the schedule of an open loop at the end, at least.
fn behind_schedule(record: &Record) -> Duration {
    let plan = &record.plan;
    let rate = plan.rate_per_second.map(|from| {
        let to = plan.rate_to_per_second.unwrap_or(from);
        from.max(to)
    });
    rate.map_or(Duration::ZERO, |rate| {
        behind(record.requests.cancelled, rate)
    })
}

fn message(gate: &Gate, record: &Record, measured: Option<f64>) -> String {
    let requests = &record.requests;
    let (limit, found) = match *gate {
        Gate::MaxErrorRate(share) => (
            format!("--max-error-rate {} %", percentage(share)),
            measured.map(|share| {
                let (percent, ended) = (percentage(share), requests.ended());
                format!(
                    "{percent} % of the requests failed, {} of {ended}",
                    requests.failed
                )
            }),
        ),
        Gate::MaxP99(limit) => (
            format!("--max-p99 {limit:?}"),
            measured.map(|p99_ns| {
                let p99 = Duration::from_nanos(p99_ns as u64);
                let p99 = beside(limit, p99, |time, digits| format!("{time:.digits$?}"));
                match record.latency_ns.corrected {
                    Some(_) => format!("the p99 from the intended starts was {p99}"),
                    None => format!("the p99 was {p99}"),
                }
            }),
        ),
        Gate::MinRate(rate) => (
            format!("--min-rate {rate}"),
            measured.map(|measured| {
                let measured = beside(rate, measured, |rate, digits| format!("{rate:.digits$}"));
                format!("{measured} requests succeeded per second")
            }),
        ),
    };
    let nothing = || "there is nothing to judge it by".to_owned();
    format!("{limit}: {}", found.unwrap_or_else(nothing))
}

/// What was measured, with as many digits behind the point as it takes to tell it from a limit
/// that it is not.
fn beside<T: Copy + PartialEq>(limit: T, measured: T, show: impl Fn(T, usize) -> String) -> String {
    let is_told_apart =
        |&digits: &usize| measured == limit || show(measured, digits) != show(limit, digits);
    let digits = [1, 3].into_iter().find(is_told_apart);
    show(measured, digits.unwrap_or(DIGITS_MAX))
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
                "--max-error-rate 1 %: 1 % of the requests failed, 1000 of 100000",
            ),
            (
                Gate::MaxErrorRate(0.0099),
                false,
                "--max-error-rate 0.99 %: 1 % of the requests failed, 1000 of 100000",
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
    fn a_miss_by_little_is_seen_in_the_numbers() {
        let (passed, message) = judged(Gate::MaxErrorRate(0.0), |record| {
            record.requests.succeeded = 9_999_999;
            record.requests.failed = 1;
        });
        let told = "--max-error-rate 0 %: 0.00001 % of the requests failed, 1 of 10000000";
        assert_eq!((passed, &*message), (false, told));
        for (p99_ns, told) in [
            (21_000_000, "21.0ms"),
            (21_040_000, "21.040ms"),
            (21_000_010, "21.000010000ms"),
            (21_060_000, "21.1ms"),
            (20_960_000, "20.960ms"),
        ] {
            let (passed, message) = judged(Gate::MaxP99(Duration::from_millis(21)), |record| {
                record.latency_ns.total.as_mut().unwrap().p99 = p99_ns;
            });
            assert_eq!(passed, p99_ns <= 21_000_000);
            assert_eq!(message, format!("--max-p99 21ms: the p99 was {told}"));
        }
        let (passed, message) = judged(Gate::MinRate(10_000.0), |record| {
            record.rate_per_second = 9_999.96;
        });
        assert!(!passed);
        assert!(message.contains(": 9999.960 requests"), "{message}");
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
    fn the_p99_of_few_is_not_that_of_all_if_the_others_wait_for_longer_than_the_limit() {
        let gate = || Gate::MaxP99(Duration::from_millis(1500));
        let overloaded = |rate: f64, succeeded: u64, cancelled: u64| {
            judged(gate(), move |record| {
                record.plan.rate_per_second = Some(rate);
                record.requests.succeeded = succeeded;
                record.requests.cancelled = cancelled;
                record.requests.issued = succeeded + cancelled;
            })
        };
        let (passed, message) = overloaded(100.0, 15, 185);
        assert!(!passed);
        let told = "the p99 was 21.0ms, but 185 of 200 requests had no answer when the run ended";
        assert!(message.contains(told), "{message}");
        // A server that keeps up and takes 1.5 s, and one that takes a little longer.
        assert!(overloaded(100.0, 850, 150).0);
        assert!(!overloaded(100.0, 849, 151).0);
        // Two are chance, whatever their rate.
        assert!(overloaded(0.1, 3, 2).0);
    }

    #[test]
    fn in_a_closed_loop_what_the_end_cut_off_counts_once_it_has_waited_for_longer_than_the_limit() {
        let cut_off = |cancelled: u64, waited_ms: u64| {
            let gate = Gate::MaxP99(Duration::from_millis(30));
            judged(gate, move |record| {
                record.requests.issued += cancelled;
                record.requests.cancelled = cancelled;
                let mut times = record.latency_ns.total.unwrap();
                times.max = waited_ms * 1_000_000;
                record.latency_ns.cancelled = Some(times);
            })
        };
        assert!(cut_off(2000, 30).0);
        assert!(!cut_off(2000, 31).0);
        // One in a hundred may take any time.
        assert!(cut_off(1010, 31).0);
        assert!(!cut_off(1011, 31).0);
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
