//! Records from a path: a file holds one, a directory one per round.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Benchmark, CompareError, GivenUp, NoiseFloor, Outcome};
use crate::record::Record;

/// The one JSON file in a benchmark's directory that is no record.
pub(crate) const COMPARISON_FILE: &str = "comparison.json";

/// All records of a benchmark in one.
pub(crate) const PACKED_FILE: &str = "records.jsonl.gz";

/// The record in a file, or those in a directory: its files that end in `.json`
/// without `comparison.json`, not those in directories below it, and those in
/// `records.jsonl.gz`.
pub fn read_records(path: &Path) -> Result<Vec<Record>, CompareError> {
    let mut records = Vec::new();
    each_record(path, &mut |record, _| records.push(record))?;
    Ok(records)
}

/// The same, one after the other, each with the file that it is in: whoever keeps only a part of
/// each needs memory for that part.
pub(crate) fn each_record(
    path: &Path,
    take: &mut dyn FnMut(Record, &Path),
) -> Result<(), CompareError> {
    if !path.is_dir() {
        take(Record::read(path)?, path);
        return Ok(());
    }
    let files = record_files(path).map_err(|source| CompareError::Directory {
        path: path.to_owned(),
        source,
    })?;
    let packed = path.join(PACKED_FILE);
    let mut is_packed = HashSet::new();
    if packed.exists() {
        for record in Record::read_packed(&packed)? {
            is_packed.insert(record.id.clone());
            take(record, &packed);
        }
    }
    let mut is_empty = is_packed.is_empty();
    for file in &files {
        let record = Record::read(file)?;
        // Whoever was ended while packing has left some of them in both places.
        if !is_packed.contains(&record.id) {
            take(record, file);
            is_empty = false;
        }
    }
    match is_empty {
        false => Ok(()),
        true => Err(CompareError::NoRecords {
            path: path.to_owned(),
        }),
    }
}

/// The records in a benchmark's directory, and what it says of the benchmark
/// that no record does: that of earlier versions says nothing.
pub(crate) fn read_benchmark(path: &Path) -> Result<(Vec<Record>, Benchmark), CompareError> {
    let (records, kept) = read_kept(path)?;
    Ok((records, kept.benchmark.unwrap_or_default()))
}

/// The same with all that is kept; there is always a benchmark.
pub(crate) fn read_kept(path: &Path) -> Result<(Vec<Record>, Kept), CompareError> {
    let records = read_records(path)?;
    if !path.is_dir() {
        let path = path.to_owned();
        return Err(CompareError::NoBenchmark { path });
    }
    let kept = kept_of(path, &records)?;
    Ok((records, kept))
}

/// What the directory of these records keeps besides them; there is always a benchmark.
pub(crate) fn kept_of<'a>(
    directory: &Path,
    records: impl IntoIterator<Item = &'a Record>,
) -> Result<Kept, CompareError> {
    let mut kept = kept(directory)?.unwrap_or_default();
    let seen = || Benchmark::seen_in(records);
    kept.benchmark.get_or_insert_with(seen);
    Ok(kept)
}

/// The records of one side, and what was given up there: of a file alone nothing is known.
pub(super) fn read_side(path: &Path) -> Result<(Vec<Record>, Vec<GivenUp>), CompareError> {
    let records = read_records(path)?;
    let kept = match path.is_dir() {
        true => kept(path)?,
        false => None,
    };
    let benchmark = kept.and_then(|kept| kept.benchmark);
    Ok((records, benchmark.unwrap_or_default().given_up))
}

/// The part of a comparison that is read again.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Kept {
    /// What was planned.
    pub(crate) benchmark: Option<Benchmark>,
    /// By how much a server differed from itself.
    pub(crate) noise_floor: Option<NoiseFloor>,
    /// The limits that were set, and whether they were kept.
    #[serde(default)]
    pub(crate) gates: Vec<Outcome>,
}

impl Kept {
    /// Leaves out what is not true where servers are held against another baseline than they were.
    pub(crate) fn hold_against(&mut self, baseline: Option<&str>, judged_against: Option<&str>) {
        if baseline != judged_against {
            // That one is not worse than the baseline was said of another.
            self.gates.retain(|gate| gate.limit.is_some());
        }
    }
}

/// What a benchmark's directory keeps of it; none in those of earlier versions.
pub(crate) fn kept(directory: &Path) -> Result<Option<Kept>, CompareError> {
    let path = directory.join(COMPARISON_FILE);
    let json = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read,
    };
    let kept = json.and_then(|json| Ok(serde_json::from_str::<Kept>(&json)?));
    kept.map(Some)
        .map_err(|source| CompareError::Kept { path, source })
}

pub(crate) fn record_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
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
pub(crate) fn names(a: &Path, b: &Path) -> (String, String) {
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
    use crate::record::pack;
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
    fn a_record_that_is_packed_is_not_read_twice() {
        let directory = tempfile::tempdir().unwrap();
        let (packed, other) = (sample(), sample());
        let other = Record {
            id: "another".to_owned(),
            ..other
        };
        let path = |name: &str| directory.path().join(name);
        fs::write(path(PACKED_FILE), pack(std::slice::from_ref(&packed))).unwrap();
        fs::write(path("close.sync.01.json"), packed.to_json()).unwrap();
        fs::write(path("close.sync.02.json"), other.to_json()).unwrap();
        let read = read_records(directory.path()).unwrap();
        let ids: Vec<_> = read.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(ids, [packed.id.as_str(), "another"]);
    }

    #[test]
    fn a_comparison_that_cannot_be_read_is_an_error_and_not_an_earlier_version() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write("close.sync.01.json", &sample().to_json());
        for good in [None, Some("{}"), Some(r#"{"benchmark": null}"#)] {
            good.iter().for_each(|text| write(COMPARISON_FILE, text));
            assert!(read_benchmark(directory.path()).is_ok(), "{good:?}");
        }
        for bad in ["", "{", r#"{"benchmark": 1}"#] {
            write(COMPARISON_FILE, bad);
            let error = read_benchmark(directory.path()).unwrap_err().to_string();
            let next_step = "move it away to compare by the records alone";
            assert!(
                error.contains(COMPARISON_FILE) && error.ends_with(next_step),
                "{error}"
            );
            assert_eq!(error.lines().count(), 1);
        }
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
