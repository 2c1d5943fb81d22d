//! Records from a path: a file holds one, a directory one per round.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Benchmark, CompareError, Comparison};
use crate::record::Record;

/// The one JSON file in a benchmark's directory that is no record.
pub(crate) const COMPARISON_FILE: &str = "comparison.json";

/// All records of a benchmark in one.
pub(crate) const PACKED_FILE: &str = "records.jsonl.gz";

/// The record in a file, or those in a directory: its files that end in `.json`
/// without `comparison.json`, not those in directories below it, and those in
/// `records.jsonl.gz`.
pub fn read_records(path: &Path) -> Result<Vec<Record>, CompareError> {
    if !path.is_dir() {
        return Ok(vec![Record::read(path)?]);
    }
    let files = record_files(path).map_err(|source| CompareError::Directory {
        path: path.to_owned(),
        source,
    })?;
    let packed = path.join(PACKED_FILE);
    let mut records = match packed.exists() {
        true => Record::read_packed(&packed)?,
        false => Vec::new(),
    };
    for file in &files {
        records.push(Record::read(file)?);
    }
    match records.is_empty() {
        false => Ok(records),
        true => Err(CompareError::NoRecords {
            path: path.to_owned(),
        }),
    }
}

/// The records in a benchmark's directory, and what it says of the benchmark
/// that no record does: that of earlier versions says nothing.
pub(super) fn read_benchmark(path: &Path) -> Result<(Vec<Record>, Benchmark), CompareError> {
    let records = read_records(path)?;
    if !path.is_dir() {
        let path = path.to_owned();
        return Err(CompareError::NoBenchmark { path });
    }
    let kept = fs::read_to_string(path.join(COMPARISON_FILE)).ok();
    let kept = kept.and_then(|json| serde_json::from_str::<Comparison>(&json).ok());
    let benchmark = kept.and_then(|comparison| comparison.benchmark);
    let benchmark = benchmark.unwrap_or_else(|| Benchmark::seen_in(&records));
    Ok((records, benchmark))
}

fn record_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        let is_comparison = path.file_name().is_some_and(|name| name == COMPARISON_FILE);
        if is_json && !is_comparison && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What to call the two sides: the last part of each path, or the whole paths
/// if that is the same.
pub(super) fn names(a: &Path, b: &Path) -> (String, String) {
    let last = |path: &Path| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    if last(a) == last(b) {
        (a.display().to_string(), b.display().to_string())
    } else {
        (last(a), last(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    #[test]
    fn a_directory_gives_its_records_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write("close.sync.01.json", &sample().to_json());
        write("close.sync.02.json", &sample().to_json());
        write("comparison.json", "{}");
        write("summary.md", "# Summary");
        fs::create_dir(directory.path().join("older.json")).unwrap();
        assert_eq!(read_records(directory.path()).unwrap().len(), 2);
    }

    #[test]
    fn an_empty_directory_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let error = read_records(directory.path()).unwrap_err().to_string();
        assert!(error.starts_with(&directory.path().display().to_string()));
        assert!(error.contains("no record of a run"), "{error}");
    }

    #[test]
    fn a_damaged_record_in_a_directory_is_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("bad.json"), "{").unwrap();
        let error = read_records(directory.path()).unwrap_err().to_string();
        assert!(error.contains("bad.json: cut short"), "{error}");
    }

    #[test]
    fn sides_are_called_by_the_part_that_tells_them_apart() {
        let names = |a, b| names(Path::new(a), Path::new(b));
        let owned = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(names("results/old", "results/new/"), owned("old", "new"));
        assert_eq!(
            names("a/run.json", "b/run.json"),
            owned("a/run.json", "b/run.json")
        );
        assert_eq!(names(".", "new"), owned(".", "new"));
    }
}
