//! The outcome in words: a sentence for each question that was asked.

use super::case::{Case, Load, Side};
use super::change::{Change, Ratio, RatioInterval};
use super::difference::{Difference, Form};
use super::metric::Metric;
use super::text::{counted, plain_percent, signed_percent};
use super::verdict::{Limited, Verdict};
use crate::statistics::ROUNDS_MIN;

/// A sentence for each metric that is judged; the cost's follows the rate's
/// within one sentence if the rate alone says nothing.
pub(super) fn sentences(case: &Case, threshold: f64) -> Vec<String> {
    if judged(case).any(|change| change.verdict == Some(Verdict::Invalid)) {
        return vec![invalid(case)];
    }
    let mut sentences: Vec<String> = Vec::new();
    let mut preamble = String::new();
    let mut circumstances = Some(circumstances(case));
    for change in judged(case) {
        match (change.verdict, change.ratio) {
            (Some(Verdict::LimitedByLoadGenerator), _) => preamble = limited(case, change.metric),
            (_, Some(ratio)) => {
                let sentence = sentence(case, change, ratio, threshold, circumstances.take());
                sentences.push(format!("{preamble}{sentence}"));
                preamble.clear();
            }
            (_, None) => {}
        }
    }
    if !preamble.is_empty() {
        let brackets = brackets(None, Form::Percent, circumstances);
        sentences.push(format!("{}{brackets}", preamble.trim_end_matches("; ")));
    }
    sentences
}

fn judged(case: &Case) -> impl Iterator<Item = &Change> {
    case.changes.iter().filter(|change| change.judged)
}

fn invalid(case: &Case) -> String {
    let (a, b) = (&case.a.label, &case.b.label);
    format!(
        "{b} was not compared with {a}: {} of {} runs cannot be believed; see the notes",
        case.a.rounds_invalid + case.b.rounds_invalid,
        2 * case.rounds
    )
}

/// What the load generator's limit leaves of this metric; more may follow.
fn limited(case: &Case, metric: Metric) -> String {
    let noun = noun(metric, case.load.unit());
    let where_limited = where_limited(case);
    match case.limited() {
        Limited { a: true, b: true } => format!(
            "the load generator was the limit ({where_limited}), so the {noun} says nothing \
             about the servers; "
        ),
        _ => format!(
            "the load generator was the limit on one side ({where_limited}), so the {noun} does \
             not tell the servers apart; "
        ),
    }
}

/// `in 10 of 10 rounds with sync and in 9 of 10 with async`.
fn where_limited(case: &Case) -> String {
    let rounds = case.rounds;
    let (a, b) = (&case.a, &case.b);
    let side = |side: &Side| {
        format!(
            "{} of {rounds} rounds with {}",
            side.rounds_limited, side.label
        )
    };
    match case.limited() {
        Limited { a: true, b: true } => format!("in {} and {}", side(a), side(b)),
        Limited { a: true, b: false } => format!("in {}", side(a)),
        _ => format!("in {}", side(b)),
    }
}

/// What became of one metric, B over A being `ratio`.
fn sentence(
    case: &Case,
    change: &Change,
    ratio: Ratio,
    threshold: f64,
    circumstances: Option<String>,
) -> String {
    let (a, b) = (case.a.label.as_str(), case.b.label.as_str());
    let noun = noun(change.metric, case.load.unit());
    match change.verdict {
        Some(Verdict::Equivalent) => {
            let brackets = brackets(ratio.interval, Form::Percent, circumstances);
            let threshold = plain_percent(threshold);
            let tail = unobserved(case, change);
            format!("{b} and {a} are equivalent in {noun} within {threshold}{brackets}{tail}")
        }
        Some(Verdict::Inconclusive) => {
            let brackets = brackets(ratio.interval, Form::Percent, circumstances);
            let estimate = signed_percent(ratio.estimate);
            let advice = what_would_decide(change);
            format!(
                "whether {b} differs from {a} in {noun} is open: {estimate}{brackets}; {advice}"
            )
        }
        verdict => {
            let difference = Difference::new(change.metric, ratio, a, b);
            let statement = difference.statement(change.is_lower_bound, case.load.unit());
            let brackets = brackets(difference.ratio.interval, difference.form, circumstances);
            let tail = tail(case, change, verdict, threshold) + &unobserved(case, change);
            format!("{statement}{brackets}{tail}")
        }
    }
}

/// ` (95 % interval +27 % to +35 %; CIRCUMSTANCES)`, of which either may be
/// missing, or both.
fn brackets(interval: Option<RatioInterval>, form: Form, circumstances: Option<String>) -> String {
    let interval = interval.map(|interval| {
        let (low, high) = (form.end(interval.low), form.end(interval.high));
        format!("95 % interval {low} to {high}")
    });
    let parts: Vec<String> = interval.into_iter().chain(circumstances).collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join("; "))
    }
}

fn what_would_decide(change: &Change) -> String {
    let rounds = change.rounds_to_decide.unwrap_or(ROUNDS_MIN);
    if change.a.len() < ROUNDS_MIN {
        format!("at least {rounds} rounds are needed")
    } else {
        format!("about {rounds} rounds would decide")
    }
}

/// What has to be said after a difference.
fn tail(case: &Case, change: &Change, verdict: Option<Verdict>, threshold: f64) -> String {
    match verdict {
        Some(Verdict::SmallDifference) => {
            format!(", within the threshold of {}", plain_percent(threshold))
        }
        Some(_) if change.is_lower_bound => {
            format!("; the load generator was the limit {}", where_limited(case))
        }
        Some(_) => String::new(),
        None => "; run-to-run noise unknown, no verdict".to_owned(),
    }
}

/// What has to be said where other tools measured, which do not tell whether they were the limit.
///
/// One tool at its limit on both sides makes servers look alike; so a difference stands, and may be
/// larger, while its absence may be the tool's. Two tools differ themselves.
fn unobserved(case: &Case, change: &Change) -> String {
    let (a, b) = (&case.a.measured_by, &case.b.measured_by);
    if !change.metric.is_bounded_by_generator() || (a.is_empty() && b.is_empty()) {
        return String::new();
    }
    let tools = |side: &[String]| match side.is_empty() {
        true => "loadgen".to_owned(),
        false => side.join(" and "),
    };
    if a != b {
        return format!(
            "; {} measured {} and {} measured {}, so the tools themselves may be the difference",
            tools(a),
            case.a.label,
            tools(b),
            case.b.label
        );
    }
    let is_different = matches!(
        change.verdict,
        Some(Verdict::Higher | Verdict::Lower) | None
    );
    let consequence = match is_different {
        true => "if it was, the difference may be larger",
        false => "if it was, the servers may differ",
    };
    format!(
        "; nobody knows whether {} was the limit: {consequence}",
        tools(a)
    )
}

/// The rounds and the load, for the brackets.
fn circumstances(case: &Case) -> String {
    let Load {
        connections,
        connections_unknown,
        keep_alive,
        keep_alive_unknown,
        rate_per_second,
        ..
    } = case.load;
    let rounds = match (case.rounds, case.interleaved) {
        (1, _) => "one run each".to_owned(),
        (rounds, true) => format!("{rounds} interleaved rounds"),
        (rounds, false) if case.order_unknown => {
            format!("{rounds} rounds each, in an order not known")
        }
        (rounds, false) => format!("{rounds} rounds each, not interleaved"),
    };
    let connections = match connections_unknown {
        true => "connections not known".to_owned(),
        false => counted(connections, "connection"),
    };
    let reuse = match keep_alive {
        _ if connections_unknown || keep_alive_unknown => "",
        true => " kept alive",
        false => ", a new connection for each request",
    };
    let offered = rate_per_second
        .map(|rate| format!(", {rate} requests per second offered"))
        .unwrap_or_default();
    format!("{rounds}; {connections}{reuse}{offered}")
}

fn noun(metric: Metric, unit: &str) -> String {
    match metric {
        Metric::RatePerSecond => "rate".to_owned(),
        Metric::ServerCpuUsPerRequest => format!("CPU per {unit}"),
        _ => metric.label_of(unit),
    }
}

#[cfg(test)]
mod tests {
    use crate::compare::Metric;
    use crate::compare::sample::{compare, invalidate, saturate, sync_and_async};
    use crate::record::Record;

    const CIRCUMSTANCES: &str =
        "10 interleaved rounds; 150 connections, a new connection for each request";

    /// Compares B, with this rate and cost, with A, which has 10000 and 30; `…`
    /// stands for the circumstances.
    fn check(
        (rate, cost_us): (f64, f64),
        change: impl Fn(&mut [Record], &mut [Record]),
        sentences: &[&str],
    ) {
        let (mut a, mut b) = sync_and_async(rate, cost_us);
        change(&mut a, &mut b);
        let said: Vec<String> = compare(a, b).cases[0]
            .sentences
            .iter()
            .map(|sentence| sentence.replace(CIRCUMSTANCES, "…"))
            .collect();
        assert_eq!(said, sentences);
    }

    fn without_cost(records: &mut [Record]) {
        for record in records {
            record.server = None;
        }
    }

    #[test]
    fn a_difference_is_said_of_the_better_one() {
        check(
            (13_100.0, 24.0),
            |_, _| {},
            &[
                "async served 31 % more requests per second than sync \
                 (95 % interval +29 % to +33 %; …)",
                "async needed 20 % less CPU per request than sync (95 % interval −21 % to −19 %)",
            ],
        );
        check(
            (8_000.0, 40.0),
            |_, _| {},
            &[
                "sync served 25 % more requests per second than async \
                 (95 % interval +23 % to +27 %; …)",
                "sync needed 25 % less CPU per request than async (95 % interval −26 % to −24 %)",
            ],
        );
    }

    #[test]
    fn from_a_factor_of_two_on_the_factor_is_said() {
        check(
            (203_000.0, 93.0),
            |_, _| {},
            &[
                "async served 20.3 times as many requests per second as sync \
                 (95 % interval 20.0 to 20.6; …)",
                "async needed 3.1 times as much CPU per request as sync \
                 (95 % interval 3.1 to 3.1)",
            ],
        );
    }

    #[test]
    fn no_difference_that_matters_is_said_as_such() {
        check(
            (10_020.0, 30.9),
            |_, _| {},
            &[
                "async and sync are equivalent in rate within 5 % \
                 (95 % interval −1.4 % to +1.8 %; …)",
                "sync needed 2.9 % less CPU per request than async \
                 (95 % interval −4.4 % to −1.4 %), within the threshold of 5 %",
            ],
        );
    }

    #[test]
    fn an_open_question_is_said_to_be_open() {
        let noisy = |a: &mut [Record], _: &mut [Record]| {
            let factors = [0.8, 1.3, 0.9, 1.2, 1.0, 0.7];
            for (record, factor) in a.iter_mut().zip(factors.iter().cycle()) {
                record.rate_per_second *= factor;
            }
            without_cost(a);
        };
        check(
            (10_000.0, 30.0),
            noisy,
            &["whether async differs from sync in rate is open: +1.8 % \
               (95 % interval −15 % to +20 %; …); about 343 rounds would decide"],
        );
    }

    #[test]
    fn a_generator_at_its_limit_makes_room_for_the_cost() {
        let saturated = |a: &mut [Record], b: &mut [Record]| {
            a.iter_mut().chain(&mut b[1..]).for_each(saturate);
        };
        let limit = "the load generator was the limit (in 10 of 10 rounds with sync and 9 of 10 \
                     rounds with async), so the rate says nothing about the servers";
        let cost = "sync needed 31 % less CPU per request than async \
                    (95 % interval −32 % to −30 %; …)";
        check((10_070.0, 43.5), saturated, &[&format!("{limit}; {cost}")]);
        let and_no_cost = |a: &mut [Record], b: &mut [Record]| {
            saturated(a, b);
            without_cost(a);
        };
        check((10_070.0, 43.5), and_no_cost, &[&format!("{limit} (…)")]);
    }

    #[test]
    fn a_generator_at_its_limit_with_one_side_leaves_a_lower_bound_or_nothing() {
        let saturated = |a: &mut [Record], b: &mut [Record]| {
            b.iter_mut().for_each(saturate);
            without_cost(a);
        };
        check(
            (13_100.0, 30.0),
            saturated,
            &[
                "async served at least 31 % more requests per second than sync \
               (95 % interval +29 % to +33 %; …); the load generator was the limit in 10 of 10 \
               rounds with async",
            ],
        );
        check(
            (9_000.0, 30.0),
            saturated,
            &[
                "the load generator was the limit on one side (in 10 of 10 rounds with async), so \
               the rate does not tell the servers apart (…)",
            ],
        );
    }

    #[test]
    fn what_cannot_be_believed_is_not_compared() {
        check(
            (13_100.0, 24.0),
            |a, _| invalidate(&mut a[3]),
            &["async was not compared with sync: 1 of 20 runs cannot be believed; see the notes"],
        );
    }

    /// Makes it an open loop, in which this is the 99th percentile from the intended start; that
    /// from the actual start stays.
    fn open_loop(record: &mut Record, corrected_p99_ns: u64) {
        record.plan.rate_per_second = Some(5_000.0);
        let mut corrected = record.latency_ns.total.unwrap();
        corrected.p99 = corrected_p99_ns;
        record.latency_ns.corrected = Some(corrected);
    }

    #[test]
    fn in_open_loop_the_tail_is_judged_and_the_rate_is_not() {
        let by_schedule = |a: &mut [Record], b: &mut [Record]| {
            for (index, record) in (0..).zip(a.iter_mut().chain(b)) {
                let p99_ns = if index < 10 { 20_000_000 } else { 15_000_000 };
                open_loop(record, p99_ns + 1_000 * index);
            }
        };
        check(
            (13_100.0, 24.0),
            by_schedule,
            &[
                "async needed 20 % less CPU per request than sync (95 % interval −21 % to −19 %; \
                 …, 5000 requests per second offered)",
                "the p99 latency of async was 25 % lower than that of sync \
                 (95 % interval −25 % to −25 %)",
            ],
        );
    }

    #[test]
    fn an_open_loop_beside_a_closed_one_is_judged_by_the_cost_alone() {
        check(
            (13_100.0, 24.0),
            |_, b| b.iter_mut().for_each(|record| open_loop(record, 1_000)),
            &[
                "async needed 20 % less CPU per request than sync (95 % interval −21 % to −19 %; \
                 …)",
            ],
        );
        let (a, mut b) = sync_and_async(13_100.0, 24.0);
        b.iter_mut().for_each(|record| open_loop(record, 1_000));
        let case = &compare(a, b).cases[0];
        let note = |words| case.notes.iter().any(|note| note.contains(words));
        assert!(note("different questions"), "{:?}", case.notes);
        let p99 = case.change(Metric::LatencyP99Ns).unwrap();
        assert_eq!(p99.a_median, p99.b_median, "both from the actual start");
    }

    #[test]
    fn two_runs_give_a_ratio_and_no_verdict() {
        let (a, b) = sync_and_async(13_100.0, 24.0);
        let comparison = compare(a[..1].to_vec(), b[..1].to_vec());
        assert_eq!(
            comparison.cases[0].sentences,
            [
                "async served 29 % more requests per second than sync (one run each; \
                 150 connections, a new connection for each request); run-to-run noise unknown, \
                 no verdict",
                "async needed 21 % less CPU per request than sync; run-to-run noise unknown, no \
                 verdict",
            ]
        );
    }

    #[test]
    fn too_few_rounds_for_an_interval_are_said_to_be_too_few() {
        let (a, b) = sync_and_async(13_100.0, 24.0);
        let mut a = a[..3].to_vec();
        without_cost(&mut a);
        assert_eq!(
            compare(a, b[..3].to_vec()).cases[0].sentences,
            [
                "whether async differs from sync in rate is open: +30 % (3 interleaved rounds; \
              150 connections, a new connection for each request); at least 6 rounds are needed"
            ]
        );
    }
}
