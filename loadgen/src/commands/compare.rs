//! `loadgen compare A B`, and `loadgen compare DIR`.

use super::{conclude, print};
use crate::cli::{Applied, CompareArgs};
use crate::compare::{self, Options};
use crate::exit::Exit;

/// Compares two results and prints what can be said.
#[must_use]
pub fn compare(args: &CompareArgs, variables: &Applied) -> Exit {
    let options = Options {
        threshold: args.threshold / 100.0,
        allow_invalid: args.allow_invalid,
    };
    let compared = match &args.candidate {
        Some(candidate) => compare::run(&args.baseline, candidate, &options),
        None => {
            let baseline = args.against.as_deref();
            compare::again(&args.baseline, &args.selection(), baseline, &options)
        }
    };
    let comparison = match compared {
        Ok(comparison) => comparison,
        Err(error) => return conclude(Err(error), variables),
    };
    let text = match (args.json, args.markdown) {
        (true, _) => comparison.to_json(),
        (false, true) => comparison.to_markdown(),
        (false, false) => comparison.to_text(),
    };
    match print(&text) {
        Exit::Done if args.candidate.is_none() => comparison.exit_of_benchmark(args.strict),
        Exit::Done => comparison.exit(args.strict),
        exit => exit,
    }
}
