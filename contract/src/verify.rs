//! The list of checks, and running it.

use crate::checks;
use crate::connection::Connection;
use crate::subject::Subject;
use anyhow::{Result, anyhow};
use std::fmt;
use std::thread;
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

/// What a server that speaks TLS must do besides.
pub const TLS_CHECKS: &[Check] = &concat::<{ count(checks::OF_TLS) }>(checks::OF_TLS);

/// What a server that takes WebSocket clients must do besides.
pub const WEBSOCKET_CHECKS: &[Check] =
    &concat::<{ count(checks::OF_WEBSOCKET) }>(checks::OF_WEBSOCKET);

/// What a server that takes none must do instead.
pub const WITHOUT_WEBSOCKET_CHECKS: &[Check] =
    &concat::<{ count(checks::WITHOUT_WEBSOCKET) }>(checks::WITHOUT_WEBSOCKET);

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
    /// In the order of [`checks_of`], those that wait at the end.
    pub Vec<Violation>,
);

/// The checks that are there for this server.
pub fn checks_of(subject: &Subject) -> impl Iterator<Item = Check> {
    let of_tls = if subject.tls { TLS_CHECKS } else { &[] };
    let of_websocket = match subject.websocket {
        true => WEBSOCKET_CHECKS,
        false => WITHOUT_WEBSOCKET_CHECKS,
    };
    CHECKS.iter().chain(of_tls).chain(of_websocket).copied()
}

/// Runs every check, one after another, but for those that do little else than
/// wait: where several clients are served at once these are run beside.
///
/// # Errors
/// Lists every check that failed. It gives up, and says so in a violation of
/// its own, when the server cannot be connected to any more, or after half a
/// minute (and ten read timeouts) with a server that does not answer.
pub fn verify(subject: &Subject) -> Result<(), Violations> {
    let serves_many = subject.keep_alive;
    let (beside, in_turn): (Vec<_>, Vec<_>) =
        checks_of(subject).partition(|check| serves_many && waits(check));
    let violations = thread::scope(|scope| {
        let beside: Vec<_> = beside
            .iter()
            .map(|check| scope.spawn(|| violation(check, subject)))
            .collect();
        let mut violations = run_in_turn(&in_turn, subject);
        for check in beside {
            violations.extend(check.join().expect("a check does not panic"));
        }
        violations
    });
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Violations(violations)),
    }
}

fn waits(check: &Check) -> bool {
    let mut waiting = checks::WAITING.iter().copied().flatten();
    waiting.any(|waiting| waiting.name == check.name)
}

fn run_in_turn(checks: &[Check], subject: &Subject) -> Vec<Violation> {
    let started = Instant::now();
    let time_max = WAITS_IN_VAIN_MAX * subject.patience();
    let mut violations = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let Some(violation) = violation(check, subject) else {
            continue;
        };
        violations.push(violation);
        let given_up = match Connection::open(subject) {
            Ok(_) if started.elapsed() < time_max => continue,
            Ok(_) => anyhow!("time is up"),
            Err(error) => error.context("the server is gone"),
        };
        let left = checks.len() - index - 1;
        let error = given_up.context(format!("{left} checks have not been run"));
        let check = "verify comes to its end";
        violations.push(Violation { check, error });
        break;
    }
    violations
}

fn violation(check: &Check, subject: &Subject) -> Option<Violation> {
    let error = (check.run)(subject).err()?;
    let check = check.name;
    Some(Violation { check, error })
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} checks failed", self.0.len())?;
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
        let all = [
            CHECKS,
            TLS_CHECKS,
            WEBSOCKET_CHECKS,
            WITHOUT_WEBSOCKET_CHECKS,
        ]
        .concat();
        let names: BTreeSet<_> = all.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(CHECKS.len(), checks::ALL.concat().len());
        assert_eq!(TLS_CHECKS.len(), checks::OF_TLS.concat().len());
    }
}
