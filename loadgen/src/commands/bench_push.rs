//! `loadgen bench-push`.

use super::print;
use crate::cli::BenchPushArgs;
use crate::exit::Exit;
use crate::output;
use crate::push::bench::{self, Report};
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
    // A queue that took all its memory is what the comparison is about; a lost message is not.
    match report.runs.iter().any(|run| run.record.errors() > 0) {
        true => {
            output::complain("messages were lost or repeated, see above");
            Exit::Failed
        }
        false => Exit::Done,
    }
}
