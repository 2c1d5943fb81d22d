//! `loadgen push`.

use std::ffi::OsString;

use super::print;
use super::wanted::Wanted;
use crate::cli::{PushArgs, PushFormat};
use crate::exit::Exit;
use crate::output;
use crate::push::{self, record::Record};
use crate::signal;
use crate::system::limits::raise_open_files_limit;

/// Takes what a server pushes, and prints where it waited.
#[must_use]
pub fn push(args: &PushArgs, argv: &[OsString]) -> Exit {
    let plan = match args.plan() {
        Ok(plan) => plan,
        Err(error) => {
            output::complain(&error.to_string());
            return Exit::Usage;
        }
    };
    match measure(args, &plan, argv) {
        Ok(exit) => exit,
        Err(line) => {
            output::complain(&line);
            Exit::Failed
        }
    }
}

fn measure(args: &PushArgs, plan: &push::plan::Plan, argv: &[OsString]) -> Result<Exit, String> {
    let file = Wanted::open(&args.output, "-o")?;
    let interrupted =
        signal::interrupt_flag().map_err(|error| format!("cannot listen for signals: {error}"))?;
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
    let endings = push::endings(record);
    for (ending, count) in &endings {
        let of = record.clients.len();
        let (label, advice) = (ending.label(), ending.advice());
        output::complain(&format!(
            "{name}: {count} of {of} clients {label}: {advice}"
        ));
    }
    let messages = &record.messages;
    if messages.gaps + messages.repeated > 0 {
        output::complain(&format!(
            "{name}: {} gaps in the numbers, {} messages missing, {} repeated; the server or what \
             lies between loses messages",
            messages.gaps, messages.missing, messages.repeated
        ));
    }
    match () {
        () if record.interrupted => Exit::Interrupted,
        () if !endings.is_empty() || record.errors() > 0 => Exit::Failed,
        () => Exit::Done,
    }
}
