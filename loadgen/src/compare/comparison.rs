//! The outcome of a comparison, as `comparison.json` keeps it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Options;
use super::benchmark::{Benchmark, GivenUp};
use super::case::Case;
use super::change::Change;
use super::gate::Outcome;
use super::input::Kept;
use super::matrix::Matrix;
use super::noise::NoiseFloor;
use super::pairing::Pair;
use super::sentence;
use super::verdict::Verdict;
use crate::exit::Exit;
use crate::record::{Record, document, schema_of};
use crate::statistics::{CONFIDENCE, holm};

/// The identity of this version of the document, as its `schema` field says it.
pub const SCHEMA: &str = "loadgen/comparison/v1";

/// Two sides compared, case by case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Always `loadgen/comparison/v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Differences up to this share do not matter: 0.05 is 5 %.
    pub threshold: f64,
    /// Confidence of the intervals, 0 to 1.
    pub confidence: f64,
    /// One for each scenario and pair of servers, or one in all.
    pub cases: Vec<Case>,
    /// What has no partner on the other side and was left out, in words.
    pub unmatched: Vec<String>,
    /// Servers that one of two results gave up, which are among `unmatched`: what was to be
    /// compared is not whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<GivenUp>,
    /// The benchmark whose servers are compared; absent if two results are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<Benchmark>,
    /// All servers in tables, in place of `cases`, if there are too many pairs
    /// to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// Limits that were set for the benchmark, and what was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Outcome>,
    /// What equal servers differ by on the machine, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_floor: Option<NoiseFloor>,
}

impl Comparison {
    pub(super) fn new(pairs: &[Pair<'_>], unmatched: Vec<String>, options: &Options) -> Self {
        let mut cases: Vec<Case> = pairs.iter().map(Case::measure).collect();
        judge(&mut cases, options);
        for case in &mut cases {
            case.sentences = sentence::sentences(case, options.threshold);
        }
        Self {
            schema: SCHEMA.to_owned(),
            threshold: options.threshold,
            confidence: CONFIDENCE,
            cases,
            unmatched,
            given_up: Vec::new(),
            benchmark: None,
            matrix: None,
            gates: Vec::new(),
            noise_floor: None,
        }
    }

    /// The same, with what the directory of its benchmark keeps besides: the gates and the noise
    /// floor of the servers and scenarios that are compared.
    #[must_use]
    pub(crate) fn with_kept(mut self, kept: Kept) -> Self {
        self.gates = kept.gates;
        if let Some(benchmark) = &self.benchmark {
            self.gates.retain(|gate| benchmark.is_held_against(gate));
        }
        match kept.noise_floor {
            None => self,
            Some(floor) => self.with_noise_floor(floor),
        }
    }

    /// The same, with what is known of the machine's noise; a case says what is below that.
    #[must_use]
    pub fn with_noise_floor(mut self, mut floor: NoiseFloor) -> Self {
        if let Some(benchmark) = &self.benchmark {
            floor
                .floors
                .retain(|it| benchmark.has_scenario(&it.scenario));
        }
        for case in &mut self.cases {
            case.notes.extend(floor.notes(case));
        }
        self.noise_floor = Some(floor);
        self
    }

    /// What is known of the machine's noise, in lines; nothing if no benchmark is compared.
    pub(crate) fn noise_lines(&self) -> Vec<String> {
        let floor = self.noise_floor.as_ref();
        let scenarios = self.benchmark.as_ref().map_or(&[][..], |it| &it.scenarios);
        let names = scenarios.iter().map(|task| task.name.as_str());
        let has_floor = |name: &&str| floor.is_some_and(|it| it.is_known_in(name));
        let without: Vec<&str> = names.filter(|name| !has_floor(name)).collect();
        let mut lines = floor.map_or(Vec::new(), NoiseFloor::lines);
        lines.extend(NoiseFloor::missing_line(floor, &without, scenarios.len()));
        if let (Some(floor), Some(matrix)) = (floor, &self.matrix) {
            lines.extend(floor.notes_on(matrix));
        }
        lines
    }

    /// All servers of a benchmark in tables.
    pub(super) fn of_matrix(records: &[Record], benchmark: Benchmark, options: &Options) -> Self {
        let matrix = Matrix::of(records, &benchmark, options.allow_invalid);
        Self {
            matrix: Some(matrix),
            benchmark: Some(benchmark),
            ..Self::new(&[], Vec::new(), options)
        }
    }

    /// The same, as that of this benchmark.
    pub(super) fn of_benchmark(mut self, benchmark: Benchmark) -> Self {
        let given_up = benchmark.given_up.iter().map(GivenUp::to_string);
        self.unmatched.extend(given_up);
        self.benchmark = Some(benchmark);
        self
    }

    /// The tables, and what they are about.
    pub(super) fn matrix(&self) -> Option<(&Matrix, &Benchmark)> {
        self.matrix.as_ref().zip(self.benchmark.as_ref())
    }

    /// How a program should end that wanted to know how servers differ, not whether one is worse:
    /// invalid if something cannot be believed that was to be judged; with `strict` inconclusive if
    /// a question is open.
    pub fn exit_of_benchmark(&self, strict: bool) -> Exit {
        if let Some(matrix) = &self.matrix {
            return matrix.exit(strict);
        }
        let given_up = self.benchmark.as_ref().map(|it| &it.given_up);
        if given_up.is_some_and(|it| !it.is_empty()) {
            return Exit::Invalid;
        }
        match self.exit(false) {
            Exit::Invalid => Exit::Invalid,
            _ if strict && self.cases.iter().any(Case::is_open) => Exit::Inconclusive,
            _ => Exit::Done,
        }
    }

    /// How a program should end that fails when B is worse than A: invalid if a
    /// run cannot be believed or a server was given up, else worse if B is, else, with `strict`,
    /// inconclusive if a question is open or a case has no verdict at all.
    pub fn exit(&self, strict: bool) -> Exit {
        let any =
            |test: fn(&Change) -> bool| self.cases.iter().flat_map(|case| &case.changes).any(test);
        let is_whole = self.given_up.is_empty();
        if !is_whole || self.cases.iter().any(Case::is_disbelieved) {
            Exit::Invalid
        } else if any(Change::is_worse) {
            Exit::Worse
        } else if strict && self.cases.iter().any(Case::is_open) {
            Exit::Inconclusive
        } else {
            Exit::Done
        }
    }

    /// The JSON document: indented, ends in a newline.
    pub fn to_json(&self) -> String {
        document(self)
    }
}

/// The JSON Schema (draft 2020-12) of `loadgen/comparison/v1`, as
/// `results/schema/comparison.v1.json` keeps it.
pub fn schema() -> Value {
    schema_of::<Comparison>()
}

/// Gives verdicts to everything that is judged, in all cases together: Holm's
/// correction needs to know how many questions were asked. What one round, or a
/// load generator at its limit on both sides, cannot answer is not asked.
fn judge(cases: &mut [Case], options: &Options) {
    let mut questions = Vec::new();
    for case in cases {
        let (limited, valid) = (case.limited(), case.is_valid());
        for change in case.changes.iter_mut().filter(|change| change.judged) {
            if !valid && !options.allow_invalid {
                change.verdict = Some(Verdict::Invalid);
            } else if let Some(p_value) = change.p_value {
                if limited.hides(change.metric) {
                    change.verdict = Some(Verdict::LimitedByLoadGenerator);
                } else {
                    questions.push((change, limited, p_value));
                }
            }
        }
    }
    let p_values: Vec<f64> = questions.iter().map(|(_, _, p_value)| *p_value).collect();
    for ((change, limited, _), p_adjusted) in questions.into_iter().zip(holm(&p_values)) {
        change.judge(limited, p_adjusted, p_values.len(), options.threshold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Metric;
    use crate::compare::sample::{
        Rounds, around, compare, compare_with, invalidate, records, saturate, sync_and_async,
    };
    use crate::record::assert_kept;
    use crate::statistics::random::Random;

    fn verdict(comparison: &Comparison, metric: Metric) -> Option<Verdict> {
        comparison.cases[0].change(metric).unwrap().verdict
    }

    /// The verdicts on rate and cost for B at this rate and cost.
    fn verdicts(rate: f64, cost_us: f64) -> [Option<Verdict>; 2] {
        let (a, b) = sync_and_async(rate, cost_us);
        let comparison = compare(a, b);
        [Metric::RatePerSecond, Metric::ServerCpuUsPerRequest]
            .map(|metric| verdict(&comparison, metric))
    }

    #[test]
    fn rate_and_cost_are_judged() {
        let both = |rate, cost| [Some(rate), Some(cost)];
        assert_eq!(
            verdicts(13_100.0, 24.0),
            both(Verdict::Higher, Verdict::Lower)
        );
        assert_eq!(
            verdicts(8_000.0, 40.0),
            both(Verdict::Lower, Verdict::Higher)
        );
        assert_eq!(
            verdicts(10_020.0, 30.9),
            both(Verdict::Equivalent, Verdict::SmallDifference)
        );
    }

    #[test]
    fn everything_else_is_described_with_its_ratio() {
        let (a, b) = sync_and_async(13_100.0, 24.0);
        let comparison = compare(a, b);
        for change in comparison.cases[0].changes.iter().skip(2) {
            assert_eq!((change.judged, change.verdict), (false, None));
            // Those that are zero in good runs have none.
            let has_ratio = change.a_median > 0.0;
            assert_eq!(change.ratio.is_some(), has_ratio, "{:?}", change.metric);
        }
    }

    #[test]
    fn a_cost_that_only_one_side_knows_is_left_out() {
        let (mut a, b) = sync_and_async(13_100.0, 24.0);
        a[0].server = None;
        let comparison = compare(a, b);
        assert_eq!(
            comparison.cases[0].change(Metric::ServerCpuUsPerRequest),
            None
        );
        assert_eq!(
            verdict(&comparison, Metric::RatePerSecond),
            Some(Verdict::Higher)
        );
    }

    #[test]
    fn p_values_are_corrected_over_all_cases() {
        let scenario = |records: Vec<Record>| {
            records.into_iter().map(|mut record| {
                record.bench.as_mut().unwrap().scenario = "keep-alive".to_owned();
                record
            })
        };
        let (a, b) = sync_and_async(13_100.0, 24.0);
        let comparison = compare(
            a.iter().cloned().chain(scenario(a.clone())).collect(),
            b.iter().cloned().chain(scenario(b.clone())).collect(),
        );
        assert_eq!(comparison.cases.len(), 2);
        // Four questions, each answered as clearly as ten rounds can.
        let smallest = 2.0 / 1024.0;
        for change in comparison.cases.iter().flat_map(|case| &case.changes[..2]) {
            assert_eq!(change.p_value, Some(smallest));
            assert_eq!(change.p_value_adjusted, Some(4.0 * smallest));
        }
    }

    #[test]
    fn a_rate_that_the_generator_hides_is_no_question_to_correct_for() {
        let (mut a, mut b) = sync_and_async(10_000.0, 24.0);
        a.iter_mut().chain(&mut b).for_each(saturate);
        let comparison = compare(a, b);
        let cost = comparison.cases[0]
            .change(Metric::ServerCpuUsPerRequest)
            .unwrap();
        assert_eq!(cost.p_value_adjusted, cost.p_value);
        assert_eq!(
            verdict(&comparison, Metric::RatePerSecond),
            Some(Verdict::LimitedByLoadGenerator)
        );
    }

    #[test]
    fn a_run_that_cannot_be_believed_is_judged_only_if_allowed() {
        let (mut a, b) = sync_and_async(13_100.0, 24.0);
        invalidate(&mut a[0]);
        let refused = compare(a.clone(), b.clone());
        assert_eq!(
            verdict(&refused, Metric::RatePerSecond),
            Some(Verdict::Invalid)
        );
        assert_eq!(refused.exit(false), Exit::Invalid);
        let note = "sync, 1 of 10 runs: interrupted was seen; do something about it";
        assert_eq!(refused.cases[0].notes, [note]);

        let allow_invalid = true;
        let options = Options {
            allow_invalid,
            ..Options::default()
        };
        let allowed = compare_with(a, b, &options);
        assert_eq!(
            verdict(&allowed, Metric::RatePerSecond),
            Some(Verdict::Higher)
        );
        assert_eq!(allowed.cases[0].notes, [note]);
        assert_eq!(allowed.exit(false), Exit::Done);
    }

    #[test]
    fn runs_that_cannot_be_believed_are_told_by_the_exit_code_where_nothing_is_judged_too() {
        let (mut a, mut b) = sync_and_async(10_000.0, 24.0);
        for record in a.iter_mut().chain(&mut b) {
            record.plan.rate_per_second = Some(5.0);
            record.server = None;
            record.latency_ns.corrected = None;
        }
        assert_eq!(compare(a.clone(), b.clone()).exit(false), Exit::Done);
        invalidate(&mut a[0]);
        assert_eq!(compare(a, b).exit(false), Exit::Invalid);
    }

    #[test]
    fn the_exit_code_tells_worse_from_better_and_open() {
        let codes = |rate, cost_us| {
            let (a, b) = sync_and_async(rate, cost_us);
            let comparison = compare(a, b);
            (comparison.exit(false), comparison.exit(true))
        };
        assert_eq!(codes(13_100.0, 24.0), (Exit::Done, Exit::Done));
        assert_eq!(codes(10_020.0, 30.9), (Exit::Done, Exit::Done));
        assert_eq!(codes(8_000.0, 24.0), (Exit::Worse, Exit::Worse));
        assert_eq!(codes(13_100.0, 40.0), (Exit::Worse, Exit::Worse));
    }

    #[test]
    fn with_strict_a_question_that_stays_open_is_a_failure() {
        let (a, b) = sync_and_async(13_100.0, 24.0);
        let too_few = compare(a[..3].to_vec(), b[..3].to_vec());
        assert_eq!(
            (too_few.exit(false), too_few.exit(true)),
            (Exit::Done, Exit::Inconclusive)
        );
        let one_run = compare(a[..1].to_vec(), b[..1].to_vec());
        assert_eq!(
            (one_run.exit(false), one_run.exit(true)),
            (Exit::Done, Exit::Inconclusive)
        );
    }

    #[test]
    fn with_strict_the_cost_alone_is_a_decision_when_the_generator_hides_the_rate() {
        let (mut a, mut b) = sync_and_async(10_000.0, 24.0);
        a.iter_mut().chain(&mut b).for_each(saturate);
        assert_eq!(compare(a.clone(), b.clone()).exit(true), Exit::Done);
        a[0].server = None;
        assert_eq!(compare(a, b).exit(true), Exit::Inconclusive);
    }

    #[test]
    fn settings_that_differ_are_named() {
        let (a, mut b) = sync_and_async(10_000.0, 30.0);
        for record in &mut b {
            record.plan.connections = 64;
            record.environment.kernel = "6.12.0".to_owned();
        }
        assert_eq!(
            compare(a, b).cases[0].notes,
            [
                "environment.kernel differs: \"6.18.0\" and \"6.12.0\"",
                "plan.connections differs: 150 and 64",
            ]
        );
    }

    #[test]
    fn a_generator_at_its_limit_in_few_rounds_is_a_note() {
        let (mut a, b) = sync_and_async(13_100.0, 24.0);
        a[..5].iter_mut().for_each(saturate);
        let comparison = compare(a, b);
        assert_eq!(
            verdict(&comparison, Metric::RatePerSecond),
            Some(Verdict::Higher)
        );
        let note = "sync, 5 of 10 runs: the load generator was the limit";
        assert_eq!(comparison.cases[0].notes, [note]);
    }

    /// A server against itself: how often chance looks like a difference. Holm's
    /// correction promises no more than 5 % over rate and cost together, and the
    /// threshold makes it rarer where the noise is small.
    #[test]
    fn a_server_against_itself_is_seldom_higher_or_lower() {
        const TRIES: usize = 200;
        for (noise, false_share_max) in [(0.03, 0.0), (0.05, 0.05), (0.08, 0.05)] {
            let mut random = Random::new(1);
            let mut draw = |centre: f64| -> Vec<f64> {
                (0..10)
                    .map(|_| centre * (noise * random.normal()).exp())
                    .collect()
            };
            let mut side = |server, position| {
                let (rates, costs_us) = (draw(16_000.0), draw(30.0));
                records(
                    &Rounds {
                        server,
                        rates,
                        costs_us,
                    },
                    position,
                )
            };
            let false_alarms = (0..TRIES)
                .filter(|_| {
                    let comparison = compare(side("one", 1), side("two", 2));
                    comparison.cases[0].changes.iter().any(|change| {
                        matches!(change.verdict, Some(Verdict::Higher | Verdict::Lower))
                    })
                })
                .count();
            let share = false_alarms as f64 / TRIES as f64;
            assert!(share <= false_share_max, "noise {noise}: {share}");
        }
    }

    #[test]
    fn a_real_difference_is_found_through_the_noise() {
        let mut random = Random::new(2);
        let mut side = |server, position, rate: f64| {
            let rates = (0..10)
                .map(|_| rate * (0.05 * random.normal()).exp())
                .collect();
            let costs_us = around(30.0);
            records(
                &Rounds {
                    server,
                    rates,
                    costs_us,
                },
                position,
            )
        };
        for _ in 0..20 {
            let comparison = compare(side("one", 1, 10_000.0), side("two", 2, 13_000.0));
            assert_eq!(
                verdict(&comparison, Metric::RatePerSecond),
                Some(Verdict::Higher)
            );
        }
    }

    #[test]
    fn the_schema_that_is_kept_is_the_schema_of_the_types() {
        assert_kept("comparison", &schema());
    }

    #[test]
    fn a_comparison_validates_and_is_read_again() {
        let (a, b) = sync_and_async(13_100.0, 24.0);
        let comparison = compare(a, b);
        let json = comparison.to_json();
        let document: Value = serde_json::from_str(&json).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let read: Comparison = serde_json::from_str(&json).unwrap();
        assert_eq!(read.cases[0].sentences, comparison.cases[0].sentences);
    }
}
