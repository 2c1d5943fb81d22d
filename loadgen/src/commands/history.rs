//! `loadgen history DIR`.

use super::print;
use crate::cli::HistoryArgs;
use crate::exit::Exit;
use crate::history::{History, HistoryError, Runs};
use crate::output;

/// Prints a metric over all benchmarks of a directory.
#[must_use]
pub fn history(args: &HistoryArgs) -> Exit {
    match read(args) {
        Ok(history) if args.json => print(&history.to_json()),
        Ok(history) => print(&history.to_text()),
        Err(error) => {
            output::complain(&error.to_string());
            Exit::Failed
        }
    }
}

fn read(args: &HistoryArgs) -> Result<History, HistoryError> {
    let runs = Runs::read(&args.directory)?;
    for line in &runs.skipped {
        output::complain(&format!("passed over {line}"));
    }
    History::of(&runs.runs, &args.options())
}
