//! The command line: what may be typed, and what is said when something else was.

mod bench;
mod bench_push;
mod compare;
mod environment;
mod error;
mod export;
mod history;
mod import;
mod man;
mod merge;
mod place;
mod push;
mod report;
mod run;
mod selected;
mod worker;

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use bench::BenchArgs;
pub use bench_push::BenchPushArgs;
pub use compare::CompareArgs;
pub use environment::{Applied, Environment};
pub(crate) use environment::{hide_variables, variable};
pub use error::UsageError;
pub use export::ExportArgs;
pub use history::HistoryArgs;
pub use import::{ImportArgs, ImportPlan, ImportTo};
pub use man::ManArgs;
pub use merge::MergeArgs;
pub use push::{PushArgs, PushFormat};
pub use report::ReportArgs;
#[cfg(test)]
pub(crate) use run::plan_of;
pub use run::{OutputPlan, RunArgs, Together, WebSocketArgs};
pub use worker::WorkerArgs;

pub(crate) use report::FILE_NAME as REPORT_FILE;
use run::FlagOrder;

use crate::output::ab_version;

/// What the program was asked to do.
#[derive(Debug)]
pub enum Command {
    /// Make load.
    Run(Box<RunArgs>),
    /// Send messages to and fro.
    WebSocket(Box<WebSocketArgs>),
    /// Measure servers against each other.
    Bench(Box<BenchArgs>),
    /// Compare results.
    Compare(CompareArgs),
    /// Write results in the format of another tool.
    Export(ExportArgs),
    /// Follow a metric over benchmarks.
    History(HistoryArgs),
    /// Make records of what other tools wrote.
    Import(ImportArgs),
    /// Make one record of the shards of a run.
    Merge(MergeArgs),
    /// Make load as a Locust master says.
    Worker(Box<WorkerArgs>),
    /// Show results as a page.
    Report(ReportArgs),
    /// Compare clients of servers that push.
    BenchPush(BenchPushArgs),
    /// Take what a server pushes.
    Push(Box<PushArgs>),
    /// Print the schema of what is written.
    Schema(SchemaArgs),
    /// Print what a shell completes by.
    Completions(CompletionsArgs),
    /// Print manual pages, or write them.
    Man(ManArgs),
}

/// The first line of `--help`.
const ABOUT: &str =
    "Loads an HTTP server and reports requests per second, failures and latency as JSON";

const AFTER_HELP: &str = "\
Without a command, loadgen takes ab's flags: loadgen -n 1000 -c 10 -k http://127.0.0.1:8080/

A variable may stand for a flag: LOADGEN_RATE for --rate, LOADGEN_KEEP_ALIVE=1 for -k, and for
--rounds of the command bench LOADGEN_BENCH_ROUNDS. Flags go before; loadgen man lists them all.

Exit codes: 0 done; 1 could not run, could not write a result, or nothing succeeded; 2 the command
line is wrong; 3 a gate was missed, or no rate keeps --slo; 5 gates were kept by a run that cannot
be believed; 130 a signal ended it, after its report";

#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    about = ABOUT,
    after_help = AFTER_HELP,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    subcommand: Option<Named>,
}

#[derive(Debug, Subcommand)]
enum Named {
    /// Send messages to and fro over WebSocket, and count round trips
    #[command(name = "websocket")]
    WebSocket(Box<WebSocketArgs>),
    /// Measure servers against each other, in interleaved rounds: any two, or those of this project
    Bench(Box<BenchArgs>),
    /// Compare two results: files of one run each, or directories of rounds
    Compare(CompareArgs),
    /// Write results in the format of another tool
    Export(ExportArgs),
    /// Follow a metric over all benchmarks of a directory
    History(HistoryArgs),
    /// Make records of what other tools wrote (oha, k6, vegeta, bombardier, autocannon, h2load, wrk,
    /// wrk2, ab), to be compared
    Import(ImportArgs),
    /// Make one record of the shards of a run (--shard), or of what Locust workers reported
    Merge(MergeArgs),
    /// Make load as a worker of a Locust master, which starts, ramps and stops it
    Worker(Box<WorkerArgs>),
    /// Show results as one HTML file, with charts
    Report(ReportArgs),
    /// Put blocking and asynchronous clients before the servers of this project, which push
    BenchPush(BenchPushArgs),
    /// Take what a server pushes, and see where messages wait
    Push(Box<PushArgs>),
    /// Print the JSON Schema of a result
    Schema(SchemaArgs),
    /// Print what a shell completes loadgen's flags by
    Completions(CompletionsArgs),
    /// Print the manual page of loadgen or of one of its commands, or write them all
    Man(ManArgs),
}

/// For which shell to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell: bash, elvish, fish, powershell or zsh
    #[arg(value_enum, hide_possible_values = true)]
    pub shell: Shell,
}

/// Which schema to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct SchemaArgs {
    /// What the schema describes: run (the record of a run), comparison (what was found in comparing
    /// two sides), find-max (what --find-max found), push (what loadgen push saw) or history (a metric
    /// over benchmarks)
    #[arg(value_enum, default_value = "run", hide_possible_values = true)]
    pub of: SchemaOf,
}

/// A kind of document.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SchemaOf {
    /// The record of a run
    Run,
    /// What was found in comparing two sides
    Comparison,
    /// What --find-max found
    FindMax,
    /// What loadgen push saw
    Push,
    /// What was found over benchmarks
    History,
}

/// The whole grammar: that of the commands, and that of a run beside them.
#[must_use]
pub fn command() -> clap::Command {
    // Beside the commands, not in `Cli`: a command needs none of the flags of a run.
    RunArgs::augment_args(Cli::command()).about(ABOUT)
}

/// The grammar that shells complete by: with a URL beside the commands, zsh would take a command for
/// it and complete none of its flags.
#[must_use]
pub fn command_to_complete() -> clap::Command {
    let whole = command();
    let flags = whole.get_arguments().filter(|flag| !flag.is_positional());
    Cli::command().args(flags.cloned())
}

/// Reads the command line, whatever variables are set.
///
/// # Errors
///
/// Those of [`parse_in`].
pub fn parse(argv: &[OsString]) -> Result<Command, UsageError> {
    parse_in(&Environment::default(), argv).map(|(command, _)| command)
}

/// A line about each variable that is meant for this program and unknown to it.
#[must_use]
pub fn strangers(environment: &Environment, argv: &[OsString]) -> Vec<String> {
    match environment.is_empty() || is_called_ab(argv) {
        true => Vec::new(),
        false => environment.strangers(&command()),
    }
}

/// Reads the command line, and of the environment what it leaves open: the variables that stand for
/// flags come with the command, for what is said of it later. Called as ab the program has flags
/// only, as ab.
///
/// # Errors
///
/// One line that names what is wrong and the next step; or, as clap's own error, the text of
/// `--help` or `--version`.
pub fn parse_in(
    environment: &Environment,
    argv: &[OsString],
) -> Result<(Command, Applied), UsageError> {
    let called_as_ab = is_called_ab(argv);
    let mut command = command();
    if called_as_ab {
        command = command.name("ab");
    }
    let (argv, variables) = match called_as_ab {
        true => (argv.to_vec(), Applied::default()),
        false => environment.apply(&command, argv)?,
    };
    let usage = |error: &clap::Error, command| match error.kind() {
        ErrorKind::DisplayVersion if called_as_ab => UsageError::Asked(ab_version()),
        _ => UsageError::of_clap(error, command, &argv, &variables),
    };
    let matches = command
        .try_get_matches_from_mut(&argv)
        .map_err(|error| usage(&error, &command))?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| usage(&error, &command))?;
    let command = match cli.subcommand {
        Some(Named::WebSocket(args)) => Command::WebSocket(args),
        Some(Named::Bench(mut args)) => {
            if let Some(matches) = matches.subcommand_matches("bench") {
                args.told(matches);
            }
            Command::Bench(args)
        }
        Some(Named::Compare(args)) => Command::Compare(args),
        Some(Named::Export(args)) => Command::Export(args),
        Some(Named::History(args)) => Command::History(args),
        Some(Named::Import(args)) => Command::Import(args),
        Some(Named::Merge(args)) => Command::Merge(args),
        Some(Named::Worker(args)) => Command::Worker(args),
        Some(Named::Report(args)) => Command::Report(args),
        Some(Named::BenchPush(args)) => Command::BenchPush(args),
        Some(Named::Push(args)) => Command::Push(args),
        Some(Named::Schema(args)) => Command::Schema(args),
        Some(Named::Completions(args)) => Command::Completions(args),
        Some(Named::Man(args)) => Command::Man(args),
        None => {
            let run = RunArgs::from_arg_matches(&matches);
            let mut run = run.map_err(|error| usage(&error, &command))?;
            run.told(FlagOrder::of(&matches), called_as_ab);
            Command::Run(Box::new(run))
        }
    };
    Ok((command, variables))
}

/// Whether the program's file is called `ab`: then it speaks as ab does.
fn is_called_ab(argv: &[OsString]) -> bool {
    let name = argv.first().and_then(|name| Path::new(name).file_name());
    name.is_some_and(|name| name == "ab")
}
