//! Command lines, for tests of what becomes of them.

use std::ffi::OsString;

use crate::cli::{Command, parse};
use crate::plan::Plan;

/// The plan of `loadgen` with these words behind it, or what is said instead.
pub(crate) fn plan(words: &str) -> Result<Plan, String> {
    let line = format!("loadgen {words}");
    let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    let args = match parse(&argv).map_err(|error| error.to_string())? {
        Command::Run(args) => args,
        other => panic!("{other:?}"),
    };
    let (plan, _) = args.into_plan().map_err(|error| error.to_string())?;
    Ok(plan)
}
