//! The plan as a comparison keeps it: what was to be measured, in words.

use super::{BenchPlan, PlanError, ServerSpec};
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
            load: self.words(scenario),
            left_out: scenario.without.clone(),
        });
        Benchmark {
            plan: self.name.clone(),
            servers: servers.collect(),
            scenarios: scenarios.collect(),
            baseline: self.explicit_baseline(),
            given_up,
            interrupted,
            notes: Vec::new(),
        }
    }

    /// The baseline, if it is not the first server.
    fn explicit_baseline(&self) -> Option<String> {
        let is_first = |server: &ServerSpec| server.label == self.baseline;
        match self.servers.first().is_some_and(is_first) {
            true => None,
            false => Some(self.baseline.clone()),
        }
    }

    /// The plan with this server as the one that the others are measured against.
    ///
    /// # Errors
    ///
    /// There is no such server.
    pub fn against(mut self, baseline: String) -> Result<Self, PlanError> {
        let labels: Vec<&str> = self.servers.iter().map(|it| it.label.as_str()).collect();
        if !labels.contains(&baseline.as_str()) {
            return Err(PlanError::Selection(format!(
                "--baseline: no server is called '{}'; give one of {}",
                baseline.escape_debug(),
                labels.join(", ")
            )));
        }
        self.baseline = baseline;
        Ok(self)
    }
}
