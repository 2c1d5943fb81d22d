//! ApacheBench, the real one.

use std::path::Path;
use std::process::Command;

use crate::loadgen::{Ended, command_of, start};

/// Where the shell finds it.
const PROGRAM: &str = "ab";

/// ab, which is there.
#[derive(Clone, Copy)]
pub(crate) struct Ab(());

impl Ab {
    /// ab, unless it is not installed: where changes are judged (`CI` is set) that is a failure,
    /// elsewhere a remark on stderr.
    pub(crate) fn installed() -> Option<Self> {
        if Command::new(PROGRAM).arg("-V").output().is_ok() {
            return Some(Self(()));
        }
        let advice = "ab is missing: apt-get install apache2-utils";
        assert!(std::env::var_os("CI").is_none(), "{advice}");
        eprintln!("{advice}; nothing was compared with it");
        None
    }

    /// Runs it to its end.
    pub(crate) fn run(self, args: &[&str]) -> Ended {
        start(command_of(Path::new(PROGRAM), args)).end()
    }
}
