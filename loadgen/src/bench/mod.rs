//! Servers against each other: fresh processes, interleaved rounds, one record a run.
//!
//! In reading order:
//!
//! - [`plan`]: which servers, which scenarios, how often and how long;
//! - [`order`]: who comes first in which round;
//! - [`server`]: a server's process, from its start to its end, and the end of its `log`;
//! - [`contract`]: whether the servers do what they must, before anything is measured;
//! - [`directory`]: where the results go.

pub mod contract;
pub mod directory;
mod log;
pub mod order;
pub mod plan;
pub mod server;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use plan::{BenchPlan, PlanError, Scenario, ServerSpec, Timing};

use crate::compare::{self, CompareError, Comparison, Options};
use crate::engine::Observer;
use crate::plan::{
    Driver, Engine, Expect, HttpVersion, LengthRule, Load, Method, Paths, Plan, ServerProcess,
    StatusSet, Stop, Target, TargetError, Tls, TlsOptions, identification,
};
use crate::record::{Bench, Context, Record};
use crate::run;
use directory::Directory;
use server::{RunningServer, ServerError};

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
    plan.servers.iter().try_for_each(server::check_program)?;
    let directory = Directory::create(&plan.out)?;
    let of = plan.runs();
    let mut step = |done, doing: &str| progress(Step { done, of, doing });
    let context = Context {
        argv,
        bench: None,
        interrupted: interrupted.clone(),
        samples: None,
    };
    let mut records = Vec::new();
    let measured = contract::check(plan, |doing| step(0, doing))
        .map_err(BenchError::from)
        // Everything that this process starts from here on is the load's, unless said otherwise.
        .and_then(|()| Ok(plan.cores.load.pin_this_thread()?))
        .and_then(|()| measure_all(plan, &directory, &context, &mut records, step));
    let interrupted = interrupted.load(Ordering::Relaxed);
    match measured {
        // A terminal's signal reaches the servers too: that they have ended is no defect then.
        Err(BenchError::Server(_) | BenchError::Contract(_)) if interrupted => {}
        measured => measured?,
    }
    conclude(plan, &directory, records, interrupted)
}

/// All runs, in turns, until a signal comes.
fn measure_all(
    plan: &BenchPlan,
    directory: &Directory,
    context: &Context,
    records: &mut Vec<Record>,
    mut step: impl FnMut(usize, &str),
) -> Result<(), BenchError> {
    for round in 0..plan.rounds {
        for scenario in &plan.scenarios {
            let turns = order::of_round(round, scenario.servers.len());
            for (position, turn) in turns.into_iter().enumerate() {
                let server = &plan.servers[scenario.servers[turn]];
                let doing = format!("round {}: {}, {}", round + 1, scenario.name, server.label);
                step(records.len(), &doing);
                if context.interrupted.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let bench = Bench {
                    plan: Some(plan.name.clone()),
                    scenario: scenario.name.clone(),
                    server: server.label.clone(),
                    round: round + 1,
                    position: position as u64 + 1,
                };
                let record = measure(plan, scenario, server, bench, context)?;
                if record.interrupted {
                    return Ok(());
                }
                directory.write_record(&record)?;
                records.push(record);
            }
        }
    }
    Ok(())
}

/// One run against a fresh process.
fn measure(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    bench: Bench,
    context: &Context,
) -> Result<Record, BenchError> {
    let mut flags = scenario.flags.clone();
    if scenario.tls {
        flags.push("--tls".to_owned());
    }
    let mut server = RunningServer::start(spec, &flags, &plan.cores.server)?;
    let run_plan = run_plan(plan, scenario, spec, &server)?;
    let context = Context {
        bench: Some(bench),
        ..context.clone()
    };
    let (record, _) = run::run(&run_plan, &context, &mut NoObserver)?;
    if !record.interrupted {
        server.check_alive()?;
    }
    // Its clients have gone: there is nobody for whom an orderly end would finish its work.
    drop(server);
    Ok(record)
}

struct NoObserver;

impl Observer for NoObserver {}

fn run_plan(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    server: &RunningServer,
) -> Result<Plan, BenchError> {
    let (scheme, tls) = match scenario.tls {
        false => ("http", None),
        true => (
            "https",
            Some(encrypted(&server.address().ip().to_string())?),
        ),
    };
    let url = format!("{scheme}://{}{}", server.address(), scenario.path);
    Ok(Plan {
        target: Target::resolve(&url)?,
        tls,
        scenario: crate::plan::Scenario {
            method: Method::GET,
            version: HttpVersion::Http11,
            keep_alive: scenario.keep_alive,
            headers: identification(),
            body: None,
            paths: Paths::one(&scenario.path),
        },
        expect: Expect {
            statuses: StatusSet::not_an_error(),
            length: LengthRule::First,
            body: None,
        },
        load: Load::closed(
            scenario.connections,
            plan.cores.load.count().clamp(1, scenario.connections),
        ),
        background: scenario.background.clone(),
        stop: Stop {
            requests: None,
            duration: Some(plan.timing.measured),
        },
        warmup: plan.timing.warmup,
        timeout: plan.timing.timeout,
        connect_timeout: plan.timing.timeout,
        engine: Engine::Fast(Driver::CHEAPEST),
        ab_times: false,
        cores: Some(plan.cores.load.clone()),
        server: Some(ServerProcess {
            pid: server.pid(),
            label: spec.label.clone(),
            model: Some(spec.model.clone()),
            cores: Some(plan.cores.server.clone()),
        }),
        gates: Vec::new(),
    })
}

/// TLS as a client speaks it that has never met the server: its certificate, made at its start,
/// vouches for nobody, and each handshake is a whole one.
fn encrypted(host: &str) -> Result<Tls, BenchError> {
    let options = TlsOptions::default();
    Tls::new(host, &options).map_err(|error| BenchError::Load(io::Error::other(error)))
}

/// Compares what is complete and writes it down.
fn conclude(
    plan: &BenchPlan,
    directory: &Directory,
    mut records: Vec<Record>,
    interrupted: bool,
) -> Result<Report, BenchError> {
    let per_round = plan.runs() as u64 / plan.rounds;
    let rounds = records.len() as u64 / per_round;
    // A round that was broken off has runs without a partner, which cannot be compared.
    for record in records.split_off((rounds * per_round) as usize) {
        directory.remove_record(&record)?;
    }
    let comparison = match rounds {
        0 => None,
        _ => Some(compare::servers(&records, &Options::default())?),
    };
    if let Some(comparison) = &comparison {
        directory.write("comparison.json", &comparison.to_json())?;
        let summary = directory::summary(plan, &records, comparison, interrupted);
        directory.write("summary.md", &summary)?;
    }
    Ok(Report {
        directory: directory.path().to_owned(),
        comparison,
        rounds,
        interrupted,
    })
}
