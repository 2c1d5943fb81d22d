//! How fast loadgen and the two servers are, as ratios to programs that do the same work: wrk, oha
//! and ab as clients, nginx as a server, all measured by turns in one run.
//!
//! `cargo bench -p loadgen --bench peers` takes about two minutes and prints what was measured and
//! each goal with `met` or `missed`. With `-- --ten-million` it asks instead whether loadgen's
//! memory stays small over ten million requests, which takes about three.
//!
//! Peers come from the directory that the variable `PEERS_BIN` names, else from `PATH`; goals
//! about those that are not there are marked as missing. A missed goal is a result like another:
//! the exit code is 1 only if something could not be measured.
//!
//! - [`scenario`]: what is measured, a matrix of servers and clients, in rounds;
//! - [`goal`]: what the measurements are held against;
//! - [`client`], [`server`]: the programs that are compared, and how each is run;
//! - [`memory`]: ten million requests;
//! - [`program`]: where programs are found; [`process`]: a started one, which always ends;
//! - [`spread`], [`table`]: rounds as one number, and how it is shown.

mod client;
mod goal;
mod interrupt;
mod memory;
mod process;
mod program;
mod scenario;
mod server;
mod spread;
mod table;

use std::process::ExitCode;

use anyhow::ensure;
use loadgen::system::affinity::{CoreSplit, CpuSet};
use tempfile::TempDir;

use interrupt::Interrupt;

/// What every measurement needs.
struct Bench {
    /// Who runs where.
    cores: CoreSplit,
    /// Configurations and outputs; removed at the end.
    directory: TempDir,
    interrupt: Interrupt,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    if !is("--bench") {
        // A test runner that lists or runs everything comes by here too.
        println!("peers: nothing is measured without `cargo bench`");
        return ExitCode::SUCCESS;
    }
    match run(is("--ten-million")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(ten_million: bool) -> anyhow::Result<()> {
    let bench = Bench::new()?;
    program::build_servers()?;
    if ten_million {
        return memory::measure(&bench);
    }
    program::tell_missing();
    let measured = scenario::ALL
        .iter()
        .map(|scenario| scenario.measure(&bench))
        .collect::<anyhow::Result<Vec<_>>>()?;
    for measured in &measured {
        table::print_cells(measured);
    }
    table::print_goals(&measured);
    Ok(())
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let cores = CpuSet::of_this_thread()?.split();
        ensure!(
            !cores.is_shared(),
            "one core for load and server together: nothing measured so means anything"
        );
        // One core each, however many there are: it is one thread that is compared.
        let first = |set: CpuSet| set.cores().take(1).collect();
        Ok(Self {
            cores: CoreSplit {
                load: first(cores.load),
                server: first(cores.server),
            },
            directory: TempDir::new()?,
            interrupt: Interrupt::new()?,
        })
    }
}
