//! `loadgen import FILE…`.

use std::fs;
use std::path::{Path, PathBuf};

use super::wanted::Wanted;
use super::{conclude, print, refuse};
use crate::cli::{Applied, ImportArgs, ImportPlan, ImportTo};
use crate::exit::Exit;
use crate::import::{self, Rounds, Source};
use crate::output;
use crate::record::Record;

/// Makes records of what other tools wrote.
#[must_use]
pub fn import(args: ImportArgs, variables: &Applied) -> Exit {
    match args.into_plan() {
        Ok(plan) => conclude(carry_out(&plan), variables),
        Err(error) => refuse(&error, variables),
    }
}

/// Every file is read, and every name looked at, before anything is written.
fn carry_out(plan: &ImportPlan) -> Result<Exit, String> {
    let read = |path: &PathBuf| Source::read(path).map_err(|error| error.to_string());
    let sources = plan.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let one = || import::import(&sources[0], plan.from).map_err(|error| error.to_string());
    match &plan.to {
        ImportTo::Stdout => Ok(print(&one()?.to_json())),
        ImportTo::File(path) => {
            let record = one()?;
            match refused(std::slice::from_ref(path)) {
                Some(exit) => Ok(exit),
                None => write(path, &record).map(|()| Exit::Done),
            }
        }
        ImportTo::Directory(directory, common) => {
            let records = import::rounds(&sources, plan.from, common);
            let records = records.map_err(|error| error.to_string())?;
            write_rounds(directory, common, &records)
        }
    }
}

/// As `loadgen bench` names them: `SCENARIO.SERVER.ROUND.json`.
fn write_rounds(directory: &Path, common: &Rounds, records: &[Record]) -> Result<Exit, String> {
    let Rounds { scenario, server } = common;
    let path = |round: usize| directory.join(format!("{scenario}.{server}.{round:02}.json"));
    let paths: Vec<PathBuf> = (1..=records.len()).map(path).collect();
    if let Some(exit) = refused(&paths) {
        return Ok(exit);
    }
    fs::create_dir_all(directory).map_err(|error| {
        let directory = directory.display();
        format!("cannot make {directory}: {error}; choose another --out")
    })?;
    let rounds = paths.iter().zip(records);
    rounds
        .into_iter()
        .try_for_each(|(path, record)| write(path, record))?;
    Ok(Exit::Done)
}

/// A name that was asked for is taken: nothing is written, as the line says.
fn refused(paths: &[PathBuf]) -> Option<Exit> {
    let taken = paths.iter().find(|path| output::is_taken(path))?.display();
    output::complain(&format!(
        "{taken} exists; choose another name, or remove it"
    ));
    Some(Exit::Usage)
}

fn write(path: &Path, record: &Record) -> Result<(), String> {
    let wanted = Wanted::open(&Some(path.to_owned()), "name")?;
    wanted.map_or(Ok(()), |wanted| wanted.write(&record.to_json()))
}
