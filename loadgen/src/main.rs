//! The command line of `loadgen`.

use std::ffi::OsString;
use std::process::ExitCode;

use loadgen::cli::{self, Applied, Command, Environment, UsageError};
use loadgen::exit::Exit;
use loadgen::{commands, output};

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_this_process();
    for line in cli::strangers(&environment, &argv) {
        output::complain(&line);
    }
    let exit = match cli::parse_in(&environment, &argv) {
        Ok((command, variables)) => carry_out(command, &argv, &variables),
        Err(UsageError::Asked(text)) => commands::print(&text),
        Err(UsageError::Line(line)) => {
            output::complain(&line);
            Exit::Usage
        }
    };
    ExitCode::from(exit.code())
}

/// `variables` stand for flags of `command`.
fn carry_out(command: Command, argv: &[OsString], variables: &Applied) -> Exit {
    match command {
        Command::Run(args) => commands::run(*args, argv, variables),
        Command::WebSocket(args) => commands::websocket(*args, argv, variables),
        Command::Bench(args) => commands::bench(*args, argv, variables),
        Command::Compare(args) => commands::compare(&args, variables),
        Command::Export(args) => commands::export(&args, variables),
        Command::History(args) => commands::history(&args, variables),
        Command::Import(args) => commands::import(args, variables),
        Command::Merge(args) => commands::merge(&args, variables),
        Command::Worker(args) => commands::worker(&args, argv, variables),
        Command::Report(args) => commands::report(&args, variables),
        Command::BenchPush(args) => commands::bench_push(args, variables),
        Command::Push(args) => commands::push(&args, argv, variables),
        Command::Schema(args) => commands::schema(args.of),
        Command::Completions(args) => commands::completions(args.shell),
        Command::Man(args) => commands::man(&args, variables),
    }
}
