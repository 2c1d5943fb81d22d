//! `loadgen history DIR`.

use super::{conclude, print};
use crate::cli::{Applied, HistoryArgs};
use crate::exit::Exit;
use crate::history::{History, HistoryError, Runs};
use crate::output;

/// Prints a metric over all benchmarks of a directory.
#[must_use]
pub fn history(args: &HistoryArgs, variables: &Applied) -> Exit {
    let printed = read(args).map(|history| match args.json {
        true => print(&history.to_json()),
        false => print(&history.to_text()),
    });
    conclude(printed, variables)
}

fn read(args: &HistoryArgs) -> Result<History, HistoryError> {
    let runs = Runs::read(&args.directory)?;
    for line in &runs.skipped {
        output::complain(&format!("passed over {line}"));
    }
    History::of(&runs.runs, &args.options())
}
