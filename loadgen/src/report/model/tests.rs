use std::fs;
use std::path::{Path, PathBuf};

use super::sample::{records, section_of};
use crate::compare::{self, Benchmark, Options};
use crate::record::{Record, pack};
use crate::report::{Page, ReportError, Sentence, Tone, page_of};

fn page(paths: &[&Path]) -> Result<Page, ReportError> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    page_of(&paths, &Options::default())
}

/// A directory with these runs in it, each a file.
fn directory(parent: &Path, name: &str, records: &[Record]) -> PathBuf {
    let directory = parent.join(name);
    fs::create_dir(&directory).unwrap();
    for record in records {
        let file = directory.join(format!("{}.json", record.id));
        fs::write(file, record.to_json()).unwrap();
    }
    directory
}

#[test]
fn a_benchmark_is_a_section_with_verdicts_forest_and_all_runs() {
    let parent = tempfile::tempdir().unwrap();
    let page = page(&[&directory(parent.path(), "old", &records())]).unwrap();
    assert_eq!(page.title, "sample: old");
    let [section] = page.sections.as_slice() else {
        panic!("{}", page.sections.len())
    };
    assert!(section.verdicts.iter().all(|it| it.tone == Tone::Better));
    let first = &section.verdicts[0].text;
    assert!(
        first.starts_with("new-8: async served 30 % more"),
        "{first}"
    );
    assert_eq!(section.figures[0].id, "result-1-forest");
    assert_eq!((section.tables.len(), section.runs.rows.len()), (3, 48));
    let is_even = |row: &Vec<_>| row.len() == section.runs.columns.len();
    assert!(section.runs.rows.iter().all(is_even));
}

#[test]
fn who_is_worse_is_named_where_the_sentence_is_about_the_better_one() {
    let mut slower = records();
    for record in slower.iter_mut().filter(|it| it.id.contains("async")) {
        record.rate_per_second *= 0.5;
    }
    let first = &section_of(slower).verdicts[0];
    assert_eq!((first.who.as_str(), first.tone), ("async", Tone::Worse));
    assert!(first.text.starts_with("new-8: sync served"), "{first:?}");
}

#[test]
fn a_limit_that_was_not_kept_is_told_first() {
    let gate = |server: &str, passed| crate::compare::Outcome {
        scenario: "new-8".to_owned(),
        server: server.to_owned(),
        name: "max_error_rate".to_owned(),
        limit: None,
        measured: None,
        passed,
        message: "2 % failed, at most 1 %".to_owned(),
    };
    let benchmark = Benchmark::seen_in(&records());
    let mut comparison = compare::servers(&records(), benchmark, &Options::default()).unwrap();
    comparison.gates = vec![gate("sync", Some(true)), gate("async", Some(false))];
    let sentences = super::verdicts::of(&comparison);
    let [first, .., last] = sentences.as_slice() else {
        panic!("{sentences:?}")
    };
    let expected = "new-8: async, limit not kept: 2 % failed, at most 1 %";
    assert_eq!((first.text.as_str(), first.tone), (expected, Tone::Broken));
    assert_eq!(last.tone, Tone::Kept);
}

#[test]
fn of_two_results_the_first_section_compares_them() {
    let parent = tempfile::tempdir().unwrap();
    let mut faster = records();
    for record in &mut faster {
        record.rate_per_second *= 1.5;
    }
    let old = directory(parent.path(), "old", &records());
    let new = directory(parent.path(), "new", &faster);
    let page = page(&[&old, &new]).unwrap();
    let titles: Vec<&str> = page.sections.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["new against old", "sample: old", "sample: new"]);
    let first = &page.sections[0].verdicts[0];
    assert!(
        first
            .text
            .contains("differs from old in rate is open: +50 %"),
        "{first:?}"
    );
    let ids: Vec<&str> = page
        .sections
        .iter()
        .flat_map(|it| &it.figures)
        .map(|it| it.id.as_str())
        .collect();
    let unique: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
}

#[test]
fn runs_that_are_packed_lack_histograms_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let packed = parent.path().join("packed");
    fs::create_dir(&packed).unwrap();
    fs::write(packed.join("records.jsonl.gz"), pack(&records())).unwrap();
    let section = &page(&[&packed]).unwrap().sections[0];
    let whole = section_of(records());
    assert_eq!(section.verdicts, whole.verdicts);
    assert_eq!(section.figures.len(), whole.figures.len());
    assert_eq!(section.runs.rows, whole.runs.rows);
}

#[test]
fn rounds_without_a_partner_are_shown_without_a_verdict() {
    let section = section_of(records()[..47].to_vec());
    let [sentence] = section.verdicts.as_slice() else {
        panic!("{:?}", section.verdicts)
    };
    assert!(
        sentence.text.contains("8 and async has 7 rounds"),
        "{sentence:?}"
    );
    assert_eq!((sentence.tone, section.runs.rows.len()), (Tone::Open, 47));
    assert!(!section.figures.is_empty());
}

#[test]
fn runs_of_ones_own_are_told_apart_by_load_and_server() {
    let parent = tempfile::tempdir().unwrap();
    let mut own = records();
    for record in &mut own {
        record.bench = None;
    }
    let whole = directory(parent.path(), "own", &own);
    let section = &page(&[&whole]).unwrap().sections[0];
    let [sentence] = section.verdicts.as_slice() else {
        panic!("{:?}", section.verdicts)
    };
    assert!(sentence.text.contains("nothing to compare with"));
    let scenario = &section.runs.rows[0][1].text;
    assert_eq!(scenario, "8 connections; a new connection for each request");
    let file = whole.join("new-8.sync.01.json");
    let alone = &page(&[&file]).unwrap().sections[0];
    assert_eq!(
        (alone.title.as_str(), alone.runs.rows.len()),
        ("new-8.sync.01", 1)
    );
}

#[test]
fn servers_at_two_addresses_are_two_whatever_they_call_themselves() {
    for software in [None, Some("nginx".to_owned())] {
        let mut own = records();
        for (index, record) in own.iter_mut().enumerate() {
            record.bench = None;
            record.target.server_software = software.clone();
            record.target.url = format!("http://127.0.0.1:{}/path", 8080 + index % 2);
        }
        let section = section_of(own);
        let cell = |row: usize| section.runs.rows[row][2].text.as_str();
        assert!(cell(0).ends_with("127.0.0.1:8080"), "{}", cell(0));
        assert!(cell(1).ends_with("127.0.0.1:8081"), "{}", cell(1));
        assert!(section.verdicts[0].text.contains("shown, not judged"));
    }
}

#[test]
fn runs_under_two_loads_are_not_taken_for_rounds_of_one() {
    let mut mixed = records();
    mixed[2].plan.connections = 500;
    let section = section_of(mixed);
    let told = |it: &&Sentence| {
        it.text
            .starts_with("new-8: the loads of sync's runs differ")
    };
    let note = section.notes.iter().find(told).unwrap();
    assert_eq!(note.tone, Tone::Invalid);
    let rounds = section.figures.iter().find(|it| it.id == "rounds").unwrap();
    assert!(rounds.svg.contains("cannot be believed"));
    let is_said = |it: &Sentence| it.text.contains("loads of");
    assert!(!section_of(records()).notes.iter().any(is_said));
}

#[test]
fn runs_that_nobody_asked_about_are_not_taken_for_good() {
    let mut alone = records().swap_remove(0);
    alone.bench = None;
    alone.validity = vec![crate::record::Reason::NoSuccess].into();
    let section = section_of(vec![alone]);
    let last = section.verdicts.last().unwrap();
    assert_eq!(last.text, "1 run of 1 cannot be believed.");
    assert_eq!(last.tone, Tone::Invalid);
}

#[test]
fn what_an_imported_run_does_not_tell_is_not_in_the_line_below_the_title() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/wrk/clean.txt");
    let source = crate::import::Source::read(&file).unwrap();
    let record = crate::import::import(&source, None).unwrap();
    assert_eq!(section_of(vec![record]).subtitle, "1 run · wrk");
}

#[test]
fn a_reason_is_said_once_with_the_runs_it_is_true_of() {
    let mut records = records();
    for record in &mut records[..3] {
        let slipped = crate::record::Reason::ScheduleSlipped { share: 0.5 };
        record.validity = vec![slipped].into();
    }
    let [(_, line)] = section_of(records).findings.try_into().unwrap();
    assert!(
        line.starts_with("3 of 48 runs (sync in new-8 2, async in new-8 1): "),
        "{line}"
    );
}

#[test]
fn what_cannot_be_shown_is_one_line_that_names_the_file_and_the_next_step() {
    let parent = tempfile::tempdir().unwrap();
    let at = |name: &str| parent.path().join(name);
    let below = directory(parent.path(), "below", &[]);
    directory(&below, "inner", &records()[..1]);
    let mixed = directory(parent.path(), "mixed", &records()[..2]);
    fs::write(
        mixed.join("z-push.json"),
        r#"{"schema": "loadgen/push/v1"}"#,
    )
    .unwrap();
    let damaged = directory(parent.path(), "damaged", &records()[..2]);
    fs::write(damaged.join("a.json"), "{").unwrap();
    for (path, words) in [
        (at("nowhere"), "check the path"),
        (directory(parent.path(), "empty", &[]), "no record of a run"),
        (below, "give these, such as"),
        (mixed, "z-push.json: of schema loadgen/push/v1"),
        (damaged, "a.json: cut short"),
    ] {
        let error = page(&[&path]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert!(
        page(&[])
            .unwrap_err()
            .to_string()
            .starts_with("nothing to show")
    );
}
