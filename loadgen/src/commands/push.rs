//! `loadgen push`.

use std::ffi::OsString;

use super::wanted::Wanted;
use super::{interrupt_flag, print, refuse};
use crate::cli::{Applied, PushArgs, PushFormat};
use crate::exit::Exit;
use crate::output;
use crate::push::{self, record::Record};
use crate::system::limits::raise_open_files_limit;

/// Takes what a server pushes, and prints where it waited.
#[must_use]
pub fn push(args: &PushArgs, argv: &[OsString], variables: &Applied) -> Exit {
    match args.plan() {
        Ok(plan) => super::conclude(measure(args, &plan, argv), variables),
        Err(error) => refuse(&error, variables),
    }
}

fn measure(args: &PushArgs, plan: &push::plan::Plan, argv: &[OsString]) -> Result<Exit, String> {
    let file = Wanted::open(&args.output, "-o")?;
    let interrupted = interrupt_flag()?;
    raise_open_files_limit();
    let argv = argv.iter().map(|word| word.to_string_lossy().into_owned());
    let record = push::run(plan, argv.collect(), &interrupted).map_err(|error| {
        format!("cannot start the clients: {error}; see the limits (ulimit -a)")
    })?;
    let text = match args.format {
        PushFormat::Json => record.to_json(),
        PushFormat::Text => push::render(&record),
    };
    let printed = print(&text);
    if let Some(file) = file {
        file.write(&record.to_json())?;
    }
    Ok(match printed {
        Exit::Done => conclude(&record),
        exit => exit,
    })
}

/// Says in a line each what went wrong.
fn conclude(record: &Record) -> Exit {
    let name = &record.target.name;
    let troubles = push::troubles(record);
    for trouble in &troubles {
        output::complain(&format!("{name}: {trouble}"));
    }
    match () {
        () if record.interrupted => Exit::Interrupted,
        () if !troubles.is_empty() => Exit::Failed,
        () => Exit::Done,
    }
}
