//! The command line, and what it asks for.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use server_common::flags::Flags;
use server_common::{announce, stop, usage};

use crate::model::Model;
use crate::{Options, SERVER};

/// Where the server listens if nothing is said.
const DEFAULT_LISTEN: &str = "0.0.0.0:8080";

const EXIT_FAILURE: u8 = 1;
const EXIT_USAGE: u8 = 2;

/// A non-blocking HTTP server: the same answers as server-sync, other ways of waiting.
#[derive(Debug, Parser)]
#[command(name = SERVER, version)]
struct Cli {
    #[command(flatten)]
    flags: Flags,

    /// Concurrency model.
    #[arg(long, value_name = "NAME", value_enum, default_value = Model::ALL[0].label())]
    model: Model,

    /// Print the models, one a line, and exit.
    #[arg(long)]
    list_models: bool,
}

/// Does what the command line asks for; the code is the process's.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match usage::parse::<Cli>(DEFAULT_LISTEN) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if cli.list_models {
        list_models();
        return ExitCode::SUCCESS;
    }
    let options = match cli.options() {
        Ok(options) => options,
        Err(message) => return fail(&message, EXIT_USAGE),
    };
    match serve(&cli, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}"), EXIT_FAILURE),
    }
}

impl Cli {
    fn options(&self) -> Result<Options, String> {
        let Flags { threads, .. } = self.flags;
        let threads = threads.map_or(self.model.default_threads(), usize::from);
        if self.model.max_threads().is_some_and(|max| threads > max) {
            let model = self.model.label();
            return Err(format!(
                "invalid value '{threads}' for '--threads <N>': model {model} has one thread; see --list-models"
            ));
        }
        Ok(Options {
            connection: self.flags.connection_options(true),
            write_timeout: self.flags.write_timeout,
            max_connections: self.flags.max_connections,
            threads,
        })
    }
}

fn serve(cli: &Cli, options: &Options) -> anyhow::Result<()> {
    let listeners = cli.flags.bind()?;
    let stop = stop::stop_on_signals().context("cannot wait for signals")?;
    announce::announce(SERVER, cli.model.label(), &listeners).context("cannot write to stdout")?;
    crate::run(listeners, cli.model, options, &stop)
}

fn list_models() {
    let width = Model::ALL.map(|model| model.label().len());
    let width = width.into_iter().max().unwrap_or(0);
    for model in Model::ALL {
        println!("{:width$}  {}", model.label(), model.sentence());
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("{SERVER}: {message}");
    ExitCode::from(code)
}
