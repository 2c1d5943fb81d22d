//! Matrices of made-up rounds.

use super::*;
use crate::compare::sample::{Rounds, around, invalidate, records, saturate};
use crate::compare::{Comparison, GivenUp, LeftOut, Options, Participant, Task};
use crate::outcome::Cause;
use crate::record::{Background, Finding, HeldConnections, Severity};

/// Rounds of one server in one scenario around these values.
fn rounds(scenario: &str, server: &'static str, rate: f64, cost_us: f64) -> Vec<Record> {
    let rounds = Rounds {
        server,
        rates: around(rate),
        costs_us: around(cost_us),
    };
    let mut records = records(&rounds, 1);
    for record in &mut records {
        record.id = format!("{scenario}-{}", record.id);
        scenario.clone_into(&mut record.bench.as_mut().unwrap().scenario);
    }
    records
}

/// A plan of these scenarios and servers.
fn benchmark(scenarios: &[&str], servers: &[&str]) -> Benchmark {
    Benchmark {
        plan: "models".to_owned(),
        servers: servers
            .iter()
            .map(|&label| Participant {
                label: label.to_owned(),
                started_as: format!("server --model {label}"),
            })
            .collect(),
        scenarios: scenarios
            .iter()
            .map(|&name| Task {
                name: name.to_owned(),
                load: format!("the load of {name}"),
                left_out: Vec::new(),
            })
            .collect(),
        ..Benchmark::default()
    }
}

fn give_up(benchmark: &mut Benchmark, scenario: &str, server: &str, by_server: bool) {
    benchmark.given_up.push(GivenUp {
        scenario: scenario.to_owned(),
        server: server.to_owned(),
        round: 2,
        why: format!("{server} ended by itself (signal: 11)"),
        by_server,
    });
}

/// The run failed as this reason says.
fn fail(record: &mut Record, code: &str) {
    invalidate(record);
    if code == "failures_present" {
        record.failures[Cause::ConnectRefused] = 40;
        record.failures[Cause::ReadReset] = 3;
    }
    record.validity.reasons = vec![Finding {
        code: code.to_owned(),
        severity: Severity::Invalid,
        message: "40 % of the requests failed".to_owned(),
        advice: "see `failures`".to_owned(),
    }];
}

fn compare(records: &[Record], benchmark: Benchmark) -> Comparison {
    Comparison::of_matrix(records, benchmark, &Options::default())
}

fn matrix(records: &[Record], benchmark: Benchmark) -> Matrix {
    compare(records, benchmark).matrix.unwrap()
}

/// Three servers in one scenario: rates 10000, 13000 and 12900; costs 30, 24 and 40.
fn three() -> Vec<Record> {
    [
        rounds("kept", "pool", 10_000.0, 30.0),
        rounds("kept", "poll", 13_000.0, 24.0),
        rounds("kept", "epoll", 12_900.0, 40.0),
    ]
    .concat()
}

const THREE: [&str; 3] = ["pool", "poll", "epoll"];

fn best(matrix: &Matrix, metric: Metric) -> &Best {
    let best = matrix.rows[0].best.iter().find(|it| it.metric == metric);
    best.unwrap()
}

#[test]
fn the_best_is_marked_if_it_is_clearly_better_than_the_runner_up() {
    let mut records = three();
    // Of the same noise as the others every difference is the same: this one has other noise.
    let noisy = rounds("kept", "epoll", 12_900.0, 40.0);
    for (record, other) in records[20..].iter_mut().zip(noisy.iter().rev()) {
        record.rate_per_second = other.rate_per_second;
    }
    let matrix = matrix(&records, benchmark(&["kept"], &THREE));
    let rate = best(&matrix, Metric::RatePerSecond);
    assert_eq!((rate.server.as_str(), rate.is_clear), ("poll", false));
    let cost = best(&matrix, Metric::ServerCpuUsPerRequest);
    assert_eq!(
        (cost.server.as_str(), cost.runner_up.as_str()),
        ("poll", "pool")
    );
    assert!(cost.is_clear);
    let interval = cost.ratio.unwrap().interval.unwrap();
    assert!(interval.high < 0.81, "{interval:?}");
    // Asked about are rate, cost and p99; of memory nothing is known but zero.
    let smallest = 2.0 / 1024.0;
    assert_eq!(cost.p_value, Some(smallest));
    assert_eq!(cost.p_value_adjusted, Some(3.0 * smallest));
}

#[test]
fn who_is_second_because_of_the_load_generator_is_not_second() {
    let mut records = three();
    records[20..].iter_mut().for_each(saturate);
    let benchmark = || benchmark(&["kept"], &THREE);
    let hidden = matrix(&records, benchmark());
    assert!(!best(&hidden, Metric::RatePerSecond).is_clear);
    assert_eq!(best(&hidden, Metric::RatePerSecond).p_value, None);
    assert!(best(&hidden, Metric::ServerCpuUsPerRequest).is_clear);
    // That the best one was held back takes nothing from it.
    let mut records = three();
    records[10..20].iter_mut().for_each(saturate);
    assert!(best(&matrix(&records, benchmark()), Metric::RatePerSecond).is_clear);
    // That the third was held back may be all that makes it third.
    let mut records = [three(), rounds("kept", "third", 8_000.0, 50.0)].concat();
    let servers = ["pool", "poll", "epoll", "third"];
    records[20..30]
        .iter_mut()
        .for_each(|it| it.rate_per_second /= 1.2);
    let with_third = |records: &[Record]| matrix(records, self::benchmark(&["kept"], &servers));
    assert!(best(&with_third(&records), Metric::RatePerSecond).is_clear);
    records[30..].iter_mut().for_each(saturate);
    let hidden = with_third(&records);
    assert_eq!(best(&hidden, Metric::RatePerSecond).runner_up, "epoll");
    assert!(!best(&hidden, Metric::RatePerSecond).is_clear);
}

#[test]
fn a_server_that_fails_has_no_number_and_spoils_nobody_elses() {
    let mut records = three();
    records[10..20]
        .iter_mut()
        .for_each(|it| fail(it, "failures_present"));
    let comparison = compare(&records, benchmark(&["kept"], &THREE));
    let matrix = comparison.matrix.as_ref().unwrap();
    let cell = &matrix.rows[0].cells[1];
    assert_eq!((cell.values.len(), cell.rounds_invalid), (0, 10));
    assert_eq!(
        cell.troubles,
        ["10 of 10 runs: 40 % of the requests failed (most by connect_refused: 40)"]
    );
    assert_eq!(best(matrix, Metric::RatePerSecond).server, "epoll");
    assert_eq!(comparison.exit_of_benchmark(false), Exit::Done, "a finding");
}

#[test]
fn the_rounds_that_went_well_are_counted_if_they_are_most() {
    let mut records = three();
    records[10..14]
        .iter_mut()
        .for_each(|it| fail(it, "no_success"));
    let most = matrix(&records, benchmark(&["kept"], &THREE));
    let cell = &most.rows[0].cells[1];
    assert_eq!(cell.rounds, [5, 6, 7, 8, 9, 10]);
    assert_eq!(
        cell.values_of(Metric::RatePerSecond).unwrap().rounds.len(),
        6
    );
    assert!(
        best(&most, Metric::ServerCpuUsPerRequest).is_clear,
        "six pairs"
    );

    fail(&mut records[14], "no_success");
    let half = matrix(&records, benchmark(&["kept"], &THREE));
    assert_eq!(half.rows[0].cells[1].values, []);
}

#[test]
fn a_server_that_was_given_up_has_no_number_from_before() {
    let mut benchmark = benchmark(&["kept", "new"], &THREE);
    give_up(&mut benchmark, "kept", "poll", true);
    give_up(&mut benchmark, "new", "poll", true);
    let records = [
        three(),
        rounds("new", "pool", 1.0, 1.0),
        rounds("new", "epoll", 2.0, 1.0),
    ];
    let comparison = compare(&records.concat(), benchmark);
    for row in &comparison.matrix.as_ref().unwrap().rows {
        let cell = row.cells.iter().find(|cell| cell.server == "poll").unwrap();
        assert_eq!(cell.values, []);
        let trouble = "given up in round 2: poll ended by itself (signal: 11)";
        assert_eq!(cell.troubles, [trouble]);
    }
    assert_eq!(comparison.exit_of_benchmark(false), Exit::Done);
}

#[test]
fn what_the_load_generator_spoilt_makes_the_benchmark_invalid() {
    let benchmark = || benchmark(&["kept"], &THREE);
    let exit = |records: &[Record], benchmark| compare(records, benchmark).exit_of_benchmark(false);
    for code in ["debug_build", "ports_exhausted", "of_a_later_version"] {
        let mut records = three();
        fail(&mut records[0], code);
        assert_eq!(exit(&records, benchmark()), Exit::Invalid, "{code}");
    }
    let mut spoilt = benchmark();
    give_up(&mut spoilt, "kept", "poll", false);
    assert_eq!(exit(&three(), spoilt), Exit::Invalid);
}

#[test]
fn idle_connections_for_which_there_was_no_socket_are_not_the_servers_doing() {
    let exit = |cause: Cause| {
        let mut records = three();
        for record in &mut records[10..20] {
            fail(record, "background_missing");
            let idle = HeldConnections {
                asked: 1000,
                held_at_start: 900,
                held_at_end: 900,
                failures: [(cause.label().to_owned(), 100)].into(),
            };
            record.background = Some(Background {
                idle: Some(idle),
                ..Background::default()
            });
        }
        compare(&records, benchmark(&["kept"], &THREE)).exit_of_benchmark(false)
    };
    assert_eq!(exit(Cause::NoFileDescriptor), Exit::Invalid);
    assert_eq!(exit(Cause::NoLocalPort), Exit::Invalid);
    assert_eq!(exit(Cause::ConnectRefused), Exit::Done);
}

#[test]
fn the_cause_of_most_failures_stands_only_beside_what_is_about_failures() {
    let mut records = three();
    fail(&mut records[0], "debug_build");
    records[0].failures[Cause::ReadReset] = 3;
    let matrix = matrix(&records, benchmark(&["kept"], &THREE));
    let trouble = "1 of 10 runs: 40 % of the requests failed";
    assert_eq!(matrix.rows[0].cells[0].troubles, [trouble]);
}

#[test]
fn a_scenario_without_two_servers_that_can_be_believed_is_not_answered() {
    let mut records = three();
    records[10..]
        .iter_mut()
        .for_each(|it| fail(it, "failures_present"));
    let comparison = compare(&records, benchmark(&["kept"], &THREE));
    assert_eq!(comparison.exit_of_benchmark(false), Exit::Invalid);
    // One that is alone in it is not compared.
    let comparison = compare(&three()[..10], benchmark(&["kept"], &THREE));
    assert_eq!(comparison.exit_of_benchmark(false), Exit::Done);
    assert_eq!(comparison.matrix.unwrap().rows[0].best, []);
}

#[test]
fn invalid_rounds_are_counted_if_that_is_allowed() {
    let mut records = three();
    records.iter_mut().for_each(|it| fail(it, "debug_build"));
    let options = Options {
        allow_invalid: true,
        ..Options::default()
    };
    let exit = |benchmark| {
        let comparison = Comparison::of_matrix(&records, benchmark, &options);
        let exit = comparison.exit_of_benchmark(false);
        (comparison.matrix.unwrap(), exit)
    };
    let (matrix, allowed) = exit(benchmark(&["kept"], &THREE));
    assert!(best(&matrix, Metric::ServerCpuUsPerRequest).is_clear);
    assert_eq!(allowed, Exit::Done);
    // No run is there to be allowed.
    let mut spoilt = benchmark(&["kept"], &THREE);
    give_up(&mut spoilt, "kept", "poll", false);
    assert_eq!(exit(spoilt).1, Exit::Invalid);
}

#[test]
fn with_strict_a_row_in_which_nobody_is_clearly_best_is_open() {
    let exits = |records: &[Record]| {
        let comparison = compare(records, benchmark(&["kept"], &THREE));
        [false, true].map(|strict| comparison.exit_of_benchmark(strict))
    };
    let clear = || {
        [
            rounds("kept", "pool", 10_000.0, 30.0),
            rounds("kept", "poll", 13_000.0, 24.0),
        ]
    };
    assert_eq!(exits(&clear().concat()), [Exit::Done, Exit::Done]);
    // Nobody knows with one round each.
    let [pool, poll] = clear();
    let few = [&pool[..1], &poll[..1]].concat();
    assert_eq!(exits(&few), [Exit::Done, Exit::Inconclusive]);
    // The cost alone decides where the load generator hides the rate.
    let mut hidden = clear().concat();
    hidden.iter_mut().for_each(saturate);
    assert_eq!(exits(&hidden), [Exit::Done, Exit::Done]);
    for record in &mut hidden {
        record.server = None;
    }
    assert_eq!(exits(&hidden), [Exit::Done, Exit::Inconclusive]);
}

#[test]
fn an_unknown_metric_is_in_no_table() {
    let mut records = three();
    for record in &mut records {
        record.server.as_mut().unwrap().bytes_per_connection = None;
    }
    let text = compare(&records, benchmark(&["kept"], &THREE)).to_text();
    assert!(!text.contains("per connection"), "{text}");
}

/// Three servers in three scenarios, of which one is left out of one, one fails in one, one is
/// given up in one, and the load generator is the limit in one.
fn full() -> Comparison {
    let mut benchmark = benchmark(&["new-64", "kept-64", "idle-10000"], &THREE);
    benchmark.scenarios[1].left_out.push(LeftOut {
        server: "pool".to_owned(),
        why: "a | in it".to_owned(),
    });
    let mut new = [
        rounds("new-64", "pool", 10_100.0, 30.0),
        rounds("new-64", "poll", 10_000.0, 24.0),
        rounds("new-64", "epoll", 10_050.0, 40.0),
    ]
    .concat();
    new.iter_mut().for_each(saturate);
    let kept = [
        rounds("kept-64", "poll", 60_000.0, 12.0),
        rounds("kept-64", "epoll", 90_000.0, 9.0),
    ];
    let mut idle = [
        rounds("idle-10000", "pool", 900.0, 30.0),
        rounds("idle-10000", "epoll", 88_000.0, 9.1),
    ];
    idle[0]
        .iter_mut()
        .for_each(|it| fail(it, "failures_present"));
    give_up(&mut benchmark, "idle-10000", "poll", true);
    for record in &mut idle[1] {
        record.server.as_mut().unwrap().bytes_per_connection = None;
    }
    let [kept, idle] = [kept, idle].map(|parts| parts.concat());
    compare(&[new, kept, idle].concat(), benchmark)
}

#[test]
fn a_terminal_sees_a_table_for_each_metric() {
    assert_eq!(full().to_text(), include_str!("../golden/matrix.txt"));
}

#[test]
fn a_summary_of_many_servers_is_markdown() {
    assert_eq!(full().to_markdown(), include_str!("../golden/matrix.md"));
}

#[test]
fn a_matrix_validates_and_is_read_again() {
    let comparison = full();
    let json = comparison.to_json();
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let validator = jsonschema::validator_for(&crate::compare::schema()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let read: Comparison = serde_json::from_str(&json).unwrap();
    assert_eq!(read.to_markdown(), comparison.to_markdown());
}
