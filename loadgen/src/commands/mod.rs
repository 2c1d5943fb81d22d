//! What each command does, from its flags to its exit code.

mod bench;
mod bench_push;
mod compare;
mod export;
mod history;
mod import;
mod man;
mod mask;
mod merge;
mod push;
mod report;
mod run;
mod wanted;
mod worker;

pub use self::bench::bench;
pub use self::bench_push::bench_push;
pub use self::compare::compare;
pub use self::export::export;
pub use self::history::history;
pub use self::import::import;
pub use self::man::{completions, man};
pub use self::merge::merge;
pub use self::push::push;
pub use self::report::report;
pub use self::run::{run, websocket};
pub use self::worker::worker;

use mask::mask;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::bench::BenchError;
use crate::cli::{Applied, SchemaOf, UsageError};
use crate::exit::Exit;
use crate::{output, record, signal};

/// Prints a JSON Schema.
#[must_use]
pub fn schema(of: SchemaOf) -> Exit {
    let schema = match of {
        SchemaOf::Run => record::schema(),
        SchemaOf::Comparison => crate::compare::schema(),
        SchemaOf::FindMax => crate::find_max::schema(),
        SchemaOf::Push => crate::push::record::schema(),
        SchemaOf::History => crate::history::schema(),
    };
    let text = serde_json::to_string_pretty(&schema);
    print(
        &(text.expect("a schema is plain data")
            + "
"),
    )
}

/// A flag that a signal sets.
fn interrupt_flag() -> Result<Arc<AtomicBool>, String> {
    signal::interrupt_flag().map_err(|error| format!("cannot listen for signals: {error}"))
}

/// Says what kept a command from its end, if something did; `variables` stand for flags.
fn conclude(ended: Result<Exit, impl ToString>, variables: &Applied) -> Exit {
    ended.unwrap_or_else(|error| {
        output::complain(&variables.name_in(error.to_string()));
        Exit::Failed
    })
}

/// Says what is wrong with a command line, of which `variables` stand for flags.
fn refuse(error: &UsageError, variables: &Applied) -> Exit {
    output::complain(&variables.name_in(error.to_string()));
    Exit::Usage
}

/// What ended a benchmark, with where to find what it had measured by then in a directory that it
/// made.
fn broken_off(error: &BenchError, out: &Path, existed: bool) -> String {
    match !existed && out.exists() {
        true => format!("{error}; what was measured is in {}", out.display()),
        false => error.to_string(),
    }
}

/// Prints what was asked for.
#[must_use]
pub fn print(text: &str) -> Exit {
    match output::print(text) {
        Ok(()) => Exit::Done,
        Err(error) => {
            output::complain(&format!("cannot write to stdout: {error}"));
            Exit::Failed
        }
    }
}
