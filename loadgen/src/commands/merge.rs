//! `loadgen merge FILE…`.

use std::io::{self, IsTerminal};

use super::run::judge;
use super::wanted::Wanted;
use super::{conclude, print, refuse};
use crate::cli::{Applied, MergeArgs, UsageError};
use crate::exit::Exit;
use crate::merge::{self, Sources};
use crate::output::{self, Format};

/// Makes one record of the shards of a run.
#[must_use]
pub fn merge(args: &MergeArgs, variables: &Applied) -> Exit {
    let taken = args.output.as_ref().filter(|path| output::is_taken(path));
    let checked = args.check().and_then(|()| match taken {
        None => Ok(()),
        Some(path) => Err(UsageError::line(format!(
            "{} exists; choose another name, or remove it",
            path.display()
        ))),
    });
    match checked {
        Ok(()) => conclude(carry_out(args), variables),
        Err(error) => refuse(&error, variables),
    }
}

/// Nothing is written unless all belongs together.
fn carry_out(args: &MergeArgs) -> Result<Exit, String> {
    let merged = Sources::open(&args.files).and_then(|it| merge::merge(it, args.allow_missing));
    let merge::Outcome {
        record,
        gates,
        warnings,
    } = merged.map_err(|error| error.to_string())?;
    for line in &warnings {
        output::complain(line);
    }
    match Wanted::open(&args.output, "-o")? {
        Some(file) => file.write(&record.to_json())?,
        None => match print(&record.to_json()) {
            Exit::Done => {}
            exit => return Ok(exit),
        },
    }
    if args.output.is_some() || (io::stderr().is_terminal() && !io::stdout().is_terminal()) {
        output::talk(&output::summary(&record));
    }
    Ok(judge(Format::Json, &gates, &record))
}
