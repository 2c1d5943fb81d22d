//! What was found, in sentences.

use std::collections::BTreeMap;

use crate::compare::{
    Benchmark, Best, Case, Change, CompareError, Comparison, Direction, Matrix, Metric, Outcome,
    Verdict, counted,
};
use crate::report::{Sentence, Tone};

/// Names in a sentence at most.
const NAMES_MAX: usize = 4;

/// The sentences of a comparison.
pub(in crate::report) fn of(comparison: &Comparison) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = match &comparison.matrix {
        Some(matrix) => of_matrix(matrix, comparison.benchmark.as_ref()),
        None => comparison.cases.iter().flat_map(of_case).collect(),
    };
    // What was asked for and not reached is told before everything, what was reached after it.
    let gates = || comparison.gates.iter();
    let broken = gates().filter(|it| it.passed == Some(false));
    sentences.splice(0..0, broken.map(of_gate));
    let rest = gates().filter(|it| it.passed != Some(false));
    sentences.extend(rest.map(of_gate));
    sentences
}

/// Why there is no comparison.
pub(in crate::report) fn refused(error: &CompareError) -> Sentence {
    Sentence::new(
        format!("The servers are not compared: {error}."),
        Tone::Open,
    )
}

/// How a verdict on a change is meant.
pub(in crate::report) fn tone(verdict: Option<Verdict>, metric: Metric) -> Tone {
    match verdict {
        Some(Verdict::Invalid) => Tone::Invalid,
        Some(verdict) => match verdict.b_is_better(metric) {
            Some(true) => Tone::Better,
            Some(false) => Tone::Worse,
            None => Tone::Open,
        },
        None => Tone::Plain,
    }
}

/// A limit that was kept or not.
fn of_gate(gate: &Outcome) -> Sentence {
    let Outcome {
        scenario,
        server,
        message,
        ..
    } = gate;
    let (kept, tone) = match gate.passed {
        Some(true) => ("limit kept", Tone::Kept),
        Some(false) => ("limit not kept", Tone::Broken),
        None => ("limit not decided", Tone::Open),
    };
    Sentence::new(format!("{scenario}: {server}, {kept}: {message}"), tone)
}

fn of_case(case: &Case) -> Vec<Sentence> {
    let title = case.title();
    let tones = tones(case);
    let sentence = |(index, text): (usize, &String)| {
        let tone = tones.get(index).copied().unwrap_or(Tone::Open);
        // Who is better or worse: the subject of the sentence may be either.
        let who = match tone {
            Tone::Better | Tone::Worse => case.b.label.clone(),
            _ => String::new(),
        };
        let text = match title.is_empty() {
            true => text.clone(),
            false => format!("{title}: {text}"),
        };
        Sentence { who, text, tone }
    };
    case.sentences.iter().enumerate().map(sentence).collect()
}

/// One for each of the case's sentences: a metric that the load generator hides has none of its
/// own.
fn tones(case: &Case) -> Vec<Tone> {
    let judged: Vec<&Change> = case.changes.iter().filter(|it| it.judged).collect();
    if judged.iter().any(|it| it.verdict == Some(Verdict::Invalid)) {
        return vec![Tone::Invalid];
    }
    let has_sentence =
        |it: &&&Change| it.verdict != Some(Verdict::LimitedByLoadGenerator) && it.ratio.is_some();
    let told = judged.iter().filter(has_sentence);
    told.map(|it| match it.verdict {
        None => Tone::Open,
        verdict => tone(verdict, it.metric),
    })
    .collect()
}

fn of_matrix(matrix: &Matrix, benchmark: Option<&Benchmark>) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    for metric in metrics(matrix) {
        sentences.extend(of_metric(matrix, metric));
    }
    let given_up = benchmark.into_iter().flat_map(|it| &it.given_up);
    sentences.extend(given_up.map(|it| Sentence::new(it.to_string(), Tone::Invalid)));
    sentences
}

/// Those that were asked about anywhere, in their order.
pub(in crate::report) fn metrics(matrix: &Matrix) -> Vec<Metric> {
    let asked = |metric: &Metric| best(matrix, *metric).next().is_some();
    Metric::ALL.into_iter().filter(asked).collect()
}

/// The best of each row that has one, with the row's name.
pub(in crate::report) fn best(
    matrix: &Matrix,
    metric: Metric,
) -> impl Iterator<Item = (&str, &Best)> {
    matrix.rows.iter().filter_map(move |row| {
        let best = row.best.iter().find(|best| best.metric == metric)?;
        Some((row.scenario.as_str(), best))
    })
}

/// Who is the best in how many scenarios, and how many are open.
fn of_metric(matrix: &Matrix, metric: Metric) -> Vec<Sentence> {
    let label = match metric.direction() {
        Direction::HigherIsBetter => format!("Most {}", metric.label()),
        Direction::LowerIsBetter => format!("Least {}", metric.label()),
    };
    let rows = best(matrix, metric).count();
    let hidden = best(matrix, metric)
        .filter(|(_, it)| it.p_value.is_none())
        .count();
    let mut wins: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (scenario, best) in best(matrix, metric).filter(|(_, it)| it.is_clear) {
        wins.entry(&best.server).or_default().push(scenario);
    }
    let clear: usize = wins.values().map(Vec::len).sum();
    let mut wins: Vec<(&str, Vec<&str>)> = wins.into_iter().collect();
    wins.sort_by_key(|(_, scenarios)| std::cmp::Reverse(scenarios.len()));
    let why = match metric.is_bounded_by_generator() {
        true => "hidden by the load generator",
        false => "not known",
    };
    let rest = rest(rows - hidden - clear, hidden, why);
    if wins.is_empty() {
        let text = format!("{label}: no server is clearly the best in any scenario{rest}.");
        return vec![Sentence::new(text, Tone::Open)];
    }
    let wins: Vec<String> = wins
        .iter()
        .map(|(server, scenarios)| format!("{server} in {}", named(scenarios)))
        .collect();
    let text = format!(
        "{label}: clear in {clear} of {}: {}{rest}.",
        counted(rows as u64, "scenario"),
        wins.join(", ")
    );
    vec![Sentence::new(text, Tone::Better)]
}

/// The names, or their number.
fn named(scenarios: &[&str]) -> String {
    match scenarios.len() {
        1..=NAMES_MAX => scenarios.join(" and "),
        many => many.to_string(),
    }
}

fn rest(open: usize, hidden: usize, why: &str) -> String {
    let open = match open {
        0 => String::new(),
        open => format!("; {open} open"),
    };
    match hidden {
        0 => open,
        hidden => format!("{open}; {why} in {hidden}"),
    }
}
