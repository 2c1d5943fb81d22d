//! `loadgen bench`.

use std::ffi::OsString;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::{broken_off, interrupt_flag, mask, print, refuse};
use crate::bench::{self, BenchPlan, Report, Step};
use crate::cli::{Applied, BenchArgs, REPORT_FILE};
use crate::compare::{Comparison, Options};
use crate::exit::Exit;
use crate::output::{self, Screen};
use crate::system::limits::raise_open_files_limit;

/// Measures the servers against each other, prints what was found and where it is.
#[must_use]
pub fn bench(args: BenchArgs, argv: &[OsString], variables: &Applied) -> Exit {
    let lists = args.lists();
    let argv = mask(argv, &args.secrets());
    match args.into_plan() {
        Ok(plan) if lists => print(&plan.list()),
        Ok(plan) => super::conclude(measure(&plan, argv), variables),
        Err(error) => refuse(&error, variables),
    }
}

fn measure(plan: &BenchPlan, argv: Vec<String>) -> Result<Exit, String> {
    let interrupted = interrupt_flag()?;
    raise_open_files_limit();
    let mut progress = Progress::new();
    let existed = plan.out.exists();
    let report = bench::run(plan, argv, &interrupted, |step| {
        progress.show(step);
    });
    progress.clear();
    match report {
        Ok(report) => conclude(&report),
        Err(error) => Err(broken_off(&error, &plan.out, existed)),
    }
}

fn conclude(report: &Report) -> Result<Exit, String> {
    let Some(comparison) = &report.comparison else {
        output::complain("interrupted before the first round was complete; nothing was kept");
        return Ok(Exit::Interrupted);
    };
    let (text, directory) = (comparison.to_text(), &report.directory);
    let printed = print(&format!("{text}\nresults: {}\n", directory.display()));
    if printed != Exit::Done {
        return Ok(printed);
    }
    let shown = show(directory)?;
    if shown != Exit::Done {
        return Ok(shown);
    }
    if report.interrupted {
        let rounds = report.rounds;
        output::complain(&format!("interrupted; complete rounds kept: {rounds}"));
        return Ok(Exit::Interrupted);
    }
    Ok(judge(comparison))
}

/// What the gates come to, if any were set: those that were missed first, as with a run.
fn judge(comparison: &Comparison) -> Exit {
    let exit = comparison.exit_of_benchmark(false);
    let gates = &comparison.gates;
    for gate in gates.iter().filter(|gate| gate.passed != Some(true)) {
        output::complain(&gate.to_string());
    }
    let is_missed = gates.iter().any(|gate| gate.passed == Some(false));
    if !gates.is_empty() && !is_missed && exit == Exit::Invalid {
        output::complain("no gate was missed, but by runs that cannot be believed; see the notes");
    }
    if is_missed { Exit::Worse } else { exit }
}

/// Makes a page of the results beside them, and prints where it is.
fn show(directory: &Path) -> Result<Exit, String> {
    let file = directory.join(REPORT_FILE);
    let written = super::report::write(&[directory.to_owned()], &Options::default(), &file);
    written.map(|()| print(&format!("report: {}\n", file.display())))
}

/// A bar on a terminal, a line for each step of the contract and each round elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    last: String,
}

impl Progress {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  {elapsed}");
        let style = style.expect("the template is one of indicatif's own forms");
        Self {
            bar: (Screen::of_stderr() != Screen::Log)
                .then(|| ProgressBar::new(0).with_style(style)),
            last: String::new(),
        }
    }

    fn show(&mut self, step: Step<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_length(step.of as u64);
            bar.set_position(step.done as u64);
            bar.set_message(step.doing.to_owned());
            return;
        }
        // In a log a line a round is enough.
        let topic = match step.doing.split_once(": ") {
            Some((round, _)) if round.starts_with("round") => round,
            _ => step.doing,
        };
        if topic != self.last {
            output::talk(&format!("{topic}\n"));
            self.last = topic.to_owned();
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
