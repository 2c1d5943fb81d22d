//! Why runs are to be doubted, each reason once, with the runs that it is true of.

use std::collections::BTreeMap;

use super::outcome::{Outcome, place};
use crate::record::{Finding, Record, Severity};

/// Places in a line at most.
const PLACES_MAX: usize = 4;

/// The runs with one reason.
struct Runs<'a> {
    first: &'a Finding,
    places: BTreeMap<String, usize>,
    messages: BTreeMap<&'a str, usize>,
}

/// The reasons, the worst first, then the most frequent.
pub(super) fn of(outcome: &Outcome) -> Vec<(Severity, String)> {
    let mut by_code: BTreeMap<(Severity, &str), Runs<'_>> = BTreeMap::new();
    for record in &outcome.records {
        for finding in &record.validity.reasons {
            let runs = by_code.entry((finding.severity, &finding.code));
            let runs = runs.or_insert_with(|| Runs {
                first: finding,
                places: BTreeMap::new(),
                messages: BTreeMap::new(),
            });
            *runs.places.entry(named(record, &outcome.name)).or_default() += 1;
            *runs.messages.entry(&finding.message).or_default() += 1;
        }
    }
    let total = outcome.records.len();
    let mut lines: Vec<(Severity, usize, String)> = by_code
        .into_iter()
        .map(|((severity, _), runs)| (severity, runs.count(), runs.line(total)))
        .collect();
    lines.sort_by_key(|(severity, count, _)| (*severity, std::cmp::Reverse(*count)));
    lines
        .into_iter()
        .map(|(severity, _, line)| (severity, line))
        .collect()
}

impl Runs<'_> {
    fn count(&self) -> usize {
        self.places.values().sum()
    }

    /// `3 of 80 runs (sync in close 2, …): what was seen; what to do.`
    fn line(&self, total: usize) -> String {
        let mut places: Vec<(&String, &usize)> = self.places.iter().collect();
        places.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let more = places.len().saturating_sub(PLACES_MAX);
        places.truncate(PLACES_MAX);
        let shown = places
            .iter()
            .map(|(place, count)| format!("{place} {count}"));
        let mut shown: Vec<String> = shown.collect();
        if more > 0 {
            shown.push(format!("{more} more"));
        }
        // Numbers differ from run to run: one is quoted.
        let Finding {
            message, advice, ..
        } = self.first;
        let example = if self.messages.len() > 1 {
            "for example "
        } else {
            ""
        };
        let (count, shown) = (self.count(), shown.join(", "));
        format!("{count} of {total} runs ({shown}): {example}{message}; {advice}")
    }
}

fn named(record: &Record, name: &str) -> String {
    let (scenario, server) = place(record, name);
    format!("{server} in {scenario}")
}
