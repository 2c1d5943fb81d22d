//! Flags of `loadgen man`.

use std::path::PathBuf;

use clap::Args;

/// Which manual pages, and where they go.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command that the page is about [default: loadgen itself]
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Write all pages to this directory instead: loadgen.1, loadgen-bench.1 and so on
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}
