//! `loadgen report DIR…`.

use std::path::{Path, PathBuf};

use super::wanted::Wanted;
use super::{conclude, print, refuse};
use crate::cli::{Applied, ReportArgs};
use crate::compare::Options;
use crate::exit::Exit;
use crate::report::{self, html};

/// Writes results as a page, and prints where it is.
#[must_use]
pub fn report(args: &ReportArgs, variables: &Applied) -> Exit {
    match args.file() {
        Ok(file) => {
            let written = write(&args.paths, &args.options(), &file);
            conclude(written.map(|()| tell(&file)), variables)
        }
        Err(error) => refuse(&error, variables),
    }
}

/// Writes the page of `paths`.
///
/// # Errors
///
/// One line that names what cannot be read or written; there is no file then.
pub(super) fn write(paths: &[PathBuf], options: &Options, file: &Path) -> Result<(), String> {
    let wanted = Wanted::open(&Some(file.to_owned()), "-o")?;
    let page = report::page_of(paths, options).map_err(|error| error.to_string())?;
    match wanted {
        Some(wanted) => wanted.write(&html::render(&page)),
        None => Ok(()),
    }
}

/// What was written to a device or a pipe is read there already.
fn tell(file: &Path) -> Exit {
    match file.is_file() {
        true => print(&format!("{}\n", file.display())),
        false => Exit::Done,
    }
}
