//! The figures of `docs/FINDINGS.md` are those of the committed run that it names.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const FINDINGS: &str = include_str!("../../../docs/FINDINGS.md");

/// How the command begins that prints a section's tables, from the records of a run.
const COMPARE: &str = "target/release/loadgen compare ";

/// What stands before the name of the file that a section's tables are from.
const FROM: &str = "From [records and summary](../";

/// Tables that a benchmark prints which measures anew stand in sections of their own, and are left
/// alone.
#[test]
fn every_figure_from_a_run_is_printed_by_the_command_above_it_or_is_in_its_summary() {
    for section in FINDINGS.split("\n## ").skip(1) {
        let mut printed = None;
        let mut rows = 0;
        for line in section.lines() {
            if let Some(arguments) = line.strip_prefix(COMPARE) {
                printed = Some(compare(arguments));
            } else if let Some((_, link)) = line.split_once(FROM) {
                let (file, _) = link.split_once(')').expect("the link's end");
                printed = Some(fs::read_to_string(repository().join(file)).unwrap());
            } else if let Some(printed) = &printed
                && (line.starts_with("| ") || line.starts_with("**"))
            {
                assert!(printed.contains(line), "it does not say {line}");
                rows += 1;
            }
        }
        let title = section.lines().next().unwrap_or_default();
        assert!(printed.is_none() || rows > 0, "no row of {title}");
    }
}

fn compare(arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .arg("compare")
        .args(arguments.split_whitespace().map(|it| it.replace('\'', "")))
        .current_dir(repository())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
