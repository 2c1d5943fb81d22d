//! Where a benchmark is carried out.

use std::path::{Path, PathBuf};

use super::UsageError;
use crate::bench::directory;
use crate::system::affinity::{CoreSplit, CpuSet};

/// Where the servers' programs are, which cores are whose, and where the results go.
pub(super) struct Place {
    pub(super) programs: PathBuf,
    pub(super) cores: CoreSplit,
    pub(super) out: PathBuf,
}

impl Place {
    /// By the flags; without them the programs are where loadgen is, and the results in
    /// `results/DATE-COMMIT` with `suffix`.
    pub(super) fn of(
        servers: Option<PathBuf>,
        out: Option<PathBuf>,
        suffix: &str,
    ) -> Result<Self, UsageError> {
        let by_default = || Path::new("results").join(directory::default_name() + suffix);
        Ok(Self {
            programs: match servers {
                Some(directory) => directory,
                None => own_directory()?,
            },
            cores: usable_cores()?.split(),
            out: out.unwrap_or_else(by_default),
        })
    }
}

/// The cores that this process may use.
pub(super) fn usable_cores() -> Result<CpuSet, UsageError> {
    CpuSet::of_this_thread()
        .map_err(|error| UsageError::line(format!("cannot read this process's cores: {error}")))
}

/// That each of `cores`, which `flag` names, is one of those that this process may use.
pub(super) fn check_cores(flag: &str, cores: &CpuSet, usable: &CpuSet) -> Result<(), UsageError> {
    match cores.cores().find(|core| !usable.contains(*core)) {
        None => Ok(()),
        Some(core) => Err(UsageError::line(format!(
            "{flag}: core {core} is not there for this process; choose among {usable}"
        ))),
    }
}

fn own_directory() -> Result<PathBuf, UsageError> {
    let program = std::env::current_exe().ok();
    let directory = program.as_deref().and_then(Path::parent);
    directory.map(Path::to_owned).ok_or_else(|| {
        UsageError::line("cannot tell where loadgen is; name the servers' directory with --servers")
    })
}
