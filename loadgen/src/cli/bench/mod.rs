//! Flags of `loadgen bench`. One file for each heading of `--help`.

mod gates;
mod instead;
mod load;
mod part;
mod servers;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Id};

use super::UsageError;
use super::place::Place;
use crate::bench::BenchPlan;
use crate::bench::plan::{self, Source};
use gates::ToKeep;
use instead::Instead;
use load::Load;
use part::Part;
use servers::Servers;

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 could not run; 2 the command line or the plan is wrong; 3 a gate was missed;
5 a run cannot be believed; 130 a signal ended it, and complete rounds were kept";

/// How to compare servers.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct BenchArgs {
    /// What to measure: bench, models, or the path of a TOML file [default: bench]
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Print the plan and how long it takes, and measure nothing
    #[arg(long)]
    list: bool,
    /// Directory for the results [default: results/DATE-COMMIT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Directory of the servers' programs [default: where loadgen is]
    #[arg(long, value_name = "DIR")]
    servers: Option<PathBuf>,
    #[command(flatten)]
    any: Servers,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    instead: Instead,
    #[command(flatten)]
    to_keep: ToKeep,
    #[command(flatten)]
    load: Load,

    /// The first flag of a load that was typed.
    #[arg(skip)]
    load_flag: Option<String>,
}

impl BenchArgs {
    /// Flags that nobody typed and that have no place beside those that were; `server` is what a
    /// variable says for `--server`.
    pub(super) fn out_of_place_beside(typed: &ArgMatches, server: Option<&OsStr>) -> Vec<Id> {
        Servers::out_of_place_beside(typed, server)
    }

    /// What the values do not say: which flags were typed.
    pub(super) fn told(&mut self, matches: &ArgMatches) {
        self.load_flag = Load::flag_in(matches);
    }

    /// What must not be repeated of the command line, beside passwords in URLs: each is the end of a
    /// word of it.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let secrets = self.load.secrets();
        secrets
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether the plan is to be printed, not carried out.
    #[must_use]
    pub fn lists(&self) -> bool {
        self.list
    }

    /// What to do, in types.
    ///
    /// # Errors
    ///
    /// One line that names what is missing, or what in the plan makes no sense.
    pub fn into_plan(self) -> Result<BenchPlan, UsageError> {
        let asked = self.any.asked()?;
        let Place {
            programs,
            cores,
            out,
        } = Place::of(self.servers, self.out, "")?;
        let plan = match asked.servers.is_empty() {
            true => {
                check_no_load(self.load_flag.as_deref(), self.plan.as_deref())?;
                let place = plan::Place {
                    programs: &programs,
                    cores,
                    out: &out,
                };
                self.plan.map(Source::from).unwrap_or_default().read(&place)
            }
            false if self.plan.is_some() => return Err(servers::with_plan()),
            false => {
                servers::check_count(&asked.servers, self.part.is_against_itself())?;
                let is_https = servers::is_https(&asked.servers);
                let load = self.load.scenario(is_https)?;
                servers::check_tls(&asked.servers, load.tls)?;
                servers::check_path(&asked.servers, self.load.path())?;
                Ok(BenchPlan::ad_hoc(asked.servers, load, cores, &out))
            }
        };
        let plan = plan.and_then(|plan| self.part.of(plan, asked.patterns));
        let plan = plan.map_err(|error| UsageError::line(error.to_string()))?;
        let plan = self.to_keep.add_to(self.instead.change(plan)?);
        plan.check().map_err(UsageError::line)?;
        Ok(plan)
    }
}

/// A plan says its loads itself.
fn check_no_load(flag: Option<&str>, plan: Option<&Path>) -> Result<(), UsageError> {
    let Some(flag) = flag else {
        return Ok(());
    };
    Err(UsageError::line(match plan {
        Some(plan) => format!(
            "{flag} and --plan do not go together, since a plan says its loads itself; drop \
             {flag}, or write it into a copy of {}",
            plan.display()
        ),
        None => format!(
            "{flag} is a load on servers of your own; name them by their URLs or with --server \
             NAME=COMMAND"
        ),
    }))
}
