//! From results to a page: a section for each result, and one that compares two.

mod environment;
mod findings;
mod load;
pub(in crate::report) mod measured;
mod notes;
mod outcome;
mod runs;
mod section;
mod shards;
mod tables;
pub(in crate::report) mod verdicts;

#[cfg(test)]
pub(crate) mod sample;

use std::path::PathBuf;

use super::{Page, ReportError};
use crate::compare::Options;
use crate::record::Tool;
use outcome::Outcome;

/// The page of these results, each the directory of a benchmark, a directory of records, or the
/// file of one. Of two there is first a section that compares them.
///
/// # Errors
///
/// A path that holds no result, or one that cannot be read.
pub fn page_of(paths: &[PathBuf], options: &Options) -> Result<Page, ReportError> {
    if paths.is_empty() {
        return Err(ReportError::Nothing);
    }
    let outcomes: Result<Vec<Outcome>, ReportError> = paths
        .iter()
        .map(|path| Outcome::read(path, options))
        .collect();
    let mut outcomes = outcomes?;
    if let [a, b] = outcomes.as_mut_slice() {
        (a.name, b.name) = crate::compare::names(&paths[0], &paths[1]);
    }
    let mut sections = Vec::new();
    if let [a, b] = outcomes.as_slice() {
        sections.push(section::of_two(a, b, options));
    }
    for outcome in &outcomes {
        sections.push(section::of(outcome));
    }
    for (number, section) in (1..).zip(&mut sections) {
        section.id = format!("result-{number}");
        for figure in &mut section.figures {
            figure.id = format!("{}-{}", section.id, figure.id);
        }
    }
    Ok(Page {
        title: title(&outcomes),
        made_by: made_by(),
        sections,
    })
}

fn title(outcomes: &[Outcome]) -> String {
    match outcomes {
        [one] => one.title(),
        [a, b] => format!("{} and {}", a.name, b.name),
        many => format!("{} results", many.len()),
    }
}

fn made_by() -> String {
    let tool = Tool::this(Vec::new());
    match tool.git {
        Some(commit) => format!("{} {} ({commit})", tool.name, tool.version),
        None => format!("{} {}", tool.name, tool.version),
    }
}

#[cfg(test)]
mod tests;
