//! How many descriptors this process may open: each connection is one.
//!
//! Source: getrlimit(2), RLIMIT_NOFILE.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one, which every process may do for itself.
///
/// The soft limit is often 1024 for the sake of programs that use select(2); this one does not.
pub fn raise_open_files_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where it is not allowed, requests fail with a cause that says so.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// How many descriptors this process may have open; `None` without a limit.
#[must_use]
pub fn open_files_limit() -> Option<usize> {
    let limit = getrlimit(Resource::Nofile).current?;
    usize::try_from(limit).ok()
}
