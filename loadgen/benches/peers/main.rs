//! How fast loadgen and the two servers are, as ratios to programs that do the same work: wrk,
//! ab, h2load, oha and hey as clients, nginx, hyper and may_minihttp as servers, and bare loops,
//! which do the least that a client or a server can. All are measured by turns in one run.
//!
//! `cargo bench -p loadgen --bench peers` takes about a quarter of an hour and prints what was
//! measured and each goal with `met` or `missed`. `-- --list` names the scenarios, `-- NAME...` runs
//! some of them; `system-calls`, which takes root, `ten-million`, `live-view` and `websocket`, which
//! take some minutes, and `push` run only when they are named.
//!
//! Peers come from the directory that the variable `PEERS_BIN` names, else from `PATH`; goals
//! about those that are not there are marked as missing. A missed goal is a result like another:
//! the exit code is 1 only if something that is there could not be measured.
//!
//! - [`arguments`]: what is asked for; [`scenario`]: all that can be measured;
//! - [`matrix`]: clients against servers under a [`load`], in [`rounds`];
//! - [`goal`]: what the measurements are held against;
//! - [`client`], [`server`]: the programs that are compared, and how each is run;
//! - [`websocket`]: relays and ping-pong clients, ours and others';
//! - [`bare`]: the bare loops; [`stand_in`]: the servers that stand beside ours;
//! - [`program`]: where programs are found; [`process`]: a started one, which always ends;
//! - [`spread`], [`table`]: rounds as one number, and how it is shown.

mod arguments;
mod bare;
mod client;
mod goal;
mod interrupt;
mod load;
mod matrix;
mod process;
mod program;
mod rounds;
mod scenario;
mod server;
mod spread;
mod stand_in;
mod table;
mod websocket;

use std::process::ExitCode;

use anyhow::ensure;
use loadgen::system::affinity::{CoreSplit, CpuSet};
use loadgen::system::limits::raise_open_files_limit;
use tempfile::TempDir;

use arguments::Wish;
use interrupt::Interrupt;
use scenario::Scenario;
use server::Certificate;

/// What every measurement needs.
struct Bench {
    /// Who runs where.
    cores: CoreSplit,
    /// Configurations and outputs; removed at the end.
    directory: TempDir,
    /// Of every server that speaks TLS.
    certificate: Certificate,
    /// Whether to look is enough, where there is a short way.
    is_quick: bool,
    interrupt: Interrupt,
}

fn main() -> ExitCode {
    let done = match arguments::wish() {
        Wish::Nothing => {
            println!("peers: nothing is measured without `cargo bench`");
            Ok(true)
        }
        Wish::BareLoop => bare::main().map(|()| true),
        Wish::StandIn => stand_in::main().map(|()| true),
        Wish::List => {
            table::print_scenarios(&scenario::ALL);
            Ok(true)
        }
        Wish::Measure {
            scenarios,
            is_quick,
        } => measure(&scenarios, is_quick),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one scenario after the other, then shows the goals of all; whether all that is there
/// could be measured.
fn measure(scenarios: &[&Scenario], is_quick: bool) -> anyhow::Result<bool> {
    let bench = Bench::new(is_quick)?;
    program::build_servers()?;
    program::tell_missing();
    let mut is_whole = true;
    let mut judged = Vec::new();
    for scenario in scenarios {
        eprintln!("peers: {} …", scenario.name);
        println!("\n{}: {}\n", scenario.name, scenario.about);
        match (scenario.measure)(&bench) {
            Ok(report) => {
                is_whole &= report.is_whole;
                judged.push((*scenario, Ok(report.verdicts)));
            }
            Err(error) if bench.interrupt.has_come() => return Err(error),
            Err(error) => {
                is_whole = false;
                judged.push((*scenario, Err(error)));
            }
        }
    }
    table::print_goals(&judged);
    Ok(is_whole)
}

impl Bench {
    fn new(is_quick: bool) -> anyhow::Result<Self> {
        let cores = CpuSet::of_this_thread()?.split();
        ensure!(
            !cores.is_shared(),
            "one core for load and server together: nothing measured so means anything"
        );
        // For all that is started here.
        raise_open_files_limit();
        // One core each, however many there are: it is one thread that is compared.
        let first = |set: CpuSet| set.cores().take(1).collect();
        let directory = TempDir::new()?;
        Ok(Self {
            cores: CoreSplit {
                load: first(cores.load),
                server: first(cores.server),
            },
            certificate: Certificate::make(directory.path())?,
            directory,
            is_quick,
            interrupt: Interrupt::new()?,
        })
    }
}
