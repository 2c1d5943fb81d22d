//! `loadgen compare A B`.

use super::print;
use crate::cli::CompareArgs;
use crate::compare::{self, Options};
use crate::exit::Exit;
use crate::output;

/// Compares two results and prints what can be said.
#[must_use]
pub fn compare(args: &CompareArgs) -> Exit {
    let options = Options {
        threshold: args.threshold / 100.0,
        allow_invalid: args.allow_invalid,
    };
    let comparison = match compare::run(&args.baseline, &args.candidate, &options) {
        Ok(comparison) => comparison,
        Err(error) => {
            output::complain(&error.to_string());
            return Exit::Failed;
        }
    };
    let text = match args.json {
        true => comparison.to_json(),
        false => comparison.to_text(),
    };
    match print(&text) {
        Exit::Done => comparison.exit(args.strict),
        exit => exit,
    }
}
