//! Rounds made up for tests.

use super::pairing;
use super::{Comparison, Options};
use crate::record::sample::sample;
use crate::record::{Bench, Finding, Record, Severity, Validity};

/// Rounds of one server: a rate and a cost for each.
pub(super) struct Rounds {
    pub(super) server: &'static str,
    pub(super) rates: Vec<f64>,
    pub(super) costs_us: Vec<f64>,
}

/// The records of rounds, interleaved ABBA with those of the other position.
pub(super) fn records(rounds: &Rounds, position: u64) -> Vec<Record> {
    let values = rounds.rates.iter().zip(&rounds.costs_us);
    (1..)
        .zip(values)
        .map(|(round, (rate, cost_us))| {
            let position = if round % 2 == 1 {
                position
            } else {
                3 - position
            };
            let mut record = sample();
            record.id = format!("{}-{round}", rounds.server);
            record.started_at = format!("2026-03-01T12:{round:02}:{:02}.000Z", 10 * position);
            record.bench = Some(Bench {
                plan: None,
                scenario: "close".to_owned(),
                server: rounds.server.to_owned(),
                round,
                position,
            });
            record.rate_per_second = *rate;
            record.server.as_mut().unwrap().cpu_us_per_request = Some(*cost_us);
            record
        })
        .collect()
}

/// Ten values around `centre`, at most 2 % from it, no two alike.
pub(super) fn around(centre: f64) -> Vec<f64> {
    let steps = [0.3, -0.9, 1.2, -0.1, 0.7, -1.6, 1.9, -0.4, 0.2, -1.1];
    steps
        .map(|percent| centre * (1.0 + percent / 100.0))
        .to_vec()
}

/// sync (A) at rate 10000 and cost 30, and async (B) at the given ones. B's
/// noise is A's in reverse, so that the differences vary.
pub(super) fn sync_and_async(rate: f64, cost_us: f64) -> (Vec<Record>, Vec<Record>) {
    let reversed = |mut values: Vec<f64>| {
        values.reverse();
        values
    };
    let sync = Rounds {
        server: "sync",
        rates: around(10_000.0),
        costs_us: around(30.0),
    };
    let r#async = Rounds {
        server: "async",
        rates: reversed(around(rate)),
        costs_us: reversed(around(cost_us)),
    };
    (records(&sync, 1), records(&r#async, 2))
}

/// The servers of a benchmark compared with the default options.
pub(super) fn compare(a: Vec<Record>, b: Vec<Record>) -> Comparison {
    compare_with(a, b, &Options::default())
}

/// The servers of a benchmark compared.
pub(super) fn compare_with(a: Vec<Record>, b: Vec<Record>, options: &Options) -> Comparison {
    let records: Vec<Record> = a.into_iter().chain(b).collect();
    let (pairs, unmatched) = pairing::servers(&records, None).unwrap();
    Comparison::new(&pairs, unmatched, options)
}

/// Marks a run as one in which the load generator was the limit.
pub(super) fn saturate(record: &mut Record) {
    record.validity = Validity {
        valid: true,
        reasons: vec![finding(Severity::LimitsRate, "client_saturated")],
    };
}

/// Marks a run as one that cannot be believed.
pub(super) fn invalidate(record: &mut Record) {
    record.validity = Validity {
        valid: false,
        reasons: vec![finding(Severity::Invalid, "interrupted")],
    };
}

fn finding(severity: Severity, code: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        message: format!("{code} was seen"),
        advice: "do something about it".to_owned(),
    }
}
