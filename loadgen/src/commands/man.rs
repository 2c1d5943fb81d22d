//! `loadgen man` and `loadgen completions`: what a shell and a reader install.

use std::fs;
use std::path::Path;

use clap_complete::Shell;

use super::{conclude, print, refuse};
use crate::cli::{self, Applied, ManArgs, UsageError};
use crate::exit::Exit;
use crate::output::{ManualPage, manual};

/// Prints what `shell` completes loadgen's command line by.
#[must_use]
pub fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    let mut command = cli::command_to_complete();
    clap_complete::generate(shell, &mut command, "loadgen", &mut script);
    let script = String::from_utf8_lossy(&script);
    // fish's part does not expect a flag that waits for its value before there is a command, and
    // would offer files for it.
    print(&script.replace(
        "2>/dev/null\n    or return\n",
        "2>/dev/null\n    or return 0\n",
    ))
}

/// Prints a page of the manual, or writes them all.
#[must_use]
pub fn man(args: &ManArgs, variables: &Applied) -> Exit {
    let pages = manual(cli::command());
    if let Some(directory) = &args.out {
        return conclude(write(&pages, directory).map(|()| Exit::Done), variables);
    }
    match pages.iter().find(|page| page.command == args.command) {
        Some(page) => print(&page.text),
        None => {
            let command = args.command.as_deref().unwrap_or_default();
            refuse(&no_page(&pages, command), variables)
        }
    }
}

fn write(pages: &[ManualPage], directory: &Path) -> Result<(), String> {
    let cannot = |path: &Path, error| {
        format!(
            "cannot write {}: {error}; name another --out",
            path.display()
        )
    };
    fs::create_dir_all(directory).map_err(|error| cannot(directory, error))?;
    for page in pages {
        let path = directory.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| cannot(&path, error))?;
    }
    Ok(())
}

fn no_page(pages: &[ManualPage], command: &str) -> UsageError {
    let commands: Vec<&str> = pages
        .iter()
        .filter_map(|page| page.command.as_deref())
        .collect();
    UsageError::line(format!(
        "'{command}' is no command; choose among {}",
        commands.join(", ")
    ))
}
