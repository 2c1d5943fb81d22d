//! What each command does, from its flags to its exit code.

mod bench;
mod bench_push;
mod compare;
mod push;
mod run;
mod wanted;

pub use self::bench::bench;
pub use self::bench_push::bench_push;
pub use self::compare::compare;
pub use self::push::push;
pub use self::run::{run, websocket};

use crate::cli::SchemaOf;
use crate::exit::Exit;
use crate::{output, record};

/// Prints a JSON Schema.
#[must_use]
pub fn schema(of: SchemaOf) -> Exit {
    let schema = match of {
        SchemaOf::Run => record::schema(),
        SchemaOf::Comparison => crate::compare::schema(),
        SchemaOf::FindMax => crate::find_max::schema(),
        SchemaOf::Push => crate::push::record::schema(),
    };
    let text = serde_json::to_string_pretty(&schema);
    print(
        &(text.expect("a schema is plain data")
            + "
"),
    )
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
