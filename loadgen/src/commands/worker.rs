//! `loadgen worker`.

use std::ffi::OsString;

use super::{conclude, interrupt_flag, mask, refuse};
use crate::cli::{Applied, WorkerArgs};
use crate::exit::Exit;
use crate::locust::Worker;
use crate::system::limits::raise_open_files_limit;

/// Makes load as a Locust master says, until the master or a signal ends it.
#[must_use]
pub fn worker(args: &WorkerArgs, argv: &[OsString], variables: &Applied) -> Exit {
    match args.worker(mask(argv, &[])) {
        Ok(worker) => conclude(serve(worker), variables),
        Err(error) => refuse(&error, variables),
    }
}

fn serve(worker: Worker) -> Result<Exit, String> {
    let interrupted = interrupt_flag()?;
    raise_open_files_limit();
    let ended = worker.run(&interrupted);
    ended.map_err(|error| format!("cannot start the worker: {error}; see the limits (ulimit -a)"))
}
