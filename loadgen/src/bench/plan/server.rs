//! A server of a plan.

use std::fmt::{Display, Formatter, Result};
use std::path::PathBuf;

/// A server and the way it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// What people call it.
    pub label: String,
    /// The program.
    pub program: PathBuf,
    /// Its concurrency model.
    pub model: String,
    /// Whether it keeps connections open for those who want it.
    pub keep_alive: bool,
    /// Further flags.
    pub flags: Vec<String>,
}

impl Display for ServerSpec {
    /// As a shell would start it: `server-sync --model sequential`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let program = self.program.file_name().unwrap_or_default();
        write!(
            formatter,
            "{} --model {}",
            program.to_string_lossy(),
            self.model
        )?;
        self.flags
            .iter()
            .try_for_each(|flag| write!(formatter, " {flag}"))
    }
}
