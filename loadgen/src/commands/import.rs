//! `loadgen import FILE…`.

use std::fs;
use std::path::{Path, PathBuf};

use super::wanted::Wanted;
use super::{conclude, print, refuse};
use crate::cli::{Applied, ImportArgs, ImportPlan, ImportTo};
use crate::exit::Exit;
use crate::import::{self, Rounds, Source};
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
            refuse_existing(path)?;
            write(path, &one()?)?;
            Ok(Exit::Done)
        }
        ImportTo::Directory(directory, common) => {
            let records = import::rounds(&sources, plan.from, common);
            let records = records.map_err(|error| error.to_string())?;
            write_rounds(directory, common, &records)?;
            Ok(Exit::Done)
        }
    }
}

/// As `loadgen bench` names them: `SCENARIO.SERVER.ROUND.json`.
fn write_rounds(directory: &Path, common: &Rounds, records: &[Record]) -> Result<(), String> {
    let Rounds { scenario, server } = common;
    let path = |round: usize| directory.join(format!("{scenario}.{server}.{round:02}.json"));
    let paths: Vec<PathBuf> = (1..=records.len()).map(path).collect();
    paths.iter().try_for_each(|path| refuse_existing(path))?;
    fs::create_dir_all(directory).map_err(|error| {
        let directory = directory.display();
        format!("cannot make {directory}: {error}; choose another --out")
    })?;
    let rounds = paths.iter().zip(records);
    rounds
        .into_iter()
        .try_for_each(|(path, record)| write(path, record))
}

fn refuse_existing(path: &Path) -> Result<(), String> {
    // What is no file, such as /dev/null, may be written to.
    let is_in_the_way = fs::symlink_metadata(path).is_ok_and(|it| it.is_file() || it.is_dir());
    match is_in_the_way {
        true => Err(format!(
            "{} exists; choose another name, or remove it",
            path.display()
        )),
        false => Ok(()),
    }
}

fn write(path: &Path, record: &Record) -> Result<(), String> {
    let wanted = Wanted::open(&Some(path.to_owned()), "name")?;
    wanted.map_or(Ok(()), |wanted| wanted.write(&record.to_json()))
}
