//! A plan without a file: the servers and the load of a command line.

use std::path::Path;
use std::time::Duration;

use super::{BenchPlan, Records, Scenario, ServerSpec, Timing};
use crate::system::affinity::CoreSplit;

/// What it is called.
const NAME: &str = "command-line";

/// Rounds and times of the benchmark of the project, with a run's limit for a request.
const ROUNDS: u64 = 20;
const TIMING: Timing = Timing {
    warmup: Duration::from_millis(125),
    measured: Duration::from_millis(500),
    timeout: Duration::from_secs(30),
};

impl BenchPlan {
    /// Every server under this one load, which gets a name and all servers. The first is the
    /// baseline.
    #[must_use]
    pub fn ad_hoc(servers: Vec<ServerSpec>, load: Scenario, cores: CoreSplit, out: &Path) -> Self {
        let kept = if load.keep_alive { "kept" } else { "new" };
        let scenario = Scenario {
            name: format!("{kept}-{}", load.connections),
            servers: (0..servers.len()).collect(),
            ..load
        };
        let first = servers.first().map(|server| server.label.clone());
        let first = first.unwrap_or_default();
        Self {
            name: NAME.to_owned(),
            scenarios: vec![scenario],
            rounds: ROUNDS,
            timing: TIMING,
            records: Records::Files,
            baseline: first.clone(),
            against_itself: first,
            is_against_itself: false,
            servers,
            cores,
            out: out.to_owned(),
        }
    }
}
