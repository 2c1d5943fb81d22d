//! The command line of `server-sync`.

use std::process::ExitCode;

use server_common::announce::announce;
use server_common::program::{self, list_models};
use server_common::stop::stop_on_signals;
use server_sync::Model;
use server_sync::cli::{Cli, DEFAULT_LISTEN, SERVER};
use wire::tls::Protocol;

fn main() -> ExitCode {
    program::main(SERVER, DEFAULT_LISTEN, run)
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    if cli.list_models {
        return list_models(Model::ALL.map(|model| (model.label(), model.description())));
    }
    let mut options = cli.options()?;
    options.tls = cli.flags.tls(&[Protocol::Http11])?;
    let stop = stop_on_signals()?;
    let listeners = cli.flags.bind()?;
    announce(SERVER, cli.model.label(), options.tls.as_ref(), &listeners)?;
    server_sync::run(listeners, cli.model, options, &stop)
}
