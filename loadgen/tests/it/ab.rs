//! ApacheBench, the real one.

use std::path::Path;
use std::process::Command;

use crate::loadgen::{Ended, command_of, start};
use crate::needs::lacking;

/// Where the shell finds it.
const PROGRAM: &str = "ab";

/// ab, which is there.
#[derive(Clone, Copy)]
pub(crate) struct Ab(());

impl Ab {
    /// ab, unless it is not installed.
    pub(crate) fn installed() -> Option<Self> {
        if Command::new(PROGRAM).arg("-V").output().is_ok() {
            return Some(Self(()));
        }
        lacking("ab is missing: apt-get install apache2-utils");
        None
    }

    /// Runs it to its end.
    pub(crate) fn run(self, args: &[&str]) -> Ended {
        start(command_of(Path::new(PROGRAM), args)).end()
    }
}
