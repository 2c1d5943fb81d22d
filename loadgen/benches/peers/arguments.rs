//! What is asked for on the command line.

use std::env;

use clap::Parser;

use crate::bare;
use crate::scenario::{self, Scenario};
use crate::stand_in;

/// What cargo adds to the arguments of a benchmark, and to nobody else's.
const CARGO_BENCH: &str = "--bench";

/// What this program is to do.
pub(crate) enum Wish {
    /// A test runner that lists or runs everything comes by here too.
    Nothing,
    /// Be a bare loop, for the benchmark that started it.
    BareLoop,
    /// Be a server, likewise.
    StandIn,
    /// Name the scenarios.
    List,
    /// Measure these, in the order of [`scenario::ALL`].
    Measure {
        scenarios: Vec<&'static Scenario>,
        is_quick: bool,
    },
}

/// Measures loadgen and the servers against their peers.
#[derive(Debug, Parser)]
#[command(name = "peers")]
struct Arguments {
    /// Scenarios to measure [default: all but those that must be named]
    #[arg(value_name = "NAME", value_parser = scenario_name)]
    names: Vec<String>,
    /// List the scenarios
    #[arg(long)]
    list: bool,
    /// Make fewer and shorter rounds: only websocket and push do
    #[arg(long)]
    quick: bool,
    #[arg(long, hide = true)]
    bench: bool,
}

/// Reads the command line; ends the process if it makes no sense.
pub(crate) fn wish() -> Wish {
    let has = |flag: &str| env::args().any(|argument| argument == flag);
    if has(bare::FLAG) {
        return Wish::BareLoop;
    }
    if has(stand_in::FLAG) {
        return Wish::StandIn;
    }
    if !has(CARGO_BENCH) {
        return Wish::Nothing;
    }
    let arguments = Arguments::parse();
    if arguments.list {
        return Wish::List;
    }
    let is_wanted = |scenario: &&Scenario| match arguments.names.as_slice() {
        [] => scenario.is_default,
        names => names.iter().any(|name| name == scenario.name),
    };
    Wish::Measure {
        scenarios: scenario::ALL.iter().filter(is_wanted).collect(),
        is_quick: arguments.quick,
    }
}

fn scenario_name(text: &str) -> Result<String, String> {
    match scenario::ALL.iter().any(|scenario| scenario.name == text) {
        true => Ok(text.to_owned()),
        false => Err("no such scenario; see --list".to_owned()),
    }
}
