//! Our numbers beside those of scipy and R. `make.py` says how `vectors.json` came about, `unpaired.R`
//! the same of `unpaired.json`.

use serde::Deserialize;

use super::{Shifts, WalshAverages, p_value, rank_sum_p_value};

const VECTORS: &str = include_str!("vectors.json");

const UNPAIRED: &str = include_str!("unpaired.json");

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    differences: Vec<f64>,
    p_value: f64,
    estimate: f64,
    interval: Option<[f64; 2]>,
}

fn cases() -> Vec<Case> {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    vectors.cases
}

fn assert_close(name: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{name}: {got}, not {want}");
}

#[test]
fn p_values_are_those_of_scipy() {
    for case in cases() {
        let p = p_value(&case.differences);
        assert_close(&case.name, p, case.p_value, 1e-12);
    }
}

#[test]
fn estimates_are_those_of_numpy() {
    for case in cases() {
        let estimate = WalshAverages::of(&case.differences).median().unwrap();
        assert_close(&case.name, estimate, case.estimate, 1e-12);
    }
}

#[test]
fn intervals_hold_the_shifts_that_scipy_does_not_reject() {
    let mut compared = 0;
    for case in cases() {
        let Some([low, high]) = case.interval else {
            continue;
        };
        let interval = WalshAverages::of(&case.differences).interval(0.95).unwrap();
        // Bisection stops short of the boundary by its last step.
        assert_close(&case.name, interval.low, low, 1e-6);
        assert_close(&case.name, interval.high, high, 1e-6);
        compared += 1;
    }
    assert!(compared >= 15, "only {compared} intervals to compare with");
}

#[derive(Deserialize)]
struct Unpaired {
    cases: Vec<UnpairedCase>,
}

#[derive(Deserialize)]
struct UnpairedCase {
    name: String,
    a: Vec<f64>,
    b: Vec<f64>,
    p_value: f64,
    estimate: Option<f64>,
    interval: Option<[f64; 2]>,
}

#[test]
fn what_is_said_of_two_samples_is_what_r_says() {
    let unpaired: Unpaired = serde_json::from_str(UNPAIRED).unwrap();
    let mut intervals = 0;
    for case in unpaired.cases {
        let p = rank_sum_p_value(&case.a, &case.b);
        assert_close(&case.name, p, case.p_value, 1e-12);
        let shifts = Shifts::between(&case.a, &case.b);
        let (Some(estimate), Some([low, high])) = (case.estimate, case.interval) else {
            continue;
        };
        assert_close(&case.name, shifts.median().unwrap(), estimate, 1e-12);
        let interval = shifts.interval(0.95).unwrap();
        assert_close(&case.name, interval.low, low, 1e-12);
        assert_close(&case.name, interval.high, high, 1e-12);
        intervals += 1;
    }
    assert!(
        intervals >= 15,
        "only {intervals} intervals to compare with"
    );
}
