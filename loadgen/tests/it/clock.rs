//! The clock on the wall may be set while a run lasts; what is measured rests
//! on one that only goes forward.

use std::fs;
use std::process::Command;

use crate::behaviour::Behaviour::{DripsWithinTimeout, Good};
use crate::fault_server::FaultServer;
use crate::loadgen::{command, start};
use crate::needs::lacking;
use crate::record::Counts;
use crate::script::Script;

/// Far more than the timeout of a request.
const YEARS: [&str; 2] = ["+10y", "-10y"];

#[test]
pub(crate) fn a_clock_that_is_set_changes_no_duration() {
    let Some(library) = libfaketime() else { return };
    for year in YEARS {
        set_during_a_run(&library, year);
    }
}

/// The library by which a process is told another time of day.
fn libfaketime() -> Option<String> {
    let output = Command::new("faketime")
        .args(["-f", "+0", "printenv", "LD_PRELOAD"])
        .output();
    let Ok(output) = output else {
        lacking("faketime is missing: apt-get install faketime");
        return None;
    };
    let library = String::from_utf8(output.stdout).expect("a path");
    Some(library.trim().to_owned())
}

fn set_during_a_run(library: &str, later: &str) {
    let time = tempfile::NamedTempFile::new().unwrap();
    // So that the record shows that the process has its time from here.
    fs::write(&time, "@1999-12-31 12:00:00").unwrap();
    let mut behaviours = vec![Good; 5];
    behaviours.extend([DripsWithinTimeout; 2]);
    let server = FaultServer::start(Script::sequence(behaviours));
    let mut command = command(&["-n", "7", "--timeout", "15s", &server.url()]);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", time.path())
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let running = start(command);
    // In the middle of an answer.
    server.wait_until(|log| log.played.len() == 6);
    fs::write(&time, later).unwrap();

    let record = running.end().record();
    assert_eq!(Counts::of_record(&record), Counts::new(7, &[]));
    let started_at = record["started_at"].as_str().unwrap();
    assert!(started_at.starts_with("1999-12-31T"), "{record}");
    let dripped_s = 0.4..20.0;
    let elapsed_s = record["elapsed_s"].as_f64().unwrap();
    assert!(dripped_s.contains(&elapsed_s), "{record}");
    let longest_s = record["latency_ns"]["total"]["max"].as_u64().unwrap() as f64 / 1e9;
    assert!(dripped_s.contains(&longest_s), "{record}");
}
