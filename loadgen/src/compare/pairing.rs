//! Which records belong together.
//!
//! Records with the same scenario and server are the rounds of one thing. Of
//! two such groups the records are paired in order of start time, so that what
//! happened to the machine at a time happens to both of a pair.

use std::fmt;

use super::CompareError;
use crate::record::Record;
use crate::statistics::ROUNDS_MAX;

/// Two groups of as many records, in order of start time.
pub(super) struct Pair<'a> {
    pub(super) scenario: Option<String>,
    /// The server, if it is the same on both sides.
    pub(super) server: Option<String>,
    pub(super) a: Rounds<'a>,
    pub(super) b: Rounds<'a>,
}

/// The rounds of one side.
pub(super) struct Rounds<'a> {
    pub(super) label: String,
    pub(super) records: Vec<&'a Record>,
}

/// What the records of a group have in common; both are absent outside of a
/// benchmark.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    scenario: Option<String>,
    server: Option<String>,
}

/// Pairs each group of one side with the group of the same name on the other.
/// A group alone on each side is paired whatever it is called: two runs of
/// one's own need no names. The texts name what has no partner.
pub(super) fn sides<'a>(
    a: (&str, &'a [Record]),
    b: (&str, &'a [Record]),
) -> Result<(Vec<Pair<'a>>, Vec<String>), CompareError> {
    let (mut groups_a, mut groups_b) = (groups(a.1), groups(b.1));
    if let ([(key_a, _)], [(key_b, _)]) = (groups_a.as_mut_slice(), groups_b.as_mut_slice()) {
        let common = key_a.common(key_b);
        (*key_a, *key_b) = (common.clone(), common);
    }
    let mut pairs = Vec::new();
    let mut unmatched = Vec::new();
    for (key, records_a) in groups_a.drain(..) {
        match groups_b.iter().position(|(other, _)| *other == key) {
            Some(index) => {
                let (_, records_b) = groups_b.remove(index);
                let Key { scenario, server } = key;
                pairs.push(pair(scenario, server, (a.0, records_a), (b.0, records_b))?);
            }
            None => unmatched.push(format!("{key} is only in {}", a.0)),
        }
    }
    unmatched.extend(
        groups_b
            .iter()
            .map(|(key, _)| format!("{key} is only in {}", b.0)),
    );
    if pairs.is_empty() {
        let (a, b) = (a.0.to_owned(), b.0.to_owned());
        return Err(CompareError::NothingInCommon { a, b });
    }
    Ok((pairs, unmatched))
}

/// Pairs, within each scenario, this server, or else the one that was measured first, with every
/// other one. Servers and scenarios keep the order in which they were first measured.
pub(super) fn servers<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    baseline: Option<&str>,
) -> Result<(Vec<Pair<'a>>, Vec<String>), CompareError> {
    let groups = groups(records);
    let (first, _) = groups.first().ok_or(CompareError::OneServer)?;
    let baseline = baseline.map(str::to_owned).or_else(|| first.server.clone());
    let label = |key: &Key| key.server.clone().unwrap_or_default();
    let mut pairs = Vec::new();
    let mut unmatched = Vec::new();
    for (key_b, records_b) in groups.iter().filter(|(key, _)| key.server != baseline) {
        let partner = groups
            .iter()
            .find(|(key, _)| key.server == baseline && key.scenario == key_b.scenario);
        match partner {
            Some((key_a, records_a)) => pairs.push(pair(
                key_b.scenario.clone(),
                None,
                (&label(key_a), records_a.clone()),
                (&label(key_b), records_b.clone()),
            )?),
            None => unmatched.push(format!(
                "{key_b} has no {}",
                baseline.as_deref().unwrap_or("?")
            )),
        }
    }
    if pairs.is_empty() {
        return Err(CompareError::OneServer);
    }
    Ok((pairs, unmatched))
}

/// The records by key, keys in order of their first start, records in order of
/// start.
fn groups<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<(Key, Vec<&'a Record>)> {
    let mut in_time: Vec<&Record> = records.into_iter().collect();
    in_time.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let mut groups: Vec<(Key, Vec<&Record>)> = Vec::new();
    for record in in_time {
        let key = Key::of(record);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(record),
            None => groups.push((key, vec![record])),
        }
    }
    groups
}

fn pair<'a>(
    scenario: Option<String>,
    server: Option<String>,
    a: (&str, Vec<&'a Record>),
    b: (&str, Vec<&'a Record>),
) -> Result<Pair<'a>, CompareError> {
    let (rounds_a, rounds_b) = (a.1.len(), b.1.len());
    if rounds_a != rounds_b {
        return Err(CompareError::UnequalRounds {
            scenario,
            a: a.0.to_owned(),
            rounds_a,
            b: b.0.to_owned(),
            rounds_b,
        });
    }
    if rounds_a > ROUNDS_MAX {
        return Err(CompareError::TooManyRounds { rounds: rounds_a });
    }
    let rounds = |(label, records): (&str, Vec<&'a Record>)| Rounds {
        label: label.to_owned(),
        records,
    };
    Ok(Pair {
        scenario,
        server,
        a: rounds(a),
        b: rounds(b),
    })
}

impl Pair<'_> {
    /// Whether the sides took turns: each pair ended before the next began. `None` if it is not
    /// known when they began.
    pub(super) fn is_interleaved(&self) -> Option<bool> {
        let mut records = self.a.records.iter().chain(&self.b.records);
        if !records.all(|record| record.tells("started_at")) {
            return None;
        }
        let starts: Vec<_> = self
            .a
            .records
            .iter()
            .zip(&self.b.records)
            .map(|(a, b)| {
                let (a, b) = (a.started_at.as_str(), b.started_at.as_str());
                (a.min(b), a.max(b))
            })
            .collect();
        Some(starts.windows(2).all(|pairs| pairs[0].1 < pairs[1].0))
    }
}

impl Key {
    fn of(record: &Record) -> Self {
        let bench = record.bench.as_ref();
        Self {
            scenario: bench.map(|bench| bench.scenario.clone()),
            server: bench.map(|bench| bench.server.clone()),
        }
    }

    /// The names on which both agree.
    fn common(&self, other: &Self) -> Self {
        let common = |a: &Option<String>, b: &Option<String>| a.clone().filter(|_| a == b);
        Self {
            scenario: common(&self.scenario, &other.scenario),
            server: common(&self.server, &other.server),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.scenario, &self.server) {
            (Some(scenario), Some(server)) => write!(f, "{server} in scenario {scenario}"),
            _ => write!(f, "what was not run by `loadgen bench`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::sample::sync_and_async;

    fn renamed(records: &[Record], scenario: &str, server: &str) -> Vec<Record> {
        let mut records = records.to_vec();
        for bench in records
            .iter_mut()
            .filter_map(|record| record.bench.as_mut())
        {
            scenario.clone_into(&mut bench.scenario);
            server.clone_into(&mut bench.server);
        }
        records
    }

    fn ids(rounds: &Rounds<'_>) -> Vec<String> {
        rounds
            .records
            .iter()
            .map(|record| record.id.clone())
            .collect()
    }

    #[test]
    fn rounds_are_paired_in_order_of_start_whatever_their_order() {
        let (mut a, b) = sync_and_async(1.0, 1.0);
        a.reverse();
        let (pairs, _) = sides(("old", &a), ("new", &b)).unwrap();
        assert_eq!(ids(&pairs[0].a)[..2], ["sync-1", "sync-2"]);
        assert_eq!(ids(&pairs[0].b)[..2], ["async-1", "async-2"]);
    }

    #[test]
    fn sides_that_took_turns_are_interleaved_and_others_are_not() {
        let (a, mut b) = sync_and_async(1.0, 1.0);
        let interleaved = |b: &[Record]| {
            let (pairs, _) = sides(("old", &a), ("new", b)).unwrap();
            pairs[0].is_interleaved() == Some(true)
        };
        assert!(interleaved(&b));
        for record in &mut b {
            record.started_at = record.started_at.replace("T12", "T13");
        }
        assert!(!interleaved(&b));
    }

    #[test]
    fn each_group_meets_the_one_of_its_name_and_what_has_none_is_named() {
        let (one, _) = sync_and_async(1.0, 1.0);
        let group = |scenario, server| renamed(&one, scenario, server);
        let a = [
            group("close", "sync"),
            group("close", "async"),
            group("delay", "sync"),
        ]
        .concat();
        let b = [
            group("close", "async"),
            group("close", "sync"),
            group("close", "epoll"),
        ]
        .concat();
        let (pairs, unmatched) = sides(("old", &a), ("new", &b)).unwrap();
        let servers: Vec<_> = pairs.iter().map(|pair| pair.server.as_deref()).collect();
        assert_eq!(servers, [Some("sync"), Some("async")]);
        assert_eq!(pairs[0].a.label, "old");
        assert_eq!(
            unmatched,
            [
                "sync in scenario delay is only in old",
                "epoll in scenario close is only in new"
            ]
        );
    }

    #[test]
    fn a_group_alone_on_each_side_is_paired_under_the_names_both_have() {
        let (a, b) = sync_and_async(1.0, 1.0);
        let (pairs, unmatched) = sides(("old", &a), ("new", &b)).unwrap();
        assert_eq!(pairs[0].scenario.as_deref(), Some("close"));
        assert_eq!(pairs[0].server, None);
        assert_eq!(unmatched, [""; 0]);
    }

    #[test]
    fn nothing_in_common_is_an_error() {
        let (one, _) = sync_and_async(1.0, 1.0);
        let a = [
            renamed(&one, "close", "sync"),
            renamed(&one, "delay", "sync"),
        ]
        .concat();
        let b = renamed(&one, "close", "epoll");
        let error = sides(("old", &a), ("new", &b)).err().unwrap();
        assert!(
            matches!(error, CompareError::NothingInCommon { .. }),
            "{error}"
        );
    }

    #[test]
    fn unequal_rounds_are_an_error_that_says_what_to_do() {
        let (a, b) = sync_and_async(1.0, 1.0);
        let error = sides(("old", &a), ("new", &b[1..])).err().unwrap();
        assert_eq!(
            error.to_string(),
            "old has 10 and new has 9 rounds of close; rounds are compared in pairs: measure \
             both equally often, or move the records without a partner away"
        );
    }

    #[test]
    fn every_server_of_a_benchmark_meets_the_baseline() {
        let (sync, r#async) = sync_and_async(1.0, 1.0);
        let epoll = renamed(&r#async, "close", "epoll");
        let delay = renamed(&r#async, "delay", "epoll");
        let records = [epoll, r#async, sync, delay].concat();
        let (pairs, unmatched) = servers(&records, Some("sync")).unwrap();
        let labels: Vec<_> = pairs
            .iter()
            .map(|pair| (pair.a.label.as_str(), pair.b.label.as_str()))
            .collect();
        assert_eq!(labels, [("sync", "epoll"), ("sync", "async")]);
        assert_eq!(unmatched, ["epoll in scenario delay has no sync"]);
    }

    #[test]
    fn the_baseline_is_the_one_named_whoever_was_measured_first() {
        let (sync, r#async) = sync_and_async(1.0, 1.0);
        let records = [sync, r#async].concat();
        let baseline = |name| servers(&records, name).unwrap().0[0].a.label.clone();
        assert_eq!(baseline(Some("async")), "async");
        assert_eq!(baseline(None), "sync");
    }

    #[test]
    fn a_benchmark_of_one_server_has_nothing_to_compare() {
        let (sync, _) = sync_and_async(1.0, 1.0);
        let error = servers(&sync, None).err().unwrap();
        assert!(matches!(error, CompareError::OneServer), "{error}");
    }
}
