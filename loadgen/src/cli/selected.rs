//! The part of results that is asked for.

use clap::Args;

use crate::compare::Selection;

/// Names of scenarios and servers.
#[derive(Debug, Args)]
pub(super) struct Selected {
    /// Only scenarios of these names, in which * and ? are wildcards; repeatable
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Only servers of these labels, likewise
    #[arg(long, value_name = "LABEL")]
    server: Vec<String>,
}

impl Selected {
    /// The part.
    pub(super) fn selection(&self) -> Selection {
        Selection {
            scenarios: self.scenario.clone(),
            servers: self.server.clone(),
        }
    }
}
