//! One run: a fresh process, its load, a record.

use std::io;

use super::BenchError;
use super::plan::{BenchPlan, Scenario, ServerSpec};
use super::server::{Ask, RunningServer};
use crate::engine::Observer;
use crate::plan::{
    Driver, Engine, Expect, HttpVersion, LengthRule, Load, Method, Paths, Plan, StatusSet, Stop,
    Target, Tls, TlsOptions, identification,
};
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
    let ask = Ask {
        flags: &scenario.flags,
        path: &scenario.path,
        tls: scenario.tls,
        cores: &plan.cores.server,
        interrupted: &context.interrupted,
    };
    let mut server = RunningServer::start(spec, &ask)?;
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

struct NoObserver;

impl Observer for NoObserver {}

pub(super) fn run_plan(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    server: &RunningServer,
) -> Result<Plan, BenchError> {
    let target = Target::resolve(&server.url(&scenario.path, scenario.tls))?;
    let tls = scenario.tls.then(|| encrypted(&target.url.host));
    Ok(Plan {
        tls: tls.transpose()?,
        scenario: crate::plan::Scenario {
            method: Method::GET,
            version: HttpVersion::Http11,
            keep_alive: scenario.keep_alive,
            headers: identification(),
            body: None,
            paths: Paths::one(&target.url.path),
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
        server: server.process(spec, &plan.cores.server),
        target,
        gates: Vec::new(),
    })
}

/// TLS as a client speaks it that has never met the server: its certificate, made at its start,
/// vouches for nobody, and each handshake is a whole one.
fn encrypted(host: &str) -> Result<Tls, BenchError> {
    let options = TlsOptions::default();
    Tls::new(host, &options).map_err(|error| BenchError::Load(io::Error::other(error)))
}
