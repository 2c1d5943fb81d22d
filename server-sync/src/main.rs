//! The command line of `server-sync`.

use std::process::ExitCode;

use server_common::announce::announce;
use server_common::stop::stop_on_signals;
use server_common::usage;
use server_sync::Model;
use server_sync::cli::{Cli, DEFAULT_LISTEN, SERVER};

fn main() -> ExitCode {
    let cli: Cli = match usage::parse(DEFAULT_LISTEN) {
        Ok(cli) => cli,
        Err(exit_code) => return exit_code,
    };
    let result = match cli.list_models {
        true => Model::list(),
        false => serve(&cli),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{SERVER}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: &Cli) -> anyhow::Result<()> {
    let stop = stop_on_signals()?;
    let listeners = cli.flags.bind()?;
    announce(SERVER, cli.model.label(), &listeners)?;
    server_sync::run(listeners, cli.model, cli.options(), &stop)
}
