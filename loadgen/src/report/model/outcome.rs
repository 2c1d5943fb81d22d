//! A result as it was read: its runs, without their histograms, and what these add up to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hdrhistogram::Histogram;

use super::load;
use crate::compare::{self, Benchmark, CompareError, Comparison, Kept, Options};
use crate::record::{Histograms, Record, decode_histogram};
use crate::report::ReportError;

/// Significant digits of the histograms that are added up: a drawing shows no more, and a thousand
/// of them fit into memory.
const DIGITS: u8 = 2;

/// A scenario and a server.
pub(super) type Place = (String, String);

/// One result.
pub struct Outcome {
    /// What it is called.
    pub name: String,
    /// Its runs in order of their start, without histograms.
    pub records: Vec<Record>,
    /// The latencies of all of a place's runs, as far as their records have them.
    pub latencies: HashMap<Place, Histogram<u64>>,
    /// What was planned.
    pub benchmark: Benchmark,
    /// The comparison of its servers; none if it has one server, or was no benchmark.
    pub comparison: Option<Result<Comparison, CompareError>>,
}

impl Outcome {
    /// Reads a result.
    pub fn read(path: &Path, options: &Options) -> Result<Self, ReportError> {
        let name = name(path);
        let mut records = Vec::new();
        let mut latencies = HashMap::new();
        compare::each_record(path, &mut |mut record, _| {
            add(&mut latencies, &mut record, &name);
            records.push(record);
        })
        .map_err(|error| explained(error, path))?;
        let kept = match path.is_dir() {
            true => compare::kept(path)?.unwrap_or_default(),
            false => Kept::default(),
        };
        Ok(Self::of(name, records, latencies, kept, options))
    }

    /// The result that these runs are, and what was planned, if that is known.
    pub(super) fn of(
        name: String,
        mut records: Vec<Record>,
        latencies: HashMap<Place, Histogram<u64>>,
        kept: Kept,
        options: &Options,
    ) -> Self {
        records.sort_by(|a, b| a.started_at.cmp(&b.started_at));
        let planned = kept.benchmark.clone();
        let benchmark = planned.unwrap_or_else(|| Benchmark::seen_in(&records));
        let comparison = compared(&records, &benchmark, kept, options);
        Self {
            name,
            records,
            latencies,
            benchmark,
            comparison,
        }
    }

    /// What it is of: the plan's name and the result's own.
    pub fn title(&self) -> String {
        match self.benchmark.plan.as_str() {
            "" => self.name.clone(),
            plan => format!("{plan}: {}", self.name),
        }
    }

    /// The outcome of comparing, if that was possible.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.comparison.as_ref()?.as_ref().ok()
    }
}

/// Where the run belongs. Runs outside of a benchmark are told apart by their load, by what the
/// server called itself and by its address: one name may be that of two servers. Of what says
/// neither, the runs are rounds of one thing, which has the result's name.
pub(super) fn place(record: &Record, name: &str) -> Place {
    if let Some(bench) = &record.bench {
        return (bench.scenario.clone(), bench.server.clone());
    }
    let address = record.tells("target.url").then(|| load::address(record));
    let said = [record.target.server_software.as_deref(), address];
    let said: Vec<&str> = said
        .into_iter()
        .flatten()
        .filter(|it| !it.is_empty())
        .collect();
    let server = match said.is_empty() {
        true => name.to_owned(),
        false => said.join(" at "),
    };
    (load::words(record), server)
}

fn compared(
    records: &[Record],
    benchmark: &Benchmark,
    kept: Kept,
    options: &Options,
) -> Option<Result<Comparison, CompareError>> {
    if benchmark.servers.len() < 2 {
        return None;
    }
    let compared = compare::servers(records, benchmark.clone(), options);
    Some(compared.map(|comparison| comparison.with_kept(kept)))
}

/// Takes the run's histograms from it, and adds what they say to that of its place: from the
/// intended start where there is a schedule, as the record's own percentiles.
pub(super) fn add(latencies: &mut HashMap<Place, Histogram<u64>>, record: &mut Record, name: &str) {
    let histograms: Histograms = std::mem::take(&mut record.histograms);
    let text = match record.plan.rate_per_second {
        Some(_) => &histograms.corrected,
        None => &histograms.total,
    };
    // One that is damaged is as good as none: the percentiles are quoted besides.
    let Some(histogram) = text.as_deref().and_then(|text| decode_histogram(text).ok()) else {
        return;
    };
    if !record.validity.valid {
        return;
    }
    let sum = latencies.entry(place(record, name)).or_insert_with(|| {
        let mut sum = Histogram::new(DIGITS).expect("a number of digits that it takes");
        sum.auto(true);
        sum
    });
    // It grows as it has to.
    let _ = sum.add(&histogram);
}

/// The last part of the path, without the ending of a file.
fn name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let last = match path.is_dir() {
        true => whole.file_name(),
        false => whole.file_stem(),
    };
    last.map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// What is wrong, with the directory that was perhaps meant.
fn explained(error: CompareError, path: &Path) -> ReportError {
    if !matches!(error, CompareError::NoRecords { .. }) {
        return error.into();
    }
    match example_below(path) {
        Some(example) => ReportError::Below {
            path: path.to_owned(),
            example,
        },
        None => error.into(),
    }
}

/// The first directory in this one that has a JSON document in it.
fn example_below(path: &Path) -> Option<PathBuf> {
    let entries = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let has_json = |path: &PathBuf| {
        entries(path).any(|file| file.extension().is_some_and(|ending| ending == "json"))
    };
    entries(path).filter(has_json).min()
}
