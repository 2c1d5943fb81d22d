//! The list of checks, and running it.

use crate::checks;
use crate::connection::Connection;
use crate::subject::Subject;
use anyhow::{Result, anyhow};
use std::fmt;
use std::time::Instant;

/// After the time of so many waits in vain no further check is begun, or a
/// server that answers nothing would take minutes to refuse. A right server
/// passes in a fraction of it: a handful of checks wait for its read timeout.
const WAITS_IN_VAIN_MAX: u32 = 10;

/// One thing that every server must do.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What must be so, as a sentence.
    pub name: &'static str,
    /// Looks whether it is so. Opens its own connections and leaves none open;
    /// the error says what was expected and what came.
    pub run: fn(&Subject) -> Result<()>,
}

/// Everything that every server must do, in the order of [`verify`].
pub const CHECKS: &[Check] = &concat::<{ count(checks::ALL) }>(checks::ALL);

/// A check that failed.
#[derive(Debug)]
pub struct Violation {
    /// The check's name.
    pub check: &'static str,
    /// What was expected and what came.
    pub error: anyhow::Error,
}

/// The checks that failed; at least one.
pub struct Violations(
    /// In the order of [`CHECKS`].
    pub Vec<Violation>,
);

/// Runs every check, one after another.
///
/// # Errors
/// Lists every check that failed. It gives up, and says so in the last
/// violation, when the server cannot be connected to any more, or after half a
/// minute (and ten read timeouts) with a server that does not answer.
pub fn verify(subject: &Subject) -> Result<(), Violations> {
    let started = Instant::now();
    let time_max = WAITS_IN_VAIN_MAX * subject.patience();
    let mut violations = Vec::new();
    for (index, check) in CHECKS.iter().enumerate() {
        let Err(error) = (check.run)(subject) else {
            continue;
        };
        let check = check.name;
        violations.push(Violation { check, error });
        let given_up = match Connection::open(subject) {
            Ok(_) if started.elapsed() < time_max => continue,
            Ok(_) => anyhow!("time is up"),
            Err(error) => error.context("the server is gone"),
        };
        let left = CHECKS.len() - index - 1;
        let error = given_up.context(format!("{left} checks have not been run"));
        let check = "verify comes to its end";
        violations.push(Violation { check, error });
        break;
    }
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Violations(violations)),
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} checks failed", self.0.len(), CHECKS.len())?;
        for Violation { check, error } in &self.0 {
            writeln!(f, "- {check}: {error:#}")?;
        }
        Ok(())
    }
}

/// The same as `Display`: this is what a test that unwraps prints.
impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violations {}

const fn count(groups: &[&[Check]]) -> usize {
    let mut sum = 0;
    let mut group = 0;
    while group < groups.len() {
        sum += groups[group].len();
        group += 1;
    }
    sum
}

/// The checks of all groups in one array. Loops by index, because iterators do
/// not run in constants.
const fn concat<const N: usize>(groups: &[&[Check]]) -> [Check; N] {
    let mut all = [groups[0][0]; N];
    let (mut group, mut next) = (0, 0);
    while group < groups.len() {
        let mut index = 0;
        while index < groups[group].len() {
            all[next] = groups[group][index];
            next += 1;
            index += 1;
        }
        group += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_of_every_group_is_there_under_a_name_of_its_own() {
        let names: BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
        assert_eq!(CHECKS.len(), checks::ALL.concat().len());
    }
}
