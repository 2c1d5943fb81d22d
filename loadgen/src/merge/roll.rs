//! Who is there, and whether they belong together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::documents::{BYTES_MAX, Documents, Next};
use super::error::MergeError;
use super::header::Header;
use super::origin::Origin;
use super::ranges::ranges;
use super::source::{Opened, Sources, Span};
use crate::plan::SHARDS_MAX;
use crate::record::{Part, Plan, ReadError, Shard};

/// Furthest that the ends of a run may be apart: each second of it has a row.
const RUN_MS_MAX: u64 = 31 * 24 * 3600 * 1000;

/// All records that are to become one, in the order in which they are added.
#[derive(Debug)]
pub(super) struct Roll {
    /// What all have in common, as the first of them has it.
    pub(super) shard: Shard,
    /// When the first of them began, in milliseconds since 1970.
    pub(super) started_ms: u64,
    /// Shards that are not there.
    pub(super) missing: Vec<u64>,
    /// By worker: reports of it that are not there, and whether its last is.
    absences: BTreeMap<String, Absence>,
    /// Where reports broke off, if they did.
    cut_short: Vec<Origin>,
    entries: Vec<Entry>,
}

/// A record.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) origin: Origin,
    pub(super) span: Span,
    pub(super) id: String,
    pub(super) started_ms: u64,
    pub(super) ends_ms: u64,
    pub(super) index: u64,
    pub(super) part: Option<Part>,
}

/// What is not there of a worker of Locust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Absence {
    /// Reports before the latest one.
    pub(super) reports: u64,
    /// The last one.
    pub(super) is_lost: bool,
}

/// What has been read so far.
#[derive(Default)]
struct Heads {
    first: Option<First>,
    entries: Vec<Entry>,
    cut_short: Vec<Origin>,
}

/// The record that all others are held against.
struct First {
    origin: Origin,
    shard: Shard,
    url: String,
}

impl Roll {
    /// Reads the heads of all records.
    pub(super) fn call(sources: &Sources, allow_missing: bool) -> Result<Self, MergeError> {
        let mut heads = Heads::default();
        let mut name = String::new();
        for source in sources.readers() {
            let source = source?;
            name = source.name.to_string();
            heads.read(source)?;
        }
        let Heads {
            first,
            mut entries,
            cut_short,
        } = heads;
        let Some(First { shard, .. }) = first else {
            return Err(MergeError::Empty(name));
        };
        entries.sort_by(|a, b| a.key().cmp(&b.key()));
        refuse_doubled(&entries)?;
        let missing = missing(&shard, &entries);
        if !missing.is_empty() && !allow_missing {
            return Err(MergeError::Missing {
                run_id: shard.run_id,
                count: missing.len(),
                missing: ranges(&missing),
                of: shard.of.unwrap_or_default(),
            });
        }
        Ok(Self {
            started_ms: started_ms(&entries)?,
            absences: absences(&entries),
            shard,
            missing,
            cut_short,
            entries,
        })
    }

    /// In the order of the shards, and of a worker's reports.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is not there of this worker.
    pub(super) fn absence(&self, worker: &str) -> Absence {
        self.absences.get(worker).copied().unwrap_or_default()
    }

    /// Whether the file of reports ended in the middle of one.
    pub(super) fn is_cut_short(&self) -> bool {
        !self.cut_short.is_empty()
    }

    /// What was passed over, in lines.
    pub(super) fn warnings(&self) -> Vec<String> {
        let cut_short = self.cut_short.iter().map(|origin| {
            format!("{origin}: cut short; that report is left out, and the rest is merged")
        });
        cut_short.collect()
    }
}

impl Entry {
    /// Index, worker, report: what the order is by.
    fn key(&self) -> (u64, Option<(&str, u64)>) {
        let part = self.part.as_ref();
        let part = part.map(|part| (part.worker.as_str(), part.sequence));
        (self.index, part)
    }
}

impl Heads {
    fn read(&mut self, source: Opened<'_>) -> Result<(), MergeError> {
        let Opened {
            index,
            name,
            reader,
        } = source;
        let mut documents = Documents::of(reader);
        let mut text = Vec::new();
        let at = |line| Origin {
            name: name.clone(),
            line,
        };
        loop {
            let next = documents.next(&mut text);
            let next = next.map_err(|source| MergeError::Input {
                name: name.to_string(),
                source,
            })?;
            match next {
                Next::End => return Ok(()),
                Next::Document(place) => {
                    let span = Span {
                        source: index,
                        start: place.start,
                        length: text.len(),
                    };
                    self.add(&text, at(place.line), span)?;
                }
                Next::CutShort(place) => {
                    // What a master that was ended has not written whole is one line, and the last.
                    let is_line = !text.trim_ascii_end().contains(&b'\n');
                    let is_end = documents.next(&mut text).ok() == Some(Next::End);
                    if !(is_line && is_end && self.has_reports_of(index)) {
                        let path = at(place.line).to_string().into();
                        return Err(ReadError::CutShort { path }.into());
                    }
                    self.cut_short.push(at(place.line));
                    return Ok(());
                }
                Next::Stray(place, text) => {
                    let origin = at(place.line);
                    return Err(MergeError::Stray { origin, text });
                }
                Next::TooLong(place) => {
                    let (origin, limit) = (at(place.line), BYTES_MAX);
                    return Err(MergeError::TooLong { origin, limit });
                }
            }
        }
    }

    /// Whether the latest record is a report of a worker, in this source.
    fn has_reports_of(&self, source: usize) -> bool {
        let last = self.entries.last();
        last.is_some_and(|it| it.span.source == source && it.part.is_some())
    }

    /// Holds a record against the first one.
    fn add(&mut self, text: &[u8], origin: Origin, span: Span) -> Result<(), MergeError> {
        let (header, shard) = Header::read(text, &origin)?;
        let started_ms = header.started_ms(&origin)?;
        if let Some(of) = shard.of.filter(|&of| shard.index >= of || of > SHARDS_MAX) {
            let index = shard.index;
            return Err(MergeError::NoSuchShard { origin, index, of });
        }
        self.entries.push(Entry {
            span,
            started_ms,
            ends_ms: started_ms.saturating_add((header.elapsed_s * 1000.0) as u64),
            id: header.id,
            index: shard.index,
            part: shard.part.clone(),
            origin: origin.clone(),
        });
        let url = header.target.url;
        match &self.first {
            Some(first) => first.admit(&shard, &url, origin),
            None => {
                self.first = Some(First { origin, shard, url });
                Ok(())
            }
        }
    }
}

impl First {
    fn admit(&self, shard: &Shard, url: &str, origin: Origin) -> Result<(), MergeError> {
        let (a, b) = (self.origin.clone(), origin);
        if shard.run_id != self.shard.run_id {
            let run_a = self.shard.run_id.clone();
            let run_b = shard.run_id.clone();
            return Err(MergeError::OtherRun { a, run_a, b, run_b });
        }
        if (shard.of, shard.part.is_some()) != (self.shard.of, self.shard.part.is_some()) {
            let (of_a, of_b) = (count(&self.shard), count(shard));
            return Err(MergeError::OtherCount { a, of_a, b, of_b });
        }
        if shard.plan_hash != self.shard.plan_hash {
            let difference = match url == self.url {
                true => difference(&self.shard.plan, &shard.plan),
                false => format!("the URL is {} and {url}", self.url),
            };
            return Err(MergeError::OtherPlan { a, b, difference });
        }
        Ok(())
    }
}

/// How many there are, in words.
fn count(shard: &Shard) -> String {
    match shard.of {
        Some(of) => format!("{of} shards"),
        None => "the workers of a Locust master".to_owned(),
    }
}

/// The first setting that is not the same.
fn difference(a: &Plan, b: &Plan) -> String {
    let settings = |plan: &Plan| match serde_json::to_value(plan) {
        Ok(Value::Object(settings)) => settings,
        _ => serde_json::Map::new(),
    };
    let (a, b) = (settings(a), settings(b));
    let names = a.keys().chain(b.keys());
    let mut names = names.filter(|name| !Plan::MACHINES_OWN.contains(&name.as_str()));
    let differing = names.find(|name| a.get(*name) != b.get(*name));
    let text = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
    match differing {
        Some(name) => format!(
            "plan.{name} is {} and {}",
            text(a.get(name)),
            text(b.get(name))
        ),
        None => "in a body, a path, or what records do not show".to_owned(),
    }
}

/// Two records of the same thing; they are next to each other.
fn refuse_doubled(entries: &[Entry]) -> Result<(), MergeError> {
    let doubled = entries
        .windows(2)
        .find(|pair| pair[0].key() == pair[1].key());
    let Some([first, second]) = doubled else {
        return Ok(());
    };
    let (a, b) = (first.origin.clone(), second.origin.clone());
    Err(match &first.part {
        _ if first.id == second.id && first.span.length == second.span.length => {
            MergeError::Same { a, b }
        }
        None => MergeError::Doubled {
            a,
            b,
            index: first.index,
        },
        Some(part) => MergeError::ReportedTwice {
            a,
            b,
            worker: part.worker.clone(),
            sequence: part.sequence,
        },
    })
}

/// Shards that are not there; the entries are in order.
fn missing(shard: &Shard, entries: &[Entry]) -> Vec<u64> {
    let mut there = entries.iter().map(|entry| entry.index).peekable();
    let all = 0..shard.of.unwrap_or_default();
    all.filter(|index| there.next_if_eq(index).is_none())
        .collect()
}

/// What is not there of each worker whose reports are; these are in order.
fn absences(entries: &[Entry]) -> BTreeMap<String, Absence> {
    let mut absences = BTreeMap::new();
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for part in entries.iter().filter_map(|entry| entry.part.as_ref()) {
        let expected = expected.entry(&part.worker).or_default();
        let absence: &mut Absence = absences.entry(part.worker.clone()).or_default();
        absence.reports += part.sequence.saturating_sub(*expected);
        absence.is_lost = !part.is_last;
        *expected = part.sequence.saturating_add(1);
    }
    absences
}

/// When the first began; the last may not have ended a month later.
fn started_ms(entries: &[Entry]) -> Result<u64, MergeError> {
    let first = entries.iter().min_by_key(|entry| entry.started_ms);
    let last = entries.iter().max_by_key(|entry| entry.ends_ms);
    let Some((first, last)) = first.zip(last) else {
        return Ok(0);
    };
    let apart_ms = last.ends_ms - first.started_ms;
    match apart_ms > RUN_MS_MAX {
        false => Ok(first.started_ms),
        true => Err(MergeError::DaysApart {
            a: first.origin.clone(),
            b: last.origin.clone(),
            days: apart_ms as f64 / 86_400_000.0,
        }),
    }
}
