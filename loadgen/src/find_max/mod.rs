//! Searches the highest rate at which a server keeps an objective.
//!
//! Each step is an ordinary run in open loop, so what is judged is how long a user waits who does
//! not wait for others. [`search`] says which rate comes next, [`Step`] whether it was kept,
//! [`Report`] is what is written, [`text`] what people read.

mod report;
pub mod search;
mod step;
pub mod text;

use std::io;
use std::sync::atomic::Ordering;

pub use report::{Objective, Report, SCHEMA, schema};
pub use step::{Miss, Step};

use search::Search;

use crate::engine::Observer;
use crate::plan::{Arrival, Load, Plan, Rate, Slo, Stop};
use crate::record::{Context, Record};
use crate::run;

/// Tries to have one request answered before there is said to be no server.
const FIRST_REQUESTS_MAX: usize = 3;

/// The lowest rate that is tried makes so many requests in a step: of fewer a p99 says nothing.
const REQUESTS_MIN: f64 = 10.0;

/// Somebody who watches a search.
pub trait Watcher {
    /// Who watches the step that is about to be made.
    fn observer(&mut self, plan: &Plan) -> Box<dyn Observer>;
    /// A step was made.
    fn made(&mut self, step: &Step);
}

/// Why a search could not be made.
#[derive(Debug)]
pub enum FindMaxError {
    /// The load could not be started.
    Start(io::Error),
    /// There is no server, or it answers wrongly: the record of one request, which failed.
    NoSuccess(Box<Record>),
}

impl From<io::Error> for FindMaxError {
    fn from(error: io::Error) -> Self {
        Self::Start(error)
    }
}

/// Searches the highest rate that keeps `slo`. The schedule of `plan` says where to begin, its
/// duration how long a step is.
///
/// # Errors
///
/// [`FindMaxError`]; what goes wrong in the steps is counted there.
pub fn run(
    plan: &Plan,
    slo: &Slo,
    context: &Context,
    watcher: &mut dyn Watcher,
) -> Result<Report, FindMaxError> {
    let first = first_request(plan, context)?;
    let mut report = Report::new(plan, slo, &first);
    if first.requests.succeeded == 0 && !first.interrupted {
        return Err(FindMaxError::NoSuccess(Box::new(first)));
    }
    let mut search = begin(plan);
    while let Some(rate) = search.next_per_second() {
        let plan = at_rate(plan, rate);
        let (record, _) = run::run(&plan, context, watcher.observer(&plan).as_mut())?;
        if record.interrupted {
            break;
        }
        let step = Step::of(&record, slo);
        watcher.made(&step);
        search.learn(step.verdict());
        if !step.met && search.next_per_second().is_some() {
            request_alone(&plan, context)?;
        }
        report.steps.push(step);
        if context.interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(report.conclude(&search))
}

/// Whether there is a server that answers: an objective may allow failures, so one says nothing yet.
fn first_request(plan: &Plan, context: &Context) -> io::Result<Record> {
    let mut record = request_alone(plan, context)?;
    for _ in 1..FIRST_REQUESTS_MAX {
        if record.requests.succeeded > 0 || record.interrupted {
            break;
        }
        record = request_alone(plan, context)?;
    }
    Ok(record)
}

fn begin(plan: &Plan) -> Search {
    let start = plan
        .load
        .schedule()
        .map_or(0.0, |schedule| schedule.rate.peak_per_second());
    let step_s = plan.stop.duration.unwrap_or_default().as_secs_f64();
    Search::new(start, REQUESTS_MIN / step_s)
}

/// The same at another rate.
fn at_rate(plan: &Plan, rate_per_second: f64) -> Plan {
    let mut plan = plan.clone();
    if let Arrival::Open(schedule) = &mut plan.load.arrival {
        schedule.rate = Rate::constant(rate_per_second);
    }
    plan
}

/// One request by itself: before the first step it tells whether there is a server; after a step
/// that was too much for one it waits until what had queued up there is gone, so that it does not
/// burden the next.
fn request_alone(plan: &Plan, context: &Context) -> io::Result<Record> {
    let plan = Plan {
        load: Load::closed(1, 1),
        stop: Stop {
            requests: Some(1),
            duration: None,
        },
        warmup: std::time::Duration::ZERO,
        ..plan.clone()
    };
    let (record, _) = run::run(&plan, context, &mut ())?;
    Ok(record)
}
