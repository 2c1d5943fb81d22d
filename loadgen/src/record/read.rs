//! A record from a file, or one line that says what is wrong with the file and
//! what to do next.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::error::Category;

use super::{Record, SCHEMA};

/// What every version of the schema's name begins with.
const SCHEMA_FAMILY: &str = "loadgen/run/v";

/// What the name of every schema of this program begins with.
const OURS: &str = "loadgen/";

/// Why a file could not be read as a record. The text is one line that names
/// the file and the next step.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read at all.
    #[error("{}: {source}; check the path", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is binary.
    #[error(
        "{}: no text in UTF-8; give a file that `loadgen -o FILE` wrote, or, if this one is of a benchmark, its \
         directory {}",
        path.display(),
        directory_of(path)
    )]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// The file ends in the middle of the JSON document.
    #[error(
        "{}: cut short; the run did not finish writing it (disk full, or killed): run it again",
        path.display()
    )]
    CutShort {
        /// The file.
        path: PathBuf,
    },
    /// The file is no JSON document.
    #[error("{}: not JSON ({source}); give a file that `loadgen -o FILE` wrote", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
    /// JSON, but not a record, or one with a field missing or of another type.
    #[error(
        "{}: not a record of a run ({reason}); give a file that `loadgen -o FILE` wrote",
        path.display()
    )]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// Another document of this program.
    #[error(
        "{}: of schema {found}, not the record of a run ({SCHEMA}); leave it out, or move it to a \
         directory of its own",
        path.display()
    )]
    OtherDocument {
        /// The file.
        path: PathBuf,
        /// The schema that the file names.
        found: String,
    },
    /// A record of a later version of the schema.
    #[error(
        "{}: of schema {found}, newer than this program's {SCHEMA}: update loadgen",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema that the file names.
        found: String,
    },
}

impl Record {
    /// Reads a record. Fields that a later version has added are passed over.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let json = fs::read_to_string(path).map_err(|source| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::InvalidData => ReadError::NoText { path },
                _ => ReadError::File { path, source },
            }
        })?;
        Self::parse(&json, path)
    }

    /// Parses the text of a record; `path` is for the error message alone.
    pub(crate) fn parse(json: &str, path: &Path) -> Result<Self, ReadError> {
        let path = path.to_owned();
        let value: Value = match serde_json::from_str(json) {
            Ok(value) => value,
            Err(source) if source.classify() == Category::Eof => {
                return Err(ReadError::CutShort { path });
            }
            Err(source) => return Err(ReadError::NotJson { path, source }),
        };
        match value.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) if is_newer(other) => {
                let found = other.to_owned();
                return Err(ReadError::NewerSchema { path, found });
            }
            Some(other) if other.starts_with(OURS) => {
                let found = other.to_owned();
                return Err(ReadError::OtherDocument { path, found });
            }
            Some(other) => {
                let reason = format!("its schema is {other}, expected {SCHEMA}");
                return Err(ReadError::NotARecord { path, reason });
            }
            None => {
                let reason = format!("it has no \"schema\": \"{SCHEMA}\"");
                return Err(ReadError::NotARecord { path, reason });
            }
        }
        serde_json::from_value(value).map_err(|error| ReadError::NotARecord {
            path,
            reason: error.to_string(),
        })
    }
}

fn directory_of(path: &Path) -> std::path::Display<'_> {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    directory.unwrap_or(Path::new(".")).display()
}

fn is_newer(schema: &str) -> bool {
    schema
        .strip_prefix(SCHEMA_FAMILY)
        .and_then(|version| version.parse::<u32>().ok())
        .is_some_and(|version| version > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    fn parse(json: &str) -> Result<Record, ReadError> {
        Record::parse(json, Path::new("run.json"))
    }

    fn message(json: &str) -> String {
        parse(json).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let record = sample();
        assert_eq!(parse(&record.to_json()).unwrap(), record);
    }

    #[test]
    fn packed_records_are_had_by_their_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records.jsonl.gz");
        fs::write(&path, [0x1f, 0x8b, 0xff, 0xfe]).unwrap();
        let line = Record::read(&path).unwrap_err().to_string();
        let advice = format!("its directory {}", directory.path().display());
        assert!(
            line.contains("no text") && line.ends_with(&advice),
            "{line}"
        );
        let bare = ReadError::NoText {
            path: "records.jsonl.gz".into(),
        };
        assert!(bare.to_string().ends_with("its directory ."));
    }

    #[test]
    fn fields_of_a_later_version_are_passed_over() {
        let mut value = serde_json::to_value(sample()).unwrap();
        value["phase_of_the_moon"] = "full".into();
        value["client"]["mood"] = "good".into();
        assert_eq!(parse(&value.to_string()).unwrap(), sample());
    }

    #[test]
    fn a_file_cut_short_anywhere_is_said_to_be_so() {
        let json = sample().to_json();
        let json = json.trim_end();
        for length in (0..json.len()).step_by(97) {
            let text = message(&json[..length]);
            assert!(text.starts_with("run.json: cut short"), "{length}: {text}");
        }
    }

    #[test]
    fn each_error_is_one_line_that_names_the_file_and_the_next_step() {
        let newer = sample().to_json().replace(SCHEMA, "loadgen/run/v2");
        let damaged = sample().to_json().replace("\"elapsed_s\"", "\"elapsed\"");
        for (json, words) in [
            ("<html>", "not JSON"),
            ("[1, 2]", "it has no \"schema\""),
            (r#"{"schema": "other/v1"}"#, "its schema is"),
            (
                r#"{"schema": "loadgen/push/v1"}"#,
                "of schema loadgen/push/v1, not the record of a run",
            ),
            (newer.as_str(), "update loadgen"),
            (damaged.as_str(), "missing field `elapsed_s`"),
        ] {
            let text = message(json);
            assert!(text.starts_with("run.json: "), "{text}");
            assert!(text.contains(words), "{text}");
            assert!(!text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Record::read(Path::new("no/such/file.json")).unwrap_err();
        assert!(error.to_string().starts_with("no/such/file.json: "));
    }
}
