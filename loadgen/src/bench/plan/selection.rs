//! A part of a plan: the scenarios and servers that were asked for by name.

use super::{BenchPlan, PlanError};
use crate::compare::{Selection, fits};

impl BenchPlan {
    /// The scenarios and servers that some pattern fits, in the plan's order.
    ///
    /// # Errors
    ///
    /// A pattern that fits nothing, with what there is; or nothing is left.
    pub fn only(mut self, selection: &Selection) -> Result<Self, PlanError> {
        let names = self.scenarios.iter().map(|scenario| scenario.name.as_str());
        let names: Vec<&str> = names.collect();
        check("--scenario", "scenario", &selection.scenarios, &names)?;
        let labels = self.servers.iter().map(|server| server.label.as_str());
        let labels: Vec<&str> = labels.collect();
        check("--server", "server", &selection.servers, &labels)?;
        self.scenarios
            .retain(|scenario| selection.has_scenario(&scenario.name));
        self.keep_servers(|label| selection.has_server(label));
        match self.scenarios.is_empty() {
            false => Ok(self),
            true => Err(PlanError::Selection(format!(
                "no scenario of the plan {} is left with {}; see loadgen bench --list",
                self.name,
                selection.flags()
            ))),
        }
    }

    /// Drops the other servers, and the scenarios that have none of these.
    fn keep_servers(&mut self, keep: impl Fn(&str) -> bool) {
        let kept: Vec<usize> = (0..self.servers.len())
            .filter(|&place| keep(&self.servers[place].label))
            .collect();
        for scenario in &mut self.scenarios {
            let new_place = |place: &usize| kept.iter().position(|other| other == place);
            scenario.servers = scenario.servers.iter().filter_map(new_place).collect();
            scenario.without.retain(|left_out| keep(&left_out.server));
        }
        self.scenarios
            .retain(|scenario| !scenario.servers.is_empty());
        self.servers.retain(|server| keep(&server.label));
        let first = self.servers.first().filter(|_| !keep(&self.baseline));
        if let Some(first) = first {
            self.baseline = first.label.clone();
        }
    }
}

impl Selection {
    /// As they were given on the command line.
    fn flags(&self) -> String {
        let given = [("--scenario", &self.scenarios), ("--server", &self.servers)];
        let given = given.iter().filter(|(_, patterns)| !patterns.is_empty());
        let words = given.map(|(flag, patterns)| format!("{flag} {}", patterns.join(", ")));
        words.collect::<Vec<_>>().join(" and ")
    }
}

fn check(flag: &str, noun: &str, patterns: &[String], names: &[&str]) -> Result<(), PlanError> {
    let fits_none = |pattern: &&String| !names.iter().any(|name| fits(name, pattern));
    match patterns.iter().find(fits_none) {
        None => Ok(()),
        Some(pattern) => Err(PlanError::Selection(format!(
            "{flag} '{}' fits no {noun}; there is {}",
            pattern.escape_debug(),
            names.join(", ")
        ))),
    }
}
