use proptest::prelude::*;

use super::*;
use crate::outcome::Outcome;
use crate::recorder::Timing;

const ASKED: Asked<'static> = Asked {
    method: "GET",
    name: "/a",
};

/// A test that began when the second 1000 did, up to its second 3.
fn window() -> Window {
    Window {
        began_at: UNIX_EPOCH + Duration::from_secs(1000),
        from: Duration::from_secs(0),
        to: Duration::from_secs(3),
    }
}

/// Each a latency in nanoseconds, in the second after the one before.
fn recorder(outcomes: &[(Outcome, u64)]) -> Recorder {
    let mut recorder = Recorder::new(0, false);
    for (second, (outcome, latency_ns)) in (0..).zip(outcomes) {
        recorder.issued();
        let started_ns = second * 1_000_000_000;
        let timing = Timing {
            ended_ns: started_ns + latency_ns,
            ..Timing::starting(started_ns, 0)
        };
        recorder.ended(*outcome, &timing);
    }
    recorder
}

fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    let fields = value.as_map().unwrap();
    let found = fields.iter().find(|(key, _)| key.as_str() == Some(name));
    &found.unwrap_or_else(|| panic!("{name} in {value}")).1
}

fn number(value: &Value, name: &str) -> f64 {
    field(value, name).as_f64().unwrap()
}

#[test]
fn a_report_has_what_a_master_adds_up() {
    let timeout = Outcome::Failed(Cause::ReadTimeout);
    let recorder = recorder(&[
        (Outcome::Succeeded, 1_234_567),
        (Outcome::Succeeded, 2_000_000),
        (timeout, 30_000_000),
        (Outcome::Cancelled, 5),
    ]);
    let users = Users::new(vec![("A".to_owned(), 4)]);
    let mut report = Report::of(&recorder, ASKED, &window(), users);
    report.record = Some("{}".to_owned());
    assert_eq!(
        report.requests(),
        3,
        "what is cancelled never was, to Locust"
    );
    let value = report.to_value();
    let entry = &field(&value, "stats").as_array().unwrap()[0];
    let total = field(&value, "stats_total");
    assert_eq!(field(entry, "name"), &Value::from("/a"));
    assert_eq!(field(entry, "method"), &Value::from("GET"));
    assert_eq!(field(total, "name"), &Value::from("Aggregated"));
    for entry in [entry, total] {
        assert_eq!(field(entry, "num_requests"), &Value::from(3));
        assert_eq!(field(entry, "num_failures"), &Value::from(1));
        assert!((number(entry, "start_time") - 1000.0).abs() < 1e-6);
        assert!((number(entry, "last_request_timestamp") - 1003.0).abs() < 1e-6);
        assert!((number(entry, "total_response_time") - 33.23).abs() < 0.05);
        assert!((number(entry, "max_response_time") - 30.0).abs() < 0.05);
        assert!((number(entry, "min_response_time") - 1.234).abs() < 0.01);
        let times = field(entry, "response_times").as_map().unwrap();
        let keys: Vec<f64> = times.iter().map(|(key, _)| key.as_f64().unwrap()).collect();
        assert_eq!(keys, [1.23, 2.0, 30.0]);
        let seconds = field(entry, "num_reqs_per_sec").as_map().unwrap();
        assert_eq!(seconds[0], (Value::from(1000), Value::from(1)));
        assert_eq!(seconds.len(), 3);
        let failures = field(entry, "num_fail_per_sec").as_map().unwrap();
        assert_eq!(failures, &[(Value::from(1002), Value::from(1))]);
    }
    let errors = field(&value, "errors").as_map().unwrap();
    assert_eq!(field(&errors[0].1, "occurrences"), &Value::from(1));
    let error = field(&errors[0].1, "error").as_str().unwrap();
    assert!(error.starts_with(Cause::ReadTimeout.label()), "{error}");
    assert_eq!(field(&value, "user_count"), &Value::from(4));
    assert_eq!(field(&value, RECORD_KEY), &Value::from("{}"));
}

#[test]
fn nothing_is_a_sum_without_times() {
    let value = Report::nothing(Users::default(), UNIX_EPOCH).to_value();
    assert_eq!(field(&value, "stats").as_array().unwrap().len(), 0);
    let total = field(&value, "stats_total");
    assert_eq!(field(total, "last_request_timestamp"), &Value::Nil);
    assert_eq!(field(total, "min_response_time"), &Value::Nil);
    assert_eq!(field(total, "num_requests"), &Value::from(0));
    let fields = value.as_map().unwrap();
    assert!(
        fields
            .iter()
            .all(|(key, _)| key.as_str() != Some(RECORD_KEY))
    );
}

#[test]
fn what_is_another_tests_is_told_by_the_record_alone() {
    let recorder = recorder(&[(Outcome::Succeeded, 1_000_000)]);
    let mut report = Report::of(&recorder, ASKED, &window(), Users::default());
    report.record = Some("{}".to_owned());
    report.forget_locusts_numbers();
    let value = report.to_value();
    assert_eq!(
        field(field(&value, "stats_total"), "num_requests"),
        &Value::from(0)
    );
    assert_eq!(field(&value, RECORD_KEY), &Value::from("{}"));
}

#[test]
fn workers_call_one_error_by_one_name() {
    let one = Report::of(
        &recorder(&[(Outcome::Failed(Cause::ReadReset), 1)]),
        ASKED,
        &window(),
        Users::default(),
    );
    let other = Report::of(
        &recorder(&[(Outcome::Failed(Cause::ReadReset), 2); 2]),
        ASKED,
        &window(),
        Users::default(),
    );
    assert_eq!(one.failures[0].key(), other.failures[0].key());
    assert_eq!(one.failures[0].key().len(), 64);
}

proptest! {
    #[test]
    fn three_digits_are_the_nearest(ns in 0_u64..4_000_000_000_000) {
        let rounded = three_digits(ns);
        prop_assert!(rounded.abs_diff(ns) as f64 <= ns as f64 * 0.005 + 1e-9);
        let digits = rounded.to_string();
        prop_assert!(digits.trim_end_matches('0').len() <= 3, "{}", digits);
    }

    #[test]
    fn every_request_that_ended_is_in_each_sum(latencies in prop::collection::vec(1_u64..10_000_000_000, 1..50)) {
        let outcomes: Vec<_> = latencies.iter().map(|&ns| (Outcome::Succeeded, ns)).collect();
        let value = Report::of(&recorder(&outcomes), ASKED, &window(), Users::default()).to_value();
        let total = field(&value, "stats_total");
        let sum = |name: &str| -> u64 {
            let pairs = field(total, name).as_map().unwrap().iter();
            pairs.map(|(_, count)| count.as_u64().unwrap()).sum()
        };
        prop_assert_eq!(sum("response_times"), latencies.len() as u64);
        prop_assert_eq!(sum("num_reqs_per_sec"), latencies.len() as u64);
    }
}
