//! Tells the program which commit it was built from, so that records can say it.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=../.git/HEAD");
    println!("cargo::rerun-if-changed=../.git/logs/HEAD");
    let commit = Command::new("git")
        .args(["rev-parse", "--short=9", "HEAD"])
        .output();
    // Built from an archive there is no commit, and records leave it out.
    if let Ok(output) = commit
        && output.status.success()
    {
        let commit = String::from_utf8_lossy(&output.stdout);
        println!("cargo::rustc-env=LOADGEN_GIT_COMMIT={}", commit.trim());
    }
}
