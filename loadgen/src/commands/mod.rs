//! What each command does, from its flags to its exit code.

mod compare;
mod run;

pub use compare::compare;
pub use run::run;

use crate::exit::Exit;
use crate::{output, record};

/// Prints the JSON Schema of a record.
#[must_use]
pub fn schema() -> Exit {
    let schema = serde_json::to_string_pretty(&record::schema());
    print(&(schema.expect("a schema is plain data") + "\n"))
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
