//! The benchmarks in a directory, in order of time.

use std::fs;
use std::path::{Path, PathBuf};

use super::HistoryError;
use crate::compare::{Benchmark, CompareError, read_benchmark};
use crate::record::{ReadError, Record};

/// One benchmark.
#[derive(Debug)]
pub struct Run {
    /// The name of its directory.
    pub directory: String,
    /// When its first run began: UTC, RFC 3339.
    pub started_at: String,
    /// Its records in order of time, at least one.
    pub records: Vec<Record>,
    /// What it was to measure, and what of it was given up.
    pub benchmark: Benchmark,
}

/// All benchmarks of a directory.
#[derive(Debug, Default)]
pub struct Runs {
    /// In order of time.
    pub runs: Vec<Run>,
    /// Directories that are none: lines that say why.
    pub skipped: Vec<String>,
}

impl Runs {
    /// Reads every directory in this one. Files beside them are passed over.
    ///
    /// # Errors
    ///
    /// One line that names what cannot be read; or there is no benchmark.
    pub fn read(directory: &Path) -> Result<Self, HistoryError> {
        let mut runs = Self::default();
        for path in directories(directory)? {
            match run(&path)? {
                Ok(run) => runs.runs.push(run),
                Err(why) => runs.skipped.push(format!("{}: {why}", path.display())),
            }
        }
        runs.runs.sort_by(|a, b| a.started_at.cmp(&b.started_at));
        if !runs.runs.is_empty() {
            return Ok(runs);
        }
        let path = directory.to_owned();
        match run(directory) {
            Ok(Ok(_)) => Err(HistoryError::OneBenchmark { path }),
            _ => Err(HistoryError::NoBenchmarks { path }),
        }
    }
}

/// The benchmark in a directory, or why it is none: other results live beside benchmarks.
fn run(path: &Path) -> Result<Result<Run, String>, CompareError> {
    let (mut records, benchmark) = match read_benchmark(path) {
        Ok(read) => read,
        Err(CompareError::NoRecords { .. }) => return Ok(Err("no record of a run in it".into())),
        Err(CompareError::Read(
            ReadError::OtherDocument { path, .. } | ReadError::NotARecord { path, .. },
        )) => {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            return Ok(Err(format!("{file} in it is no record of a run")));
        }
        Err(error) => return Err(error),
    };
    records.retain(|record| record.bench.is_some());
    if !records.iter().all(|record| record.tells("started_at")) {
        return Ok(Err("when its runs began is not told".into()));
    }
    records.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let Some(first) = records.first() else {
        return Ok(Err("its records are not of `loadgen bench`".into()));
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Ok(Run {
        directory: name.to_string_lossy().into_owned(),
        started_at: first.started_at.clone(),
        records,
        benchmark,
    }))
}

fn directories(directory: &Path) -> Result<Vec<PathBuf>, HistoryError> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(directory)?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        paths.collect::<std::io::Result<Vec<_>>>()
    };
    let mut paths = list().map_err(|source| HistoryError::Directory {
        path: directory.to_owned(),
        source,
    })?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}
