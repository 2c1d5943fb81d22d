//! A plan for people, and how long it takes.

use std::time::Duration;

use super::{BenchPlan, Scenario};
use crate::compare::counted;

/// What a run takes besides load: to start a process, and to read and write what it paid.
const RUN_OVERHEAD: Duration = Duration::from_millis(60);

/// How many connections beside the load are opened in a second, about.
const OPENINGS_PER_SECOND: f64 = 4000.0;

/// How long checking the contract takes, about.
const CONTRACT: Duration = Duration::from_secs(10);

impl BenchPlan {
    /// How long it takes, about: what is waited for is known, what a machine takes for the rest is
    /// not.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        let run = |scenario: &Scenario| {
            let background = scenario.background.connections();
            let opening = Duration::from_secs_f64(background as f64 / OPENINGS_PER_SECOND);
            let load = self.timing.warmup + self.timing.measured;
            (load + opening + RUN_OVERHEAD)
                * u32::try_from(scenario.servers.len()).unwrap_or(u32::MAX)
        };
        let round: Duration = self.scenarios.iter().map(run).sum();
        let has_ours = self.servers.iter().any(|server| server.ours().is_some());
        let before = if has_ours { CONTRACT } else { Duration::ZERO };
        before + round * u32::try_from(self.rounds).unwrap_or(u32::MAX)
    }

    /// The plan, its servers and scenarios, a line each.
    #[must_use]
    pub fn list(&self) -> String {
        let (rounds, runs) = (self.rounds, self.runs());
        let Self { timing, .. } = self;
        let mut text = format!(
            "{}: {}, {}, {rounds} rounds: {runs} runs of {:?} after {:?} of warm-up, about {}\n",
            self.name,
            counted(self.scenarios.len() as u64, "scenario"),
            counted(self.servers.len() as u64, "server"),
            timing.measured,
            timing.warmup,
            spoken(self.estimate()),
        );
        let width = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap_or(0);
        text.push_str("\nservers\n");
        let labels = width(&mut self.servers.iter().map(|server| server.label.len()));
        for server in &self.servers {
            text.push_str(&format!("  {:labels$}  {server}\n", server.label));
        }
        text.push_str("\nscenarios\n");
        let names = width(&mut self.scenarios.iter().map(|scenario| scenario.name.len()));
        for scenario in &self.scenarios {
            let servers = scenario.servers.iter();
            let servers: Vec<&str> = servers
                .map(|&place| self.servers[place].label.as_str())
                .collect();
            let servers = match servers.len() == self.servers.len() {
                true => "all servers".to_owned(),
                false => servers.join(" "),
            };
            text.push_str(&format!(
                "  {:names$}  {scenario}: {servers}\n",
                scenario.name
            ));
        }
        text
    }
}

fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}
