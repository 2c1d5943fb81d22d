//! The search for the highest rate that keeps an objective: `loadgen --find-max --slo … URL`.

use std::io;

use super::{cannot_print, cannot_start, live_view, no_success, prepare};
use crate::cli::OutputPlan;
use crate::commands::wanted::Wanted;
use crate::engine::Observer;
use crate::exit::Exit;
use crate::find_max::{self, FindMaxError, Report, Step, Watcher, text};
use crate::output::{self, Format};
use crate::plan::{Plan, Slo};

/// Searches, shows each step as it is made, prints what was found.
///
/// Exit codes: a rate was found, done; none keeps the objective, worse, as with a gate that is
/// missed; interrupted.
///
/// # Errors
///
/// One line that says what could not be done.
pub(super) fn find_max(
    plan: &Plan,
    slo: &Slo,
    output: &OutputPlan,
    argv: Vec<String>,
) -> Result<Exit, String> {
    let file = Wanted::open(&output.file, "-o")?;
    let context = prepare(argv)?;
    let mut table = Table::new(output);
    let report = find_max::run(plan, slo, &context, &mut table).map_err(explain)?;
    let written = file.map_or(Ok(()), |file| file.write(&report.to_json()));
    let sentence = text::sentence(&report, slo);
    print(&report, table, &sentence).map_err(|error| cannot_print(&error))?;
    written?;
    Ok(conclude(&report, &sentence, output))
}

fn explain(error: FindMaxError) -> String {
    match error {
        FindMaxError::Start(error) => cannot_start(&error),
        FindMaxError::NoSuccess(record) => no_success(&record),
    }
}

fn print(report: &Report, table: Table<'_>, sentence: &str) -> io::Result<()> {
    table.printed?;
    match table.output.format {
        Format::Text => output::print(&format!("{sentence}\n")),
        Format::Json | Format::Ab => output::print(&report.to_json()),
    }
}

/// What a person is told who does not read stdout, and how the program ends.
fn conclude(report: &Report, sentence: &str, output: &OutputPlan) -> Exit {
    let exit = match report.max_rate_per_second {
        _ if report.interrupted => Exit::Interrupted,
        None => Exit::Worse,
        Some(_) => Exit::Done,
    };
    if exit != Exit::Done {
        output::complain(sentence);
    } else if !output.quiet && output.format != Format::Text {
        output::talk(&format!("{sentence}\n"));
    }
    exit
}

/// A line for each step, as it is made: on stdout if that is what was asked for, else on stderr.
struct Table<'a> {
    output: &'a OutputPlan,
    has_header: bool,
    printed: io::Result<()>,
}

impl<'a> Table<'a> {
    fn new(output: &'a OutputPlan) -> Self {
        Self {
            output,
            has_header: false,
            printed: Ok(()),
        }
    }

    fn show(&mut self, text: &str) {
        if self.output.format == Format::Text {
            if self.printed.is_ok() {
                self.printed = output::print(text);
            }
        } else if !self.output.quiet {
            output::talk(text);
        }
    }
}

impl Watcher for Table<'_> {
    fn observer(&mut self, plan: &Plan) -> Box<dyn Observer> {
        live_view(plan, self.output)
    }

    fn made(&mut self, step: &Step) {
        if !self.has_header {
            self.show(&text::header());
            self.has_header = true;
        }
        self.show(&text::row(step));
    }
}
