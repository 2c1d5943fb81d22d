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
use crate::plan::{Arrival, Background, Load, Plan, Rate, Slo, Stop};
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
/// duration how long a step is; each warms up for the objective's p99 at least.
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
    let plan = &in_steady_state(plan, slo);
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

/// The same with a warm-up that lasts as long as an answer may take. From then on those that end
/// and came due before make up for those that come due and end later; after a shorter warm-up a
/// server that keeps the objective would seem to fall behind.
fn in_steady_state(plan: &Plan, slo: &Slo) -> Plan {
    Plan {
        warmup: plan.warmup.max(slo.p99),
        ..plan.clone()
    }
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
        background: Background::default(),
        ..plan.clone()
    };
    let (record, _) = run::run(&plan, context, &mut ())?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::cli::{self, Command};

    /// Long against what a busy machine adds, and short against the objective.
    const ANSWER_TAKES: Duration = Duration::from_millis(300);

    /// A server of any capacity whose answers take that long; it lasts as long as the tests.
    fn slow_server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for connection in listener.incoming() {
                thread::spawn(|| answer(connection.unwrap()));
            }
        });
        address
    }

    fn answer(mut connection: TcpStream) {
        // The client may have left.
        let _ = connection.read(&mut [0; 4096]);
        thread::sleep(ANSWER_TAKES);
        let _ = connection.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    }

    /// Ends the search after its first step.
    struct FirstStep(Context);

    impl Watcher for FirstStep {
        fn observer(&mut self, _: &Plan) -> Box<dyn Observer> {
            Box::new(())
        }

        fn made(&mut self, _: &Step) {
            self.0.interrupted.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_server_is_not_behind_because_its_answers_take_longer_than_the_warm_up() {
        let flags = "--find-max --slo p99=1s --rate 40 --duration 500ms --warmup 0s";
        let line = format!("loadgen {flags} http://{}/", slow_server());
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let Ok(Command::Run(args)) = cli::parse(&argv) else {
            panic!("{line}");
        };
        let slo = args.slo().unwrap().unwrap();
        let (plan, _) = args.into_plan().unwrap();
        let context = Context::default();
        let mut watcher = FirstStep(context.clone());
        let report = run(&plan, &slo, &context, &mut watcher).unwrap();
        // Of the twenty requests of a step twelve are under way at its end, and as many before it.
        assert_eq!(report.steps[0].missed, [], "{:?}", report.steps);
        assert_eq!(report.plan.warmup_s, 1.0);
    }
}
