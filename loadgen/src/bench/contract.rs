//! Whether the servers do what they must, before anything is measured: a fast wrong server is no
//! result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::{CHECKS, Subject, Violation, Violations};

use super::plan::{BenchPlan, ServerSpec};
use super::server::{RunningServer, ServerError};

/// The servers' timeouts while they are checked, so that running into them takes no time.
const READ_TIMEOUT: Duration = Duration::from_millis(300);

/// What that is in flags.
const TIMEOUT_FLAGS: [&str; 4] = ["--read-timeout", "300ms", "--idle-timeout", "600ms"];

/// Violations that are named: a server that gets one thing wrong everywhere breaks dozens of rules.
const NAMED_MAX: usize = 5;

/// Why the servers are not measured.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It could not be run.
    #[error(transparent)]
    Server(#[from] ServerError),
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

/// Checks every server of the plan, and that all answer byte for byte alike; no further one once
/// `interrupted` is set.
///
/// # Errors
///
/// The first server that fails, with all that it failed in.
pub fn check(
    plan: &BenchPlan,
    interrupted: &AtomicBool,
    mut progress: impl FnMut(&str),
) -> Result<(), ContractError> {
    let mut transcripts: Vec<(&ServerSpec, String)> = Vec::new();
    for spec in &plan.servers {
        if interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
        progress(&format!("contract: {}", spec.label));
        transcripts.push((spec, check_one(plan, spec)?));
    }
    let (baseline, expected) = &transcripts[0];
    match transcripts
        .iter()
        .find(|(_, transcript)| transcript != expected)
    {
        None => Ok(()),
        Some((spec, _)) => Err(ContractError::Different {
            label: spec.label.clone(),
            baseline: baseline.label.clone(),
        }),
    }
}

/// Checks one server; its transcript, if it passes.
fn check_one(plan: &BenchPlan, spec: &ServerSpec) -> Result<String, ContractError> {
    let server = RunningServer::start(spec, &TIMEOUT_FLAGS.map(str::to_owned), &plan.cores.server)?;
    let subject = Subject {
        address: server.address().into(),
        tls: false,
        read_timeout: READ_TIMEOUT,
        keep_alive: spec.keep_alive,
    };
    contract::verify(&subject).map_err(|violations| ContractError::Violated {
        label: spec.label.clone(),
        violations,
    })?;
    let broken = |error| ContractError::Broken {
        label: spec.label.clone(),
        error,
    };
    let transcript = contract::transcript(&subject).map_err(broken)?;
    contract::stops_without_losing_requests(&subject, || server.ask_to_stop()).map_err(broken)?;
    server.stop()?;
    Ok(transcript)
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
