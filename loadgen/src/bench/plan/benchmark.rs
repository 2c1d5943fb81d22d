//! The plan as a comparison keeps it: what was to be measured, in words.

use super::BenchPlan;
use crate::compare::{Benchmark, GivenUp, Participant, Task};

impl BenchPlan {
    /// What was to be measured, and what of it was given up.
    #[must_use]
    pub fn to_benchmark(&self, given_up: Vec<GivenUp>, interrupted: bool) -> Benchmark {
        let servers = self.servers.iter().map(|server| Participant {
            label: server.label.clone(),
            started_as: server.to_string(),
        });
        let scenarios = self.scenarios.iter().map(|scenario| Task {
            name: scenario.name.clone(),
            load: scenario.to_string(),
            left_out: scenario.without.clone(),
        });
        Benchmark {
            plan: self.name.clone(),
            servers: servers.collect(),
            scenarios: scenarios.collect(),
            given_up,
            interrupted,
            notes: Vec::new(),
        }
    }
}
