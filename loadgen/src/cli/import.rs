//! Flags of `loadgen import`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::UsageError;
use crate::import::{Format, Rounds};

const AFTER_HELP: &str = "\
What each tool is to write:
  oha         oha --no-tui --output-format json URL
  k6          k6 run --summary-export FILE script.js, or the data that handleSummary is handed
  vegeta      vegeta report -type=json results.bin
  bombardier  bombardier -l -p r -o json URL
  autocannon  autocannon --json URL
  h2load      its text
  wrk, wrk2   their text, with --latency
  ab          its text

Exit codes: 0 done; 1 could not read or write; 2 the command line is wrong";

/// Longest name, in characters: that of a scenario, of a server and a round make a file's name.
const LONGEST: usize = 64;

/// Which files of other tools become records, and where these go.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ImportArgs {
    /// What the tool wrote; - is stdin. Several are the rounds of one server, in this order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The tool that wrote it: oha, k6, vegeta, bombardier, autocannon, h2load, wrk, wrk2 or ab
    /// [default: recognised by what is in the file]
    #[arg(long, value_enum, value_name = "TOOL", hide_possible_values = true)]
    from: Option<Format>,
    /// Write the record to this file, which must not exist, in place of stdout
    #[arg(short, long, value_name = "RECORD")]
    output: Option<PathBuf>,
    /// Write a record for each round into this directory, for loadgen compare
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out: Option<PathBuf>,
    /// What to call the server whose rounds these are [default: the name of the directory]
    #[arg(long, value_name = "LABEL", requires = "out")]
    name: Option<String>,
    /// What to call the load; in one directory each server of a load is compared with the others
    #[arg(
        long,
        value_name = "NAME",
        requires = "out",
        default_value = "imported"
    )]
    scenario: String,
}

/// What is imported, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPlan {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What wrote them, if it was said.
    pub from: Option<Format>,
    /// Where the records go.
    pub to: ImportTo,
}

/// Where the records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportTo {
    /// The one to stdout.
    Stdout,
    /// The one to this file.
    File(PathBuf),
    /// Each to a file in this directory, as a round.
    Directory(PathBuf, Rounds),
}

impl ImportArgs {
    /// Strings become types.
    ///
    /// # Errors
    ///
    /// One line: several files have but one place to go to, or a name cannot be part of a file's.
    pub fn into_plan(self) -> Result<ImportPlan, UsageError> {
        let count = self.files.len();
        let to = match (self.out, self.output) {
            (Some(directory), _) => {
                let server = self.name.unwrap_or_else(|| name_of(&directory));
                check_name("--name", &server)?;
                check_name("--scenario", &self.scenario)?;
                let scenario = self.scenario;
                ImportTo::Directory(directory, Rounds { scenario, server })
            }
            (None, _) if count > 1 => {
                return Err(UsageError::line(format!(
                    "{count} files are the rounds of one server; say with --out DIR where their \
                     records go"
                )));
            }
            (None, Some(file)) => ImportTo::File(file),
            (None, None) => ImportTo::Stdout,
        };
        let is_stdin = |file: &&PathBuf| file.as_path() == Path::new("-");
        if self.files.iter().filter(is_stdin).count() > 1 {
            return Err(UsageError::line("stdin can be read once; give - once"));
        }
        Ok(ImportPlan {
            files: self.files,
            from: self.from,
            to,
        })
    }
}

/// The last part of the path, with what cannot be in a name left out.
fn name_of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().filter(|&char| is_word(char)).collect();
    let name = name.trim_start_matches(['-', '_']);
    match name.is_empty() {
        true => "server".to_owned(),
        false => name.chars().take(LONGEST).collect(),
    }
}

fn check_name(flag: &str, name: &str) -> Result<(), UsageError> {
    let is_fit = name.chars().all(is_word)
        && name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && name.len() <= LONGEST;
    match is_fit {
        true => Ok(()),
        false => Err(UsageError::line(format!(
            "{flag} {} becomes a part of file names; use at most {LONGEST} letters, digits, - and \
             _, the first a letter or digit",
            name.escape_debug()
        ))),
    }
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '-' || char == '_'
}
