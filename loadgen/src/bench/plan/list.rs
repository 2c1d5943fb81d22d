//! A plan for people, and how long it takes.

use std::time::Duration;

use super::{BenchPlan, Scenario};
use crate::bench::directory::cores;
use crate::compare::counted;
use crate::plan::{Arrival, Rate};

/// What a run takes besides load: to start a process, and to read and write what it paid.
const RUN_OVERHEAD: Duration = Duration::from_millis(60);

/// How many connections beside the load are opened in a second, about.
const OPENINGS_PER_SECOND: f64 = 4000.0;

/// How long checking the contract takes, about.
const CONTRACT: Duration = Duration::from_secs(10);

impl BenchPlan {
    /// How long it takes, about: what is waited for is known, what a machine takes for the rest is
    /// not. Nor is how long a server takes for requests that end a run.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        let run = |scenario: &Scenario| {
            let background = scenario.background.connections();
            let opening = Duration::from_secs_f64(background as f64 / OPENINGS_PER_SECOND);
            let load = self.timing.warmup + longest(scenario, self.timing.measured);
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
        let is_open = |scenario: &Scenario| {
            scenario.stop(self.timing.measured).duration.is_none()
                && scenario.arrival == Arrival::Closed
        };
        let and_more = match self.scenarios.iter().any(is_open) {
            true => " and what the servers take for requests that end a run",
            false => "",
        };
        let Self { timing, .. } = self;
        let mut text = format!(
            "{}: {}, {}, {rounds} rounds: {runs} runs of {:?} after {:?} of warm-up, about {}{and_more}\n",
            self.name,
            counted(self.scenarios.len() as u64, "scenario"),
            counted(self.servers.len() as u64, "server"),
            timing.measured,
            timing.warmup,
            spoken(self.estimate()),
        );
        let width = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap_or(0);
        text.push_str(&format!("{}\n", cores(&self.cores)));
        text.push_str("\nservers\n");
        let labels = width(&mut self.servers.iter().map(|server| server.label.len()));
        for server in &self.servers {
            let is_baseline = server.label == self.baseline && self.servers.len() > 1;
            let baseline = if is_baseline { " (baseline)" } else { "" };
            text.push_str(&format!("  {:labels$}  {server}{baseline}\n", server.label));
        }
        text.push_str("\nscenarios\n");
        let names = width(&mut self.scenarios.iter().map(|scenario| scenario.name.len()));
        for scenario in &self.scenarios {
            let servers: Vec<&str> = self.labels_in(scenario).collect();
            let servers = match servers.len() == self.servers.len() {
                true => "all servers".to_owned(),
                false => servers.join(" "),
            };
            text.push_str(&format!(
                "  {:names$}  {}: {servers}\n",
                scenario.name,
                self.words(scenario)
            ));
            if !scenario.gates.is_empty() {
                text.push_str(&format!("  {:names$}  must keep {}\n", "", scenario.gates));
            }
        }
        text
    }
}

/// How long a run lasts at most, as far as its plan says it.
fn longest(scenario: &Scenario, by_default: Duration) -> Duration {
    let stop = scenario.stop(by_default);
    let scheduled = match (stop.requests, &scenario.arrival) {
        (Some(requests), Arrival::Open(schedule)) => {
            let Rate {
                from_per_second,
                to_per_second,
            } = schedule.rate;
            let rate = (from_per_second + to_per_second) / 2.0;
            Duration::try_from_secs_f64(requests as f64 / rate).ok()
        }
        _ => None,
    };
    let known = [stop.duration, scheduled].into_iter().flatten();
    known.min().unwrap_or(Duration::ZERO)
}

fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}
