//! `loadgen bench-push`.

use super::{broken_off, interrupt_flag, print, refuse};
use crate::cli::{Applied, BenchPushArgs};
use crate::exit::Exit;
use crate::output;
use crate::push::bench::{self, Report, plan::Plan};
use crate::push::is_spoilt;

/// Puts clients and servers together, prints what was found and where it is.
#[must_use]
pub fn bench_push(args: BenchPushArgs, variables: &Applied) -> Exit {
    match args.into_plan() {
        Ok(plan) => super::conclude(measure(&plan), variables),
        Err(error) => refuse(&error, variables),
    }
}

fn measure(plan: &Plan) -> Result<Exit, String> {
    let interrupted = interrupt_flag()?;
    let existed = plan.out.exists();
    let report = bench::run(plan, &interrupted, |done, of, name| {
        output::talk(&format!("{}/{of} {name}\n", done + 1));
    });
    match report {
        Ok(report) => Ok(conclude(&report)),
        Err(error) => Err(broken_off(&error, &plan.out, existed)),
    }
}

fn conclude(report: &Report) -> Exit {
    if report.runs.is_empty() {
        output::complain("interrupted before the first run was complete; nothing was kept");
        return Exit::Interrupted;
    }
    let directory = report.directory.display();
    let printed = print(&format!("{}\nresults: {directory}\n", report.to_text()));
    if printed != Exit::Done {
        return printed;
    }
    report.troubles().for_each(|line| output::complain(&line));
    if report.interrupted {
        let runs = report.runs.len();
        output::complain(&format!("interrupted; complete runs kept: {runs}"));
        return Exit::Interrupted;
    }
    match report.runs.iter().any(|run| is_spoilt(&run.record)) {
        true => Exit::Failed,
        false => Exit::Done,
    }
}
