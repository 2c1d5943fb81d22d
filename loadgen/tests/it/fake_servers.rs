//! A directory of servers as `loadgen bench` wants them, each a shell script.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::loadgen::program;

/// The programs that a benchmark starts.
const PROGRAMS: [&str; 2] = ["server-sync", "server-async"];

/// A directory with a script for each server.
pub(crate) struct FakeServers(TempDir);

impl FakeServers {
    /// All servers do what `script` says. In it, `$real` is the real server,
    /// and `$here` the directory.
    pub(crate) fn new(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in PROGRAMS {
            let text = format!(
                "#!/bin/sh\nhere='{}'\nreal='{}'\n{script}\n",
                directory.path().display(),
                real_servers().join(name).display()
            );
            write_program(&directory.path().join(name), &text);
        }
        Self(directory)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// A file that scripts have written to `$here`, in lines.
    pub(crate) fn lines_of(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.0.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Where the real servers are: beside the real `loadgen`.
///
/// # Panics
/// When they have not been built.
pub(crate) fn real_servers() -> PathBuf {
    let directory = program().parent().unwrap();
    for name in PROGRAMS {
        assert!(
            directory.join(name).exists(),
            "{name} is missing beside loadgen: cargo build --workspace"
        );
    }
    directory.to_owned()
}

/// Writes an executable file by way of another process: a file that this one
/// has open for writing could not be run, and a child that another test is
/// just starting might hold it open.
fn write_program(path: &Path, text: &str) {
    let script = r#"printf %s "$2" > "$1" && chmod +x "$1""#;
    let status = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(path)
        .arg(text)
        .status()
        .unwrap();
    assert!(status.success());
}
