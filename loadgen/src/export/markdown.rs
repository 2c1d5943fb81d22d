//! Markdown: a table of what was measured, and what was found in comparing it.

use super::results::TRACKED;
use super::{Exported, Group, Results};
use crate::compare::{Metric, counted, escaped, value};
use crate::record::made_by;

pub(super) fn write(results: &Results) -> Exported {
    let heads = TRACKED.map(Metric::label).join(" | ");
    let rules = "---:|".repeat(TRACKED.len());
    let mut text = format!(
        "# Results\n\nMedians of the runs that can be believed; failed requests are those of all of them.\n\n\
         | scenario | server | runs | {heads} | to know |\n|---|---|---:|{rules}---|\n"
    );
    for group in &results.groups {
        text.push_str(&row(group));
    }
    for comparison in results.comparisons() {
        text.push('\n');
        text.push_str(&comparison.to_markdown());
    }
    Exported::one(text, Vec::new())
}

fn row(group: &Group) -> String {
    let scenario = match &group.result {
        Some(result) => format!("{result}: {}", group.scenario),
        None => group.scenario.clone(),
    };
    let cell = |metric: Metric| {
        let figure = group.figure(metric);
        figure.map_or_else(String::new, |figure| value(metric, figure.median))
    };
    let runs = group.rounds.len().to_string();
    let mut cells = vec![one_line(&scenario), one_line(&group.server), runs];
    cells.extend(TRACKED.map(cell));
    cells.push(one_line(&to_know(group)));
    format!("| {} |\n", cells.join(" | "))
}

/// What the numbers alone do not show.
fn to_know(group: &Group) -> String {
    let invalid = group.rounds.len() - group.valid().count();
    let codes = group.objections().into_iter().collect::<Vec<_>>();
    let mut notes = made_by(&group.rounds);
    if invalid > 0 {
        notes.push(format!(
            "{invalid} invalid, not counted ({})",
            codes.join(", ")
        ));
    }
    if group.failed() > 0 {
        notes.push(counted(group.failed(), "request") + " failed");
    }
    if group.is_limited() {
        notes.push("the load generator was the limit".to_owned());
    }
    notes.join("; ")
}

/// Text in a cell: Markdown shows it as it is, and it does not end the row.
fn one_line(text: &str) -> String {
    escaped(&text.replace(['\n', '\r'], " "))
}
