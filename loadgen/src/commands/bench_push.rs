//! `loadgen bench-push`.

use super::print;
use crate::cli::BenchPushArgs;
use crate::exit::Exit;
use crate::output;
use crate::push::bench::{self, Report, Run};
use crate::push::{self, ending::Ending};
use crate::signal;

/// Puts clients and servers together, prints what was found and where it is.
#[must_use]
pub fn bench_push(args: BenchPushArgs) -> Exit {
    let plan = match args.into_plan() {
        Ok(plan) => plan,
        Err(error) => {
            output::complain(&error.to_string());
            return Exit::Usage;
        }
    };
    let interrupted = match signal::interrupt_flag() {
        Ok(flag) => flag,
        Err(error) => {
            output::complain(&format!("cannot listen for signals: {error}"));
            return Exit::Failed;
        }
    };
    let report = bench::run(&plan, &interrupted, |done, of, name| {
        output::talk(&format!("{}/{of} {name}\n", done + 1));
    });
    match report {
        Ok(report) => conclude(&report),
        Err(error) => {
            output::complain(&error.to_string());
            Exit::Failed
        }
    }
}

fn conclude(report: &Report) -> Exit {
    let directory = report.directory.display();
    let printed = print(&format!("{}\nresults: {directory}\n", report.to_text()));
    if printed != Exit::Done {
        return printed;
    }
    if report.interrupted {
        let runs = report.runs.len();
        output::complain(&format!("interrupted; complete runs kept: {runs}"));
        return Exit::Interrupted;
    }
    let failures: Vec<String> = report.runs.iter().filter_map(failure).collect();
    failures.iter().for_each(|line| output::complain(line));
    match failures.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    }
}

/// What keeps a run from saying anything, if something does. A queue that took all its memory does
/// not: it is what the comparison is about.
fn failure(run: &Run) -> Option<String> {
    let Run { case, record } = run;
    let name = case.name();
    let mut endings = push::endings(record).into_iter();
    if let Some((ending, count)) = endings.find(|(ending, _)| *ending != Ending::MemoryLimit) {
        let (of, label, advice) = (record.clients.len(), ending.label(), ending.advice());
        return Some(format!("{name}: {count} of {of} clients {label}: {advice}"));
    }
    (record.errors() > 0).then(|| {
        format!("{name}: messages were lost or repeated; the server or what lies between does so")
    })
}
