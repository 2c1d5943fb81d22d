//! The command line of `loadgen`.

use std::ffi::OsString;
use std::process::ExitCode;

use loadgen::cli::{self, Command, Environment, UsageError};
use loadgen::exit::Exit;
use loadgen::{commands, output};

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_this_process();
    for line in cli::strangers(&environment, &argv) {
        output::complain(&line);
    }
    let exit = match cli::parse_in(&environment, &argv) {
        Ok(Command::Run(args)) => commands::run(*args, &argv),
        Ok(Command::WebSocket(args)) => commands::websocket(*args, &argv),
        Ok(Command::Bench(args)) => commands::bench(*args, &argv),
        Ok(Command::Compare(args)) => commands::compare(&args),
        Ok(Command::Export(args)) => commands::export(&args),
        Ok(Command::History(args)) => commands::history(&args),
        Ok(Command::Import(args)) => commands::import(args),
        Ok(Command::Report(args)) => commands::report(&args),
        Ok(Command::BenchPush(args)) => commands::bench_push(args),
        Ok(Command::Push(args)) => commands::push(&args, &argv),
        Ok(Command::Schema(args)) => commands::schema(args.of),
        Ok(Command::Completions(args)) => commands::completions(args.shell),
        Ok(Command::Man(args)) => commands::man(&args),
        Err(UsageError::Asked(text)) => commands::print(&text),
        Err(UsageError::Line(line)) => {
            output::complain(&line);
            Exit::Usage
        }
    };
    ExitCode::from(exit.code())
}
