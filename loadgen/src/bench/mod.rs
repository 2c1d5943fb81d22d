//! Servers against each other: fresh processes, interleaved rounds, one record a run.
//!
//! In reading order:
//!
//! - [`plan`]: which servers, which scenarios, how often and how long;
//! - [`contract`]: whether the servers do what they must, before anything is measured;
//! - `answers`: what servers answer that have promised nothing;
//! - `rounds`: all runs, in the [`order`] that says who comes first in which;
//! - `one_run`: a load and its record;
//! - [`server`]: a server, from its start to its end;
//! - [`directory`]: where the results go.

mod answers;
pub mod contract;
pub mod directory;
mod one_run;
pub mod order;
pub mod plan;
mod rounds;
pub mod server;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use plan::{BenchPlan, PlanError, Program, Scenario, ServerSpec, Start, Timing};

use crate::compare::{
    self, Benchmark, Case, CompareError, Comparison, Gated, GivenUp, NoiseFloor, Options, Outcome,
};
use crate::plan::TargetError;
use crate::record::{Context, Record};
use directory::Directory;
use plan::Records;
use rounds::Measured;
use server::ServerError;

/// What came of a benchmark.
#[derive(Debug)]
pub struct Report {
    /// Where its files are.
    pub directory: PathBuf,
    /// Every other server against the first, in each scenario; none if it was interrupted before
    /// its first round was complete.
    pub comparison: Option<Comparison>,
    /// Rounds that are complete.
    pub rounds: u64,
    /// Whether a signal ended it early.
    pub interrupted: bool,
}

/// How far a benchmark has come.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Runs that are done.
    pub done: usize,
    /// Runs in all.
    pub of: usize,
    /// What is done now.
    pub doing: &'a str,
}

/// Why a benchmark ended without a result. Each is one message that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// No server could be measured to the end in any scenario.
    #[error("nothing could be measured to the end: {0}")]
    AllGivenUp(String),
    /// A server did not start, answer or last.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A server does not do what it must.
    #[error(transparent)]
    Contract(#[from] contract::ContractError),
    /// The directory of the results could not be made.
    #[error("cannot make {} for the results: {source}; choose another --out", path.display())]
    Out {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}; choose another --out", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The load could not be started.
    #[error("cannot start the load: {0}")]
    Load(#[from] io::Error),
    /// The server's address is none.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A server's answer is none that could be measured.
    #[error("{label} {failure} to {request}; ask for something that it serves")]
    Answer {
        /// Its label.
        label: String,
        /// What came instead.
        failure: String,
        /// What it was asked.
        request: String,
    },
    /// There is no server.
    #[error("{label}: nobody answers at {url} ({cause}); start it first, or correct the URL")]
    NobodyThere {
        /// Its label.
        label: String,
        /// Where it should be.
        url: String,
        /// Why there is no connection.
        cause: String,
    },
    /// The records cannot be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
}

/// Carries out `plan`, telling `progress` of each step.
///
/// # Errors
///
/// The first thing that keeps the result from being complete; what was measured by then is kept.
pub fn run(
    plan: &BenchPlan,
    argv: Vec<String>,
    interrupted: &Arc<AtomicBool>,
    mut progress: impl FnMut(Step<'_>),
) -> Result<Report, BenchError> {
    plan.servers.iter().try_for_each(server::check)?;
    let directory = Directory::create(&plan.out)?;
    let of = plan.runs();
    let mut step = |done, doing: &str| progress(Step { done, of, doing });
    let context = Context {
        argv,
        bench: None,
        interrupted: interrupted.clone(),
        samples: None,
        ..Context::default()
    };
    let mut measured = Measured::default();
    match contract::check(plan, |doing| step(0, doing)) {
        // A terminal's signal reaches the servers too: that they have ended is no defect then.
        Err(_) if interrupted.load(Ordering::Relaxed) => {}
        checked => checked?,
    }
    let notes = match answers::look(plan, &context, |doing| step(0, doing)) {
        Err(_) if interrupted.load(Ordering::Relaxed) => Vec::new(),
        looked => looked?,
    };
    // Everything that this process starts from here on is the load's, unless said otherwise.
    plan.cores.load.pin_this_thread()?;
    measured.measure_all(plan, &directory, &context, step)?;
    conclude(
        plan,
        &directory,
        measured,
        notes,
        interrupted.load(Ordering::Relaxed),
    )
}

/// Compares what is complete and writes it down.
fn conclude(
    plan: &BenchPlan,
    directory: &Directory,
    mut measured: Measured,
    notes: Vec<String>,
    interrupted: bool,
) -> Result<Report, BenchError> {
    if let Some(first) = all_given_up(plan, &measured) {
        return Err(BenchError::AllGivenUp(first.why.clone()));
    }
    measured.drop_broken_round(directory)?;
    let Measured {
        records,
        rounds,
        given_up,
    } = measured;
    let benchmark = Benchmark {
        notes,
        ..plan.to_benchmark(given_up, interrupted)
    };
    let comparison = match rounds {
        0 => None,
        _ => Some(compared(plan, directory, &records, &benchmark)?),
    };
    if let Some(comparison) = &comparison {
        directory.write(compare::COMPARISON_FILE, comparison.to_json().as_bytes())?;
        let summary = directory::summary(plan, &records, comparison, interrupted);
        directory.write("summary.md", summary.as_bytes())?;
    }
    if plan.records == Records::Packed && !records.is_empty() {
        directory.pack(&records)?;
    }
    Ok(Report {
        directory: directory.path().to_owned(),
        comparison,
        rounds,
        interrupted,
    })
}

/// The comparison, with the gates that it was held against and what is known of the noise.
fn compared(
    plan: &BenchPlan,
    directory: &Directory,
    records: &[Record],
    benchmark: &Benchmark,
) -> Result<Comparison, BenchError> {
    let options = Options::default();
    let comparison = compare::servers(records, benchmark.clone(), &options)?;
    let needs_pairs = plan.is_against_itself || plan.scenarios.iter().any(is_held_to_verdicts);
    let in_pairs = match comparison.matrix {
        Some(_) if needs_pairs => compare::in_pairs(records, benchmark, &options)?,
        _ => Vec::new(),
    };
    let cases = match comparison.matrix {
        Some(_) => &in_pairs,
        None => &comparison.cases,
    };
    let run_s = plan.timing.measured.as_secs_f64();
    let floor = match plan.is_against_itself {
        true => NoiseFloor::measured(benchmark, records, cases, run_s),
        false => records
            .first()
            .and_then(|first| NoiseFloor::beside(directory.path(), benchmark, first, run_s)),
    };
    let gates = gates(plan, records, benchmark, cases);
    let comparison = Comparison {
        gates,
        ..comparison
    };
    Ok(match floor {
        None => comparison,
        Some(floor) => comparison.with_noise_floor(floor),
    })
}

fn is_held_to_verdicts(scenario: &Scenario) -> bool {
    scenario.gates.not_worse == Some(true)
}

fn gates(
    plan: &BenchPlan,
    records: &[Record],
    benchmark: &Benchmark,
    cases: &[Case],
) -> Vec<Outcome> {
    let outcomes = plan.scenarios.iter().flat_map(|scenario| {
        let servers: Vec<&str> = plan.labels_in(scenario).collect();
        let gated = Gated {
            scenario: &scenario.name,
            servers: &servers,
            limits: &scenario.gates.limits,
            not_worse: is_held_to_verdicts(scenario),
            benchmark,
        };
        compare::judge_gates(&gated, records, cases)
    });
    outcomes.collect()
}

/// The first of what was given up, if that is everything.
fn all_given_up<'a>(plan: &BenchPlan, measured: &'a Measured) -> Option<&'a GivenUp> {
    let servers = plan.scenarios.iter().map(|scenario| scenario.servers.len());
    let is_all = measured.given_up.len() == servers.sum::<usize>();
    measured.given_up.first().filter(|_| is_all)
}
