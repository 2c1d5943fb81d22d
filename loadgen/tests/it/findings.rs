//! The figures of `docs/FINDINGS.md` are those of the committed run that it names.

use std::path::PathBuf;
use std::process::Command;

const FINDINGS: &str = include_str!("../../../docs/FINDINGS.md");

/// How the command begins that prints a section's tables, from the records of a run.
const COMPARE: &str = "target/release/loadgen compare ";

/// Tables that a benchmark prints which measures anew stand in sections of their own, and are left
/// alone.
#[test]
fn every_figure_from_the_run_is_printed_by_the_command_above_it() {
    let mut printed = None;
    let mut rows = 0;
    for line in FINDINGS.lines() {
        if line.starts_with('#') {
            printed = None;
        } else if let Some(arguments) = line.strip_prefix(COMPARE) {
            printed = Some(compare(arguments));
        } else if let Some(printed) = &printed
            && (line.starts_with("| ") || line.starts_with("**"))
        {
            assert!(printed.contains(line), "it does not print {line}");
            rows += 1;
        }
    }
    assert!(rows > 20, "{rows} rows and sentences are from the run");
}

fn compare(arguments: &str) -> String {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .arg("compare")
        .args(arguments.split_whitespace().map(|it| it.replace('\'', "")))
        .current_dir(repository)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
