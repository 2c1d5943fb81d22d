//! `loadgen export --to FORMAT PATH…`.

use super::wanted::Wanted;
use super::{conclude, print, refuse};
use crate::cli::{Applied, ExportArgs};
use crate::exit::Exit;
use crate::export::Results;
use crate::output;

/// Writes results in the format of another tool.
#[must_use]
pub fn export(args: &ExportArgs, variables: &Applied) -> Exit {
    let suffixes = args.format.suffixes().iter();
    let files = suffixes.map(|suffix| args.file(suffix));
    match files.collect::<Result<Vec<_>, _>>() {
        Ok(_) => conclude(write(args), variables),
        Err(error) => refuse(&error, variables),
    }
}

/// Reads everything before a file is begun: what cannot be exported leaves none.
fn write(args: &ExportArgs) -> Result<Exit, String> {
    let results = Results::read(&args.paths, &args.selection());
    let exported = results.and_then(|results| args.format.write(&results));
    let exported = exported.map_err(|error| error.to_string())?;
    for line in &exported.left_out {
        output::complain(&format!("left out: {line}"));
    }
    let mut opened = Vec::new();
    for (suffix, text) in &exported.files {
        let file = args.file(suffix).map_err(|error| error.to_string())?;
        opened.push((Wanted::open(&file, "-o")?, text));
    }
    for (file, text) in opened {
        match file {
            Some(file) => file.write(text)?,
            None => return Ok(print(text)),
        }
    }
    Ok(Exit::Done)
}
