//! The search for the highest rate that keeps an objective.

use std::time::Duration;

use clap::{ArgMatches, Args, Id};

use super::super::UsageError;
use super::super::environment::is_typed;
use super::RunArgs;
use crate::output::Format;
use crate::plan::{Rate, Slo};

/// Where a search begins unless `--rate` says it: little enough for most servers.
const START: Rate = Rate::constant(100.0);

/// How long a step is unless `--duration` says it: at the start's rate 500 requests.
const STEP: Duration = Duration::from_secs(5);

/// How long a step warms up unless `--warmup` or the objective asks for more: connections are
/// opened, caches filled.
const WARMUP: Duration = Duration::from_millis(500);

/// Flags about a single run, which have no meaning in a search.
const OF_ONE_RUN: [&str; 13] = [
    "requests",
    "time_limit",
    "max_error_rate",
    "max_p99",
    "min_rate",
    "percentiles_file",
    "gnuplot_file",
    "samples",
    "server_pid",
    "verbosity",
    "shard",
    "run_id",
    "start_at",
];

/// Flags about the search.
#[derive(Debug, Args)]
#[command(next_help_heading = "Finding the highest rate")]
pub(super) struct FindMax {
    /// Find the highest rate that keeps --slo, in steps of --duration [default: 5s] with --warmup
    /// [default: 500ms, and never less than the p99 of --slo]: begin at --rate [default: 100/s], double it, then close in to 5 %
    #[arg(long)]
    find_max: bool,
    /// With --find-max, what a rate must keep, such as p99=50ms or p99=50ms,error-rate=0.1%; the
    /// p99 is that of the times since the intended starts [default error-rate: 1%]
    #[arg(long, value_name = "OBJECTIVE")]
    slo: Option<Slo>,
}

impl RunArgs {
    /// Flags that nobody typed and that have no place beside those that were.
    pub(in crate::cli) fn out_of_place_beside(typed: &ArgMatches) -> Vec<Id> {
        let search = ["find_max", "slo"];
        let has = |flags: &[&str]| flags.iter().any(|flag| is_typed(typed, flag));
        let gone: &[&'static str] = match (has(&search), has(&OF_ONE_RUN)) {
            (true, _) => &OF_ONE_RUN,
            (false, true) => &search,
            (false, false) => &[],
        };
        gone.iter().map(|&flag| flag.into()).collect()
    }

    /// The objective, if the highest rate that keeps it is to be found.
    ///
    /// # Errors
    ///
    /// One line that names a flag to add, or one to drop because it has no meaning in a search.
    pub fn slo(&self) -> Result<Option<Slo>, UsageError> {
        let FindMax { find_max, slo } = self.find_max;
        match (find_max, slo) {
            (false, None) => Ok(None),
            (true, None) => Err(UsageError::line(
                "--find-max needs to know what a rate must keep; add --slo p99=TIME",
            )),
            (false, Some(_)) => Err(UsageError::line(
                "--slo is what --find-max searches by; add --find-max, or use --max-p99 for one run",
            )),
            (true, Some(slo)) => match self.out_of_place() {
                None => Ok(Some(slo)),
                Some(line) => Err(UsageError::line(line)),
            },
        }
    }

    /// Fills in what is different by default in a search.
    pub(super) fn with_defaults_of_search(mut self) -> Self {
        if self.find_max.find_max {
            self.when.rate.get_or_insert(START);
            self.how_much.begin_with(STEP, WARMUP);
        }
        self
    }

    /// The flag of the first file that is about a single run.
    fn file_of_one_run(&self) -> Option<&'static str> {
        [
            ("-e", self.as_ab.percentiles_file.is_some()),
            ("-g", self.as_ab.gnuplot_file.is_some()),
            ("--samples", self.output.samples.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// What is said of the first flag that has no meaning in a search.
    fn out_of_place(&self) -> Option<String> {
        let drop = |flag: &str, why: &str| format!("--find-max {why}; drop {flag}");
        let ends = |flag| drop(flag, "ends each step after --duration");
        let gate = |flag| drop(flag, "holds each step against --slo");
        let file = |flag| drop(flag, "writes no requests or percentiles of a single run");
        let ramp = |rate| format!("--find-max begins at one rate, not at {rate}; give one --rate");
        let server = |flag| drop(flag, "does not report what the server paid");
        let shard = |flag| drop(flag, "makes many runs, in a single process");
        let level = |flag| drop(flag, "shows no single answers");
        let rate = self.when.rate.filter(Rate::is_ramp);
        let as_ab = self.output.format(self.as_ab.format(), self.called_as_ab) == Format::Ab;
        let ab = || "--find-max has no place in ab's text; use --format json or text".to_owned();
        (self.how_much.count_flag().map(ends))
            .or_else(|| rate.map(ramp))
            .or_else(|| self.gates.flag().map(gate))
            .or_else(|| self.file_of_one_run().map(file))
            .or_else(|| self.server.flag().map(server))
            .or_else(|| self.shards.flag().map(shard))
            .or_else(|| (self.output.verbosity > 0).then(|| level("-v")))
            .or_else(|| as_ab.then(ab))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Command, parse};
    use crate::plan::Plan;

    fn plan(flags: &str) -> Result<(Option<Slo>, Plan), String> {
        let line = format!("loadgen {flags} http://127.0.0.1:1/");
        let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let args = match parse(&argv).map_err(|error| error.to_string())? {
            Command::Run(args) => args,
            other => panic!("{other:?}"),
        };
        let slo = args.slo().map_err(|error| error.to_string())?;
        let (plan, _) = args.into_plan().map_err(|error| error.to_string())?;
        Ok((slo, plan))
    }

    #[test]
    fn a_search_has_steps_of_five_seconds_from_a_hundred_a_second_on() {
        let (slo, plan) = plan("--find-max --slo p99=50ms").unwrap();
        assert_eq!(slo.unwrap().p99, Duration::from_millis(50));
        let schedule = plan.load.schedule().unwrap();
        assert_eq!(schedule.rate, Rate::constant(100.0));
        assert_eq!((plan.stop.duration, plan.stop.requests), (Some(STEP), None));
        assert_eq!((plan.warmup, plan.load.connections), (WARMUP, 1000));
    }

    #[test]
    fn what_is_said_of_rate_and_time_holds_for_the_steps() {
        let (_, plan) =
            plan("--find-max --slo p99=1s --rate 7 --duration 2s --warmup 0s -c 3").unwrap();
        assert_eq!(plan.load.schedule().unwrap().rate, Rate::constant(7.0));
        assert_eq!(plan.stop.duration, Some(Duration::from_secs(2)));
        assert_eq!((plan.warmup, plan.load.connections), (Duration::ZERO, 3));
    }

    #[test]
    fn a_run_without_a_search_is_as_before() {
        let (slo, plan) = plan("-n 5").unwrap();
        assert_eq!(
            (slo, plan.load.schedule(), plan.warmup),
            (None, None, Duration::ZERO)
        );
    }

    #[test]
    fn what_does_not_go_together_is_said_with_the_flag_to_drop_or_add() {
        for (flags, words) in [
            ("--find-max", "add --slo p99=TIME"),
            ("--slo p99=5ms", "add --find-max"),
            ("-n 5", "drop -n"),
            ("-t 5", "drop -t"),
            ("-t 5 -n 5", "drop -n"),
            ("--rate 1..5", "give one --rate"),
            ("--max-p99 5ms", "drop --max-p99"),
            ("--max-error-rate 1%", "drop --max-error-rate"),
            ("--min-rate 5", "drop --min-rate"),
            ("-e times.csv", "drop -e"),
            ("-g rows.tsv", "drop -g"),
            ("--samples all.csv", "drop --samples"),
            ("--server-pid 1", "drop --server-pid"),
            ("-v 2", "drop -v"),
            ("--shard 0/4 --run-id a", "drop --shard"),
            ("--run-id a", "drop --run-id"),
            ("--start-at 5", "drop --start-at"),
            ("--format ab", "use --format json or text"),
            ("-w", "use --format json or text"),
            ("--slo p50=5ms", "give p99=TIME"),
        ] {
            let flags = match flags.starts_with("--find-max") || flags.starts_with("--slo") {
                true => flags.to_owned(),
                false => format!("--find-max --slo p99=5ms {flags}"),
            };
            let error = plan(&flags).unwrap_err();
            assert!(
                error.contains(words) && !error.contains('\n'),
                "{flags}: {error}"
            );
        }
    }
}
