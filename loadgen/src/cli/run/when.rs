//! When requests start: as soon as others end, or by a schedule (open loop).

use std::num::NonZeroUsize;

use clap::Args;

use super::super::UsageError;
use crate::plan::{Arrival, CONNECTIONS_MAX, Rate, Schedule, Spread, above_zero};

/// Requests in flight in open loop, at most, unless said otherwise.
const MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(crate::plan::MAX_IN_FLIGHT).unwrap();

/// Flags about when.
#[derive(Debug, Args)]
#[command(next_help_heading = "When")]
pub(in crate::cli) struct When {
    /// Start N requests per second, whatever the server answers; 30/m is per minute, A..B a ramp
    /// [default: the next request starts when one ends]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) rate: Option<Rate>,
    /// With --rate, how starts are spread: constant (evenly) or poisson (at random, as independent
    /// users come) [default: constant]
    #[arg(long, value_enum, value_name = "SPREAD", hide_possible_values = true)]
    arrival: Option<Spread>,
    /// Whatever is drawn at random is the same again with the same number
    #[arg(long, value_name = "N", default_value = "1")]
    pub(super) seed: u64,
    /// With --rate, requests in flight, at most; one that finds no place waits, and its time counts;
    /// with --pipeline or --streams write -c [default: -c if given, else 1000]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    max_in_flight: Option<NonZeroUsize>,
    /// With --rate, start to the microsecond: await the last 100 us on the CPU instead of asleep
    #[arg(long)]
    spin: bool,
}

impl When {
    /// When requests start.
    pub(in crate::cli) fn arrival(&self) -> Result<Arrival, UsageError> {
        let Some(rate) = self.rate else {
            return match self.flag_of_open_loop() {
                None => Ok(Arrival::Closed),
                Some(flag) => Err(UsageError::line(format!(
                    "{flag} has a meaning only with --rate; add --rate N or drop {flag}"
                ))),
            };
        };
        Ok(Arrival::Open(Schedule {
            rate,
            spacing: self.arrival.unwrap_or_default().spacing(self.seed),
            spin: self.spin,
        }))
    }

    /// Connections open at a time, at most, of all `processes` together, `concurrency` being what
    /// `-c` says.
    pub(in crate::cli) fn connections(
        &self,
        concurrency: Option<NonZeroUsize>,
        processes: u64,
    ) -> Result<NonZeroUsize, UsageError> {
        let (flag, connections) = match (concurrency, self.max_in_flight) {
            (Some(c), Some(max)) if c != max => {
                return Err(UsageError::line(format!(
                    "-c {c} and --max-in-flight {max} are different numbers for the same thing; \
                     drop one of them"
                )));
            }
            (Some(c), _) => ("-c", c),
            (None, Some(max)) => ("--max-in-flight", max),
            (None, None) if self.rate.is_some() => ("--max-in-flight", MAX_IN_FLIGHT),
            (None, None) => ("-c", NonZeroUsize::MIN),
        };
        if (connections.get() as u64) < processes {
            return Err(UsageError::line(format!(
                "{flag} {connections} cannot be divided among {processes} shards; raise {flag} to \
                 {processes} or more, or use fewer shards"
            )));
        }
        let is_too_many = connections.get() as u64 > CONNECTIONS_MAX as u64 * processes;
        match (is_too_many, processes) {
            (false, _) => Ok(connections),
            (true, 1) => Err(UsageError::line(format!(
                "{flag} {connections} is over {CONNECTIONS_MAX}; choose a smaller {flag}"
            ))),
            (true, shards) => Err(UsageError::line(format!(
                "{flag} {connections} is over {CONNECTIONS_MAX} for each of {shards} shards; use \
                 more shards or choose a smaller {flag}"
            ))),
        }
    }

    /// With several requests on each connection, connections are not what is in flight.
    pub(in crate::cli) fn check_in_flight(
        &self,
        on_each_connection: usize,
    ) -> Result<(), UsageError> {
        match self.max_in_flight {
            Some(max) if on_each_connection > 1 => Err(UsageError::line(format!(
                "--max-in-flight {max} does not say how many connections have \
                 {on_each_connection} requests each; write -c, the connections, instead"
            ))),
            _ => Ok(()),
        }
    }

    fn flag_of_open_loop(&self) -> Option<&'static str> {
        [
            ("--arrival", self.arrival.is_some()),
            ("--max-in-flight", self.max_in_flight.is_some()),
            ("--spin", self.spin),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

#[cfg(test)]
mod tests {
    use super::super::typed::plan;
    use crate::plan::{Load, Rate, Schedule, Spacing};

    fn load(flags: &str) -> Result<Load, String> {
        plan(&format!("{flags} http://127.0.0.1:1/")).map(|plan| plan.load)
    }

    fn schedule(flags: &str) -> Schedule {
        *load(flags).unwrap().schedule().unwrap()
    }

    #[test]
    fn without_a_rate_the_loop_is_closed() {
        let load = load("-n 10 -c 3").unwrap();
        assert_eq!((load.schedule(), load.connections), (None, 3));
    }

    #[test]
    fn a_rate_makes_a_schedule() {
        let plain = Schedule {
            rate: Rate::constant(500.0),
            spacing: Spacing::Constant,
            spin: false,
        };
        assert_eq!(schedule("--rate 500/s"), plain);
        let ramp = Schedule {
            rate: Rate {
                from_per_second: 100.0,
                to_per_second: 500.0,
            },
            spin: true,
            ..plain
        };
        assert_eq!(schedule("--rate 100..500 --spin --duration 5s"), ramp);
        assert_eq!(schedule("--rate 100..500 --spin -t 5"), ramp);
        let poisson = |seed| Schedule {
            spacing: Spacing::Poisson { seed },
            ..plain
        };
        let spread = "--rate 500 --arrival poisson";
        assert_eq!(schedule(spread), poisson(1));
        assert_eq!(schedule(&format!("{spread} --seed 7")), poisson(7));
    }

    #[test]
    fn requests_in_flight_are_said_by_either_name() {
        let connections = |flags: &str| load(flags).unwrap().connections;
        assert_eq!(connections("--rate 5"), 1000);
        assert_eq!(connections("--rate 5 -c 20"), 20);
        assert_eq!(connections("--rate 5 --max-in-flight 20"), 20);
        assert_eq!(connections("--rate 5 --max-in-flight 20 -c 20"), 20);
        assert_eq!(connections("--rate 5 --max-in-flight 20 --http2"), 20);
        assert_eq!(connections("--rate 5 -c 20 --http2 --streams 4"), 20);
    }

    #[test]
    fn what_cannot_be_divided_is_named_by_the_flag_that_was_given() {
        for (flags, words) in [
            (
                "-c 3 -n 100 --shard 0/4",
                "-c 3 cannot be divided among 4 shards; raise -c to 4",
            ),
            ("--duration 1s --shard 0/4", "-c 1 cannot be divided"),
            ("--rate 10 -c 3 --shard 0/4", "raise -c to 4"),
            (
                "--rate 10 --max-in-flight 3 --shard 0/4",
                "--max-in-flight 3 cannot be divided among 4 shards; raise --max-in-flight to 4",
            ),
            (
                "--rate 10000 --shard 0/2000",
                "--max-in-flight 1000 cannot be divided among 2000 shards",
            ),
        ] {
            let error = load(&format!("--run-id a {flags}")).unwrap_err();
            assert!(
                error.contains(words) && !error.contains('\n'),
                "{flags}: {error}"
            );
        }
    }

    #[test]
    fn what_does_not_go_together_is_said_with_the_flag_to_drop() {
        for (flags, words) in [
            ("--arrival poisson", "drop --arrival"),
            ("--max-in-flight 10", "drop --max-in-flight"),
            ("--spin", "drop --spin"),
            ("--rate 1..5", "add --duration or give one rate"),
            ("--rate 1..5 -n 100", "add --duration or give one rate"),
            ("--rate 5 -c 3 --max-in-flight 4", "drop one of them"),
            (
                "--rate 5 --max-in-flight 20001",
                "--max-in-flight 20001 is over 20000",
            ),
            (
                "--rate 5 --max-in-flight 8 -k --pipeline 4",
                "write -c, the connections",
            ),
            (
                "--rate 5 --max-in-flight 8 -c 8 --http2 --streams 4",
                "write -c, the connections",
            ),
            ("--rate 0", "give a rate above 0"),
            ("--rate fast", "'fast'"),
            ("--rate -5", "'--rate <N>'"),
            ("--rate 5 --arrival uniform", "constant, poisson"),
        ] {
            let error = load(flags).unwrap_err();
            assert!(
                error.contains(words) && !error.contains('\n'),
                "{flags}: {error}"
            );
        }
    }
}
