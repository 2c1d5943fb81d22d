//! Whatever becomes of a tool's file, it is read or refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// What the tools wrote, kept for tests: each file's path and text.
static FIXTURES: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    let tools = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = tools
        .filter(|path| path.is_dir())
        .flat_map(|tool| fs::read_dir(tool).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|it| it == "json" || it == "txt")
        });
    let mut files: Vec<_> = files
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
});

/// Imports the text as every tool's, and holds what becomes a record against what all records keep.
fn check(text: &str) {
    let froms = Format::ALL.map(Some).into_iter().chain([None]);
    for from in froms {
        match import(&Source::of(text), from) {
            Ok(record) => check_record(&record),
            Err(error) => {
                let line = error.to_string();
                assert_eq!(line.lines().count(), 1, "{line}");
                assert!(line.starts_with("run.txt: "), "{line}");
            }
        }
    }
}

fn check_record(record: &Record) {
    let requests = &record.requests;
    assert_eq!(requests.issued, requests.ended() + requests.cancelled);
    assert_eq!(record.failures.total(), requests.failed);
    assert!(record.rate_per_second.is_finite());
    assert!((0.0..=1.0).contains(&record.metrics.success_rate));
    let read = serde_json::from_str::<Record>(&record.to_json()).unwrap();
    assert_eq!(read.requests, *requests);
}

#[test]
fn each_file_is_recognised_as_its_tools_and_as_no_others() {
    for (path, text) in FIXTURES.iter() {
        let tool = path.parent().and_then(Path::file_name).unwrap();
        let document = Document::of(text).unwrap();
        let recognised: Vec<&str> = Format::ALL
            .into_iter()
            .filter(|format| format.recognises(&document))
            .map(Format::label)
            .collect();
        assert_eq!(recognised, [tool.to_str().unwrap()], "{}", path.display());
    }
}

#[test]
fn each_tool_has_a_clean_file_and_one_with_failures() {
    for format in Format::ALL
        .into_iter()
        .filter(|format| *format != Format::Wrk2)
    {
        let of_tool = FIXTURES.iter().filter(|(path, _)| {
            path.parent()
                .is_some_and(|folder| folder.ends_with(format.label()))
        });
        let failed: Vec<bool> = of_tool
            .filter_map(|(_, text)| import(&Source::of(text.as_str()), None).ok())
            .map(|record| record.requests.failed > 0)
            .collect();
        assert!(
            failed.contains(&true) && failed.contains(&false),
            "{format:?}"
        );
    }
}

#[test]
fn a_file_cut_off_anywhere_is_read_or_refused_in_a_line() {
    for (_, text) in FIXTURES.iter() {
        for length in (0..text.len()).step_by(41) {
            if let Some(cut) = text.get(..length) {
                check(cut);
            }
        }
    }
}

#[test]
fn numbers_at_their_ends_are_read_or_refused_in_a_line() {
    for (_, text) in FIXTURES.iter() {
        for number in [
            "0",
            "-1",
            "1e400",
            "18446744073709551615",
            "9007199254740992",
            "null",
            "NaN",
        ] {
            let is_digit = |char: char| char.is_ascii_digit() || char == '.';
            let mut at = 0;
            while let Some(begin) = text[at..].find(is_digit).map(|found| at + found) {
                let length = text[begin..].find(|char| !is_digit(char));
                let end = length.map_or(text.len(), |length| begin + length);
                let format = format!("{}{number}{}", &text[..begin], &text[end..]);
                let source = Source::of(format);
                if let Ok(record) = import(&source, None) {
                    check_record(&record);
                }
                at = end;
            }
        }
    }
}

#[test]
fn a_binary_file_is_said_to_be_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("results.bin");
    fs::write(&path, [0x1f, 0x8b, 0xff, 0xfe]).unwrap();
    let line = Source::read(&path).unwrap_err().to_string();
    assert!(
        line.contains("results.bin: no text; give the tool's report"),
        "{line}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_file_is_read_or_refused_in_a_line(
        which in any::<prop::sample::Index>(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0u8..128), 1..8)
    ) {
        let mut bytes = which.get(&FIXTURES).1.clone().into_bytes();
        for (place, byte) in damages {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            check(&text);
        }
    }

    #[test]
    fn a_file_without_some_of_its_lines_is_read_or_refused_in_a_line(
        which in any::<prop::sample::Index>(),
        kept in prop::collection::vec(prop::bool::weighted(0.9), 200)
    ) {
        let lines = which.get(&FIXTURES).1.lines();
        let lines = lines.zip(kept.iter().cycle()).filter(|(_, kept)| **kept);
        check(&lines.map(|(line, _)| line).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn any_text_is_read_or_refused_in_a_line(text in "\\PC{0,200}") {
        check(&text);
    }
}
