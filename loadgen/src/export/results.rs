//! What is exported: records in groups of scenario and server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hdrhistogram::Histogram;

use super::ExportError;
use crate::compare::{self, Comparison, GivenUp, Kept, Loops, Metric, Options, Selection, counted};
use crate::record::{Record, decode_histogram};
use crate::statistics::{CONFIDENCE, ROUNDS_MAX, WalshAverages, median_of_sorted};

/// The metrics of a group that trackers follow over time.
pub(super) const TRACKED: [Metric; 6] = [
    Metric::RatePerSecond,
    Metric::ServerCpuUsPerRequest,
    Metric::LatencyP50Ns,
    Metric::LatencyP99Ns,
    Metric::FailedShare,
    Metric::ServerRssBytes,
];

/// All that is exported.
#[derive(Debug, Default)]
pub struct Results {
    /// In the order in which they were first measured, directory by directory.
    pub groups: Vec<Group>,
    /// What each directory of a benchmark keeps of it besides, and what it is called.
    pub(super) kept: Vec<(Option<String>, Kept)>,
    /// What was given up, of which nothing is exported.
    pub given_up: Vec<GivenUp>,
}

/// The rounds of one server under one load.
#[derive(Debug)]
pub struct Group {
    /// The directory, if there are several.
    pub result: Option<String>,
    /// The scenario; of a run by itself the name of its file, or of its directory if all runs there
    /// are of one load.
    pub scenario: String,
    /// The server; of a run by itself what it was called, else what it says that it is, else its URL.
    pub server: String,
    /// The records in order of their start; at least one.
    pub rounds: Vec<Record>,
}

/// A metric over the rounds of a group that can be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Which metric.
    pub metric: Metric,
    /// The median of the rounds, in the metric's unit; of failures the share over all of them.
    pub median: f64,
    /// Where their centre lies with 95 % confidence (Hodges and Lehmann, on logarithms); none with
    /// fewer than six rounds, or if one is zero.
    pub interval: Option<(f64, f64)>,
}

/// The records of one directory, or files of it.
#[derive(Default)]
struct Directory {
    /// The record, and the name of its scenario if it is of no benchmark.
    records: Vec<(Record, String)>,
    /// What the directory keeps besides, if it was named and is of a benchmark.
    kept: Option<Kept>,
}

impl Results {
    /// Reads records and directories of a benchmark, as far as they fit the selection.
    ///
    /// # Errors
    ///
    /// One line that names the path that is no result; or nothing fits.
    pub fn read(paths: &[PathBuf], selection: &Selection) -> Result<Self, ExportError> {
        let mut directories: BTreeMap<PathBuf, Directory> = BTreeMap::new();
        let mut in_order: Vec<PathBuf> = Vec::new();
        for path in paths {
            let place = place(path);
            if !in_order.contains(&place) {
                in_order.push(place.clone());
            }
            directories.entry(place).or_default().read(path)?;
        }
        let names = names(&in_order);
        let mut results = Self::default();
        for (place, name) in in_order.iter().zip(names) {
            let directory = directories.remove(place).unwrap_or_default();
            results.add(directory, name.as_ref(), selection);
        }
        match results.groups.is_empty() {
            true => Err(ExportError::NothingSelected),
            false => Ok(results),
        }
    }

    fn add(&mut self, directory: Directory, name: Option<&String>, selection: &Selection) {
        let Directory { records, kept } = directory;
        let mut groups: Vec<Group> = Vec::new();
        for (record, file) in in_time(records) {
            let (scenario, server) = cell(&record, file);
            if !selection.has_scenario(&scenario) || !selection.has_server(&server) {
                continue;
            }
            let is_it = |group: &&mut Group| group.scenario == scenario && group.server == server;
            match groups.iter_mut().find(is_it) {
                Some(group) => group.rounds.push(record),
                None => groups.push(Group {
                    result: name.cloned(),
                    scenario,
                    server,
                    rounds: vec![record],
                }),
            }
        }
        if let Some(mut kept) = kept {
            let mut benchmark = kept.benchmark.take().unwrap_or_default();
            let judged_against = benchmark.baseline().map(str::to_owned);
            selection.keep(&mut Vec::new(), &mut benchmark);
            kept.hold_against(benchmark.baseline(), judged_against.as_deref());
            groups.retain(|group| benchmark.gave_up(&group.scenario, &group.server).is_none());
            self.given_up.extend(benchmark.given_up.iter().cloned());
            kept.benchmark = Some(benchmark);
            self.kept.push((name.cloned(), kept));
        }
        self.groups.append(&mut groups);
    }

    /// What is found in comparing the servers of each directory of a benchmark.
    pub(super) fn comparisons(&self) -> Vec<Comparison> {
        let comparisons = self.kept.iter().filter_map(|(result, kept)| {
            let groups = self.groups.iter().filter(|group| group.result == *result);
            let records: Vec<Record> = groups.flat_map(|group| group.rounds.clone()).collect();
            let benchmark = kept.benchmark.clone()?;
            // A single server, or rounds without a partner: the records are exported all the same.
            let comparison = compare::servers(&records, benchmark, &Options::default()).ok()?;
            Some(comparison.with_kept(kept.clone()))
        });
        comparisons.collect()
    }

    /// The groups of which something can be believed.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) fn believed(&self) -> Result<Vec<&Group>, ExportError> {
        let groups: Vec<&Group> = self
            .groups
            .iter()
            .filter(|group| group.valid().next().is_some())
            .collect();
        if groups.is_empty() {
            let runs = self.groups.iter().map(|group| group.rounds.len()).sum();
            let reasons = self.objections();
            return Err(ExportError::NothingValid { runs, reasons });
        }
        Ok(groups)
    }

    /// A line about the runs that are left out because they cannot be believed, if there are any.
    pub(super) fn invalid_left_out(&self) -> Option<String> {
        let invalid = |group: &Group| group.rounds.len() - group.valid().count();
        let runs: usize = self.groups.iter().map(invalid).sum();
        let groups = self.groups.iter().filter(|group| invalid(group) > 0);
        let names: Vec<String> = groups.map(Group::name).collect();
        (runs > 0).then(|| {
            format!(
                "{} that cannot be believed ({}), of {}",
                counted(runs as u64, "run"),
                self.objections(),
                some_of(&names)
            )
        })
    }

    /// A line about numbers that are the load generator's, if [`Group::tracked`] leaves some out.
    pub(super) fn limited_left_out(&self) -> Option<String> {
        let limited = self.groups.iter().filter(|group| group.is_limited());
        let names: Vec<String> = limited.map(Group::name).collect();
        (!names.is_empty()).then(|| {
            format!(
                "rate and latency of {}, where the load generator was the limit in most runs",
                some_of(&names)
            )
        })
    }

    /// The codes of what runs that cannot be believed say against themselves.
    fn objections(&self) -> String {
        let codes: BTreeSet<&str> = self.groups.iter().flat_map(Group::objections).collect();
        codes.into_iter().collect::<Vec<_>>().join(", ")
    }
}

impl Directory {
    fn read(&mut self, path: &Path) -> Result<(), ExportError> {
        let mut files = Vec::new();
        compare::each_record(path, &mut |record, file| {
            files.push((record, file.to_owned()));
        })?;
        let is_of_benchmark = |(record, _): &(Record, PathBuf)| record.bench.is_some();
        if path.is_dir() && files.iter().any(is_of_benchmark) {
            let records = files.iter().map(|(record, _)| record);
            self.kept = Some(compare::kept_of(path, records)?);
        }
        let alone = files.iter().filter(|it| !is_of_benchmark(it));
        let alone: Vec<&Record> = alone.map(|(record, _)| record).collect();
        let is_one_load = path.is_dir() && is_one_load(&alone);
        for (record, file) in files {
            // A file may be named beside the directory that it is in.
            if self.records.iter().any(|(known, _)| known.id == record.id) {
                continue;
            }
            let name = match is_one_load {
                true => last_part(path),
                false => file
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
            };
            self.records.push((record, name));
        }
        Ok(())
    }
}

/// Whether runs by themselves are rounds of one load, which a directory may hold; the version that
/// the header's fields name and the seed that is drawn anew make no other.
fn is_one_load(records: &[&Record]) -> bool {
    let differing = compare::differing(records, &["/target/url"]);
    let is_of_the_run = |name: &str| name == "plan.headers" || name == "plan.seed";
    differing.iter().all(|it| is_of_the_run(&it.name))
}

impl Group {
    /// What tells it from the others.
    #[must_use]
    pub fn name(&self) -> String {
        let result = self.result.as_deref();
        let parts = [result, Some(&self.scenario), Some(&self.server)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The rounds that can be believed.
    pub fn valid(&self) -> impl Iterator<Item = &Record> {
        self.rounds.iter().filter(|record| record.validity.valid)
    }

    /// Whether the load generator was the limit in most of them.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        let limited = self.valid().filter(|record| record.validity.limits_rate());
        2 * limited.count() > self.valid().count()
    }

    /// The metric over the rounds that can be believed; none if one of them does not know it.
    #[must_use]
    pub fn figure(&self, metric: Metric) -> Option<Figure> {
        if metric == Metric::FailedShare {
            return self.failed_share();
        }
        let rounds: Vec<&Record> = self.valid().collect();
        let loops = Loops::of(rounds.iter().copied());
        let mut values: Vec<f64> = rounds
            .iter()
            .map(|record| metric.of(record, loops))
            .collect::<Option<_>>()?;
        values.sort_by(f64::total_cmp);
        Some(Figure {
            metric,
            median: median_of_sorted(&values)?,
            interval: interval(&values),
        })
    }

    /// The share over all these rounds together: a median would hide what failed in one of them.
    fn failed_share(&self) -> Option<Figure> {
        let ended: u64 = self.valid().map(|record| record.requests.ended()).sum();
        (ended > 0).then(|| Figure {
            metric: Metric::FailedShare,
            median: self.failed() as f64 / ended as f64,
            interval: None,
        })
    }

    /// Requests that failed in the rounds that can be believed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.valid().map(|record| record.requests.failed).sum()
    }

    /// The figures that are tracked over time. Rate and latency are not among them where they are
    /// the load generator's: then they say nothing about the server.
    pub(super) fn tracked(&self) -> Vec<Figure> {
        let is_limited = self.is_limited();
        let is_hidden = |metric: &Metric| is_limited && metric.is_bounded_by_generator();
        let shown = TRACKED.into_iter().filter(|metric| !is_hidden(metric));
        shown.filter_map(|metric| self.figure(metric)).collect()
    }

    /// The codes of what the runs that cannot be believed say against themselves.
    pub(super) fn objections(&self) -> BTreeSet<&str> {
        let findings = self.rounds.iter().flat_map(|it| it.validity.objections());
        findings.map(|finding| finding.code.as_str()).collect()
    }

    /// The latency of this run's successes, from the intended start if there was a schedule.
    pub(super) fn histogram(&self, record: &Record) -> Result<Histogram<u64>, ExportError> {
        let (name, id) = (self.name(), record.id.clone());
        let histograms = &record.histograms;
        let text = histograms.corrected.as_ref().or(histograms.total.as_ref());
        match text.map(|text| decode_histogram(text)) {
            Some(Ok(histogram)) => Ok(histogram),
            Some(Err(source)) => Err(ExportError::Histogram { name, id, source }),
            None => Err(match &record.imported {
                Some(imported) => {
                    let tool = imported.tool.clone();
                    ExportError::NoHistogramTold { name, id, tool }
                }
                None => ExportError::NoHistogram { name, id },
            }),
        }
    }
}

/// The round of a record, or 1 if it was a run by itself.
pub(super) fn round(record: &Record) -> u64 {
    record.bench.as_ref().map_or(1, |bench| bench.round)
}

/// The codes of all that a reader of the record has to know.
pub(super) fn codes(record: &Record) -> String {
    let findings = record.validity.reasons.iter();
    let codes: Vec<&str> = findings.map(|finding| finding.code.as_str()).collect();
    codes.join(" ")
}

/// The first of these names, and how many there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let first = names[..names.len().min(SHOWN)].join("; ");
    match names.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// The directory that a path is, or is in.
fn place(path: &Path) -> PathBuf {
    let place = match path.is_dir() {
        true => path.to_owned(),
        false => path.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let place = match place.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => place,
    };
    place.canonicalize().unwrap_or(place)
}

/// What to call each of these directories: nothing if there is one, else the last part of its path,
/// or the whole path where that is not enough.
fn names(places: &[PathBuf]) -> Vec<Option<String>> {
    let is_alone = |place: &PathBuf| {
        let name = last_part(place);
        places.iter().filter(|it| last_part(it) == name).count() == 1
    };
    let name = |place: &PathBuf| match is_alone(place) {
        true => last_part(place),
        false => place.display().to_string(),
    };
    let names = places.iter();
    names
        .map(|place| (places.len() > 1).then(|| name(place)))
        .collect()
}

fn last_part(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn in_time(mut records: Vec<(Record, String)>) -> Vec<(Record, String)> {
    records.sort_by(|(a, _), (b, _)| a.started_at.cmp(&b.started_at));
    records
}

/// The scenario and the server of a record.
fn cell(record: &Record, file: String) -> (String, String) {
    if let Some(bench) = &record.bench {
        return (bench.scenario.clone(), bench.server.clone());
    }
    let label = record.server.as_ref().map(|server| &server.label);
    let label = label.filter(|label| !label.is_empty());
    let server = label.or(record.target.server_software.as_ref());
    (file, server.unwrap_or(&record.target.url).clone())
}

/// The interval of the centre, if the values have one.
fn interval(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() > ROUNDS_MAX || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let interval = WalshAverages::of(&logarithms).interval(CONFIDENCE)?;
    Some((rounded(interval.low.exp()), rounded(interval.high.exp())))
}

/// To twelve digits: what the way to logarithms and back adds is no part of the value.
fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}
