//! Which servers, which scenarios, how often and how long.
//!
//! Plans are TOML files, the built-in ones too (`loadgen/plans/`); docs/PLANS.md says how to write
//! one. In reading order: `source` (a name or a file), `file` (its keys), `server_entry` (a server:
//! a program of ours, a `command` or a URL), `entry` (a scenario, or many by the lists in it: `axis`,
//! `text`), `scenario`, and the `run` that is made of one; `ad_hoc`
//! (a plan without a file), `gates`, `cores`, `name`, `selection` (a
//! part of a plan), `list` (for people), `error`, in which flags are called as `keys`.

mod ad_hoc;
mod axis;
mod benchmark;
mod command;
mod cores;
mod entry;
mod error;
mod file;
mod gates;
mod keys;
mod list;
mod name;
mod run;
mod scenario;
mod selection;
mod server;
mod server_entry;
mod source;
mod text;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;

pub use command::CommandLine;
pub use cores::{Names, split as split_cores};
pub use error::PlanError;
pub use file::allowed_rounds;
pub use gates::Gates;
pub use name::check_label;
pub use scenario::Scenario;
pub use server::{Program, ServerSpec, Start};
pub use source::Source;

use crate::compare;
use crate::statistics::rounds_for;
use crate::system::affinity::CoreSplit;
use error::Problem;

/// A benchmark, complete.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchPlan {
    /// What people call it.
    pub name: String,
    /// What is compared.
    pub servers: Vec<ServerSpec>,
    /// In what respects.
    pub scenarios: Vec<Scenario>,
    /// How often each run is made.
    pub rounds: u64,
    /// How long each takes.
    pub timing: Timing,
    /// How the records are kept.
    pub records: Records,
    /// The label of the server that the others are measured against.
    pub baseline: String,
    /// The label of the server that [`Self::against_itself`] measures.
    pub against_itself: String,
    /// Whether it is one server under two names.
    pub is_against_itself: bool,
    /// Which cores are the load's and which the server's.
    pub cores: CoreSplit,
    /// The directory of the results, which must not exist yet.
    pub out: PathBuf,
}

/// Where a plan is carried out.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The directory of the servers' programs.
    pub programs: &'a Path,
    /// Which cores are the load's and which the server's.
    pub cores: CoreSplit,
    /// The directory of the results, which must not exist yet.
    pub out: &'a Path,
}

/// How long a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Load before the measured part.
    pub warmup: Duration,
    /// The measured part.
    pub measured: Duration,
    /// Limit for one request.
    pub timeout: Duration,
}

impl Timing {
    /// For a first look, and for tests: too short to be quoted.
    pub const QUICK: Self = Self {
        warmup: Duration::from_millis(50),
        measured: Duration::from_millis(200),
        timeout: Duration::from_secs(10),
    };
}

/// How the records of the runs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Each in a file of its own, whole.
    Files,
    /// All in one compressed file, without their histograms: for thousands of runs.
    Packed,
}

impl FromStr for Records {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "files" => Ok(Self::Files),
            "packed" => Ok(Self::Packed),
            _ => Err("give files or packed".to_owned()),
        }
    }
}

impl BenchPlan {
    /// The same load on one server twice, under two names: whatever differs is the machine's noise.
    ///
    /// # Errors
    ///
    /// No scenario has this server.
    pub fn against_itself(mut self) -> Result<Self, PlanError> {
        let is_it = |server: &ServerSpec| server.label == self.against_itself;
        // Whoever selected servers without it means the first of those.
        let place = self.servers.iter().position(is_it).unwrap_or(0);
        let server = self.servers.swap_remove(place);
        let again = ServerSpec {
            label: format!("{}-again", server.label),
            ..server.clone()
        };
        self.baseline = server.label.clone();
        self.is_against_itself = true;
        self.servers = vec![server, again];
        self.scenarios
            .retain(|scenario| scenario.servers.contains(&place));
        for scenario in &mut self.scenarios {
            scenario.servers = vec![0, 1];
            scenario.without.clear();
        }
        match self.scenarios.is_empty() {
            false => Ok(self),
            true => Err(PlanError::Selection(format!(
                "no scenario that was selected has the server {}; name another with --server",
                self.servers[0].label
            ))),
        }
    }

    /// Whether runs can be made of all its scenarios.
    ///
    /// # Errors
    ///
    /// One line in the words of the flags: what does not go together.
    pub fn check(&self) -> Result<(), String> {
        let mut scenarios = self.scenarios.iter();
        scenarios.try_for_each(|scenario| {
            self.check_baseline(scenario)?;
            let mut paths = self.paths_in(scenario).into_iter();
            paths.try_for_each(|path| scenario.check(path, &self.timing, &self.cores))
        })
    }

    /// Nobody can be worse than who is not there.
    fn check_baseline(&self, scenario: &Scenario) -> Result<(), String> {
        let (name, baseline) = (&scenario.name, &self.baseline);
        let has_baseline = self.labels_in(scenario).any(|label| label == baseline);
        match scenario.gates.not_worse == Some(true) && !has_baseline {
            false => Ok(()),
            true => Err(format!(
                "scenario {name} does without {baseline}, than which its servers must not be worse; \
                 give it this server, or gates = {{ not_worse = false }}"
            )),
        }
    }

    /// The load of a scenario in words, with all that its servers are asked for.
    #[must_use]
    pub fn words(&self, scenario: &Scenario) -> String {
        let path = self.paths_in(scenario).join(" and ");
        let scenario = Scenario {
            path,
            ..scenario.clone()
        };
        scenario.to_string()
    }

    /// What the servers of a scenario are asked for, each path once.
    fn paths_in<'a>(&'a self, scenario: &'a Scenario) -> Vec<&'a str> {
        let mut paths = Vec::new();
        for &place in &scenario.servers {
            let path = self.servers[place].path(&scenario.path);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    /// Labels of the servers of a scenario.
    pub(crate) fn labels_in(&self, scenario: &Scenario) -> impl Iterator<Item = &str> {
        let places = scenario.servers.iter();
        places.map(|&place| self.servers[place].label.as_str())
    }

    /// Rounds of a first look: the fewest that can decide anything of what its comparison asks.
    #[must_use]
    pub fn rounds_quick(&self) -> u64 {
        let scenarios = self.scenarios.iter();
        let servers: Vec<usize> = scenarios.map(|scenario| scenario.servers.len()).collect();
        rounds_for(compare::questions(&servers)) as u64
    }

    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        let servers = self.scenarios.iter().map(|scenario| scenario.servers.len());
        servers.sum::<usize>() * usize::try_from(self.rounds).unwrap_or(usize::MAX)
    }
}

/// The place of the server with this label among `labels`.
fn find_server(label: &Spanned<String>, labels: &[&str]) -> Result<usize, Problem> {
    let place = labels.iter().position(|other| other == label.get_ref());
    place.ok_or_else(|| {
        let (unknown, known) = (label.get_ref().escape_debug(), labels.join(", "));
        let problem = format!("no server is called '{unknown}'; give one of {known}");
        Problem::with(label, problem)
    })
}
