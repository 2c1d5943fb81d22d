//! One run: a fresh process, its load, a record.

use std::io;

use super::BenchError;
use super::plan::{BenchPlan, Scenario, ServerSpec};
use super::server::RunningServer;
use crate::engine::Observer;
use crate::plan::{
    Driver, Engine, Expect, HttpVersion, LengthRule, Load, Method, Paths, Plan, ServerProcess,
    StatusSet, Stop, Target, Tls, TlsOptions, identification,
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
