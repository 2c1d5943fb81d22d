//! One run: a fresh process, its load, a record.

use std::io;

use super::BenchError;
use super::plan::{BenchPlan, Scenario, ServerSpec};
use super::server::{Ask, RunningServer};
use crate::engine::Observer;
use crate::plan::{Plan, Target};
use crate::record::{Bench, Context, Record};
use crate::run;

/// One run against a fresh process.
pub(super) fn measure(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    bench: Bench,
    context: &Context,
) -> Result<Record, BenchError> {
    let mut server = start(plan, scenario, spec, context)?;
    let run_plan = run_plan(plan, scenario, spec, &server)?;
    let context = Context {
        bench: Some(bench),
        ..context.clone()
    };
    let (record, _) = run::run(&run_plan, &context, &mut NoObserver)?;
    if !record.interrupted {
        server.check_alive()?;
    }
    // Its clients have gone. One of ours, for whom nobody is left to finish its work, is killed.
    drop(server);
    Ok(record)
}

/// Starts a server for a scenario, unless it runs already.
pub(super) fn start(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    context: &Context,
) -> Result<RunningServer, BenchError> {
    let ask = Ask {
        flags: &scenario.flags,
        path: &scenario.path,
        tls: scenario.tls,
        cores: &plan.cores.server,
        interrupted: &context.interrupted,
    };
    Ok(RunningServer::start(spec, &ask)?)
}

struct NoObserver;

impl Observer for NoObserver {}

pub(super) fn run_plan(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    server: &RunningServer,
) -> Result<Plan, BenchError> {
    let target = Target::resolve(&server.url(&scenario.path, scenario.tls))?;
    let run = scenario.run(target, &plan.timing, &plan.cores);
    let run = run.map_err(|problem| BenchError::Load(io::Error::other(problem)))?;
    Ok(Plan {
        server: server.process(spec, &plan.cores.server),
        ..run
    })
}
