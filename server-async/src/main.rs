//! The command line of `server-async`.

use std::process::ExitCode;

use server_async::Model;
use server_async::cli::{Cli, DEFAULT_LISTEN, SERVER};
use server_common::announce::announce;
use server_common::program::{self, list_models};
use server_common::stop::stop_on_signals;

fn main() -> ExitCode {
    program::main(SERVER, DEFAULT_LISTEN, run)
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    if cli.list_models {
        return list_models(Model::ALL.map(|model| (model.label(), model.description())));
    }
    server_async::check(cli.model)?;
    let mut options = cli.options()?;
    options.tls = cli.flags.tls(cli.model.protocols())?;
    let stop = stop_on_signals()?;
    let listeners = cli.flags.bind()?;
    announce(SERVER, cli.model.label(), options.tls.as_ref(), &listeners)?;
    server_async::run(listeners, cli.model, options, &stop)
}
