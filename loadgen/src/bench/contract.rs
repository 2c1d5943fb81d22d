//! Whether the servers do what they must, before anything is measured: a fast wrong server is no
//! result.

use std::io;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use contract::{CHECKS, Subject, Violation, Violations};

use super::plan::{BenchPlan, Program, Scenario, ServerSpec};
use super::server::{OurServer, ServerError};
use crate::system::affinity::CpuSet;

/// The servers' timeouts while they are checked: short, since the suite runs into them half a dozen
/// times, and long enough that a busy machine, on which all servers are checked at once, does not
/// cut off requests that are merely sent slowly.
const READ_TIMEOUT: Duration = Duration::from_millis(800);

/// What that is in flags.
const TIMEOUT_FLAGS: [&str; 4] = ["--read-timeout", "800ms", "--idle-timeout", "1600ms"];

/// Violations that are named: a server that gets one thing wrong everywhere breaks dozens of rules.
const NAMED_MAX: usize = 5;

/// Why the servers are not measured.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It could not be run.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The cores that this process may use cannot be read.
    #[error("cannot read this process's cores: {0}")]
    Cores(io::Error),
    /// It breaks rules.
    #[error(
        "{label} breaks the contract of the servers, so it is not measured: {}",
        few(violations)
    )]
    Violated {
        /// Its label.
        label: String,
        /// Which rules, and how.
        violations: Violations,
    },
    /// A series of requests went wrong.
    #[error("{label} breaks the contract of the servers, so it is not measured: {error:#}")]
    Broken {
        /// Its label.
        label: String,
        /// What was expected and what came.
        error: anyhow::Error,
    },
    /// It answers otherwise than the first.
    #[error("{label} does not answer byte for byte as {baseline} does, so they are not compared")]
    Different {
        /// Its label.
        label: String,
        /// The first server's.
        baseline: String,
    },
}

/// A server, and how it is spoken to.
#[derive(Clone, Copy, Debug)]
struct Checked<'a> {
    label: &'a str,
    program: &'a Program,
    tls: bool,
}

/// Checks every server of the plan that is one of this project, as it is spoken to in some
/// scenario, and that all answer byte for byte alike.
///
/// All are checked at once, on all cores that this thread may use: the suite mostly waits for
/// timeouts, and nothing is measured yet.
///
/// # Errors
///
/// The first server that fails, with all that it failed in.
pub fn check(plan: &BenchPlan, mut progress: impl FnMut(&str)) -> Result<(), ContractError> {
    let all = all(plan);
    if all.is_empty() {
        return Ok(());
    }
    let cores = CpuSet::of_this_thread().map_err(ContractError::Cores)?;
    progress(&format!("contract: {}", list(&all)));
    let transcripts = thread::scope(|scope| {
        let start = |checked| {
            let cores = &cores;
            scope.spawn(move || Checked::check(checked, cores))
        };
        let threads: Vec<_> = all.iter().map(start).collect();
        let join = |thread: ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        threads
            .into_iter()
            .map(join)
            .collect::<Result<Vec<String>, _>>()
    })?;
    let is_different = |transcript: &String| *transcript != transcripts[0];
    match transcripts.iter().position(is_different) {
        None => Ok(()),
        Some(place) => Err(ContractError::Different {
            label: all[place].label(),
            baseline: all[0].label(),
        }),
    }
}

/// Each server of this project in the clear, if it is in a scenario without TLS, and over TLS
/// likewise.
fn all<'a>(plan: &'a BenchPlan) -> Vec<Checked<'a>> {
    let mut all = Vec::new();
    let ours =
        |(place, spec): (usize, &'a ServerSpec)| Some((place, spec.label.as_str(), spec.ours()?));
    for (place, label, program) in plan.servers.iter().enumerate().filter_map(ours) {
        for tls in [false, true] {
            let has =
                |scenario: &Scenario| scenario.tls == tls && scenario.servers.contains(&place);
            if plan.scenarios.iter().any(has) {
                all.push(Checked {
                    label,
                    program,
                    tls,
                });
            }
        }
    }
    all
}

fn list(all: &[Checked<'_>]) -> String {
    let labels: Vec<String> = all.iter().map(Checked::label).collect();
    labels.join(", ")
}

impl Checked<'_> {
    fn label(&self) -> String {
        match self.tls {
            false => self.label.to_owned(),
            true => format!("{} over TLS", self.label),
        }
    }

    /// Its transcript, if it passes.
    fn check(&self, cores: &CpuSet) -> Result<String, ContractError> {
        let mut flags = TIMEOUT_FLAGS.map(str::to_owned).to_vec();
        if self.tls {
            flags.push("--tls".to_owned());
        }
        let server = OurServer::start(self.label, self.program, &flags, cores)?;
        let subject = Subject {
            address: server.address().into(),
            tls: self.tls,
            read_timeout: READ_TIMEOUT,
            keep_alive: self.program.keep_alive,
            websocket: self.program.model != "sequential",
        };
        contract::verify(&subject).map_err(|violations| ContractError::Violated {
            label: self.label(),
            violations,
        })?;
        let broken = |error| ContractError::Broken {
            label: self.label(),
            error,
        };
        let transcript = contract::transcript(&subject).map_err(broken)?;
        let stop = || server.ask_to_stop();
        contract::stops_without_losing_requests(&subject, stop).map_err(broken)?;
        server.wait_for_end()?;
        Ok(transcript)
    }
}

/// The first violation whole, since it often explains the others, and these by name.
fn few(violations: &Violations) -> String {
    let mut text = format!("{} of {} checks failed", violations.0.len(), CHECKS.len());
    for (index, Violation { check, error }) in violations.0.iter().take(NAMED_MAX).enumerate() {
        match index {
            0 => text.push_str(&format!("\n- {check}: {error:#}")),
            _ => text.push_str(&format!("\n- {check}")),
        }
    }
    if violations.0.len() > NAMED_MAX {
        text.push_str("\n- …");
    }
    text.push_str("\nall of it: cargo run -p contract --example verify");
    text
}
