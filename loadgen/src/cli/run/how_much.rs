//! How much load, when, and for how long.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::Args;

use super::super::UsageError;
use super::super::place::{check_cores, usable_cores};
use super::half_of_the_cores;
use super::when::When;
use crate::plan::{Load, Stop, above_zero, duration, seconds};
use crate::system::affinity::CpuSet;

/// What ab's `-t` sets `-n` to.
const REQUESTS_WITH_TIME_LIMIT: u64 = 50_000;

/// Flags about how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "How much")]
pub(super) struct HowMuch {
    /// Requests to make [default: 1]
    #[arg(short = 'n', long, value_name = "N", value_parser = above_zero::<NonZeroU64>)]
    #[arg(allow_negative_numbers = true)]
    requests: Option<NonZeroU64>,
    /// Connections with a request in flight on each, or with as many as --pipeline or --streams
    /// say; at most 20000 [default: 1]
    #[arg(short, long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    concurrency: Option<NonZeroUsize>,
    /// Stop after this many seconds; sets -n to 50000 unless -n follows, as ab does
    #[arg(short = 't', value_name = "SECONDS", value_parser = seconds, conflicts_with = "duration")]
    #[arg(allow_negative_numbers = true)]
    time_limit: Option<Duration>,
    /// Stop after this long, such as 10s or 2m, whatever the number of requests
    #[arg(long, value_name = "TIME", value_parser = seconds, conflicts_with = "requests")]
    #[arg(allow_negative_numbers = true)]
    duration: Option<Duration>,
    /// Make load for this long before counting [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true)]
    warmup: Option<Duration>,
    /// Worker threads [default: half of the cores, at least 1]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    /// Keep the workers on these cores, such as 0,2-3 [default: all that may be used]
    #[arg(long, value_name = "CORES")]
    cpu_list: Option<CpuSet>,

    /// Requests in flight on each connection (with -k): the next is sent before the one before it
    /// is answered
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true, default_value = "1")]
    pipeline: NonZeroUsize,

    #[arg(skip)]
    pub(super) order: FlagOrder,
}

/// What the order of flags says: ab's `-t` and `-n` each override the other's count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlagOrder {
    time_limit_is_last: bool,
}

impl FlagOrder {
    pub(crate) fn of(matches: &clap::ArgMatches) -> Self {
        Self {
            time_limit_is_last: matches.index_of("time_limit") > matches.index_of("requests"),
        }
    }
}

impl HowMuch {
    pub(super) fn warmup(&self) -> Duration {
        self.warmup.unwrap_or_default()
    }

    /// Fills in what no flag says of the time.
    pub(super) fn begin_with(&mut self, duration: Duration, warmup: Duration) {
        self.duration.get_or_insert(duration);
        self.warmup.get_or_insert(warmup);
    }

    /// The flag that ends a run after a number of requests.
    pub(super) fn count_flag(&self) -> Option<&'static str> {
        let count = self.requests.map(|_| "-n");
        count.or(self.time_limit.map(|_| "-t"))
    }

    pub(super) fn stop(&self) -> Stop {
        let given = self.requests.map(NonZeroU64::get);
        let requests = match (self.time_limit, self.duration) {
            (None, None) => Some(given.unwrap_or(1)),
            (_, Some(_)) => None,
            (Some(_), None) if self.order.time_limit_is_last => Some(REQUESTS_WITH_TIME_LIMIT),
            (Some(_), None) => given,
        };
        Stop {
            requests,
            duration: self.duration.or(self.time_limit),
        }
    }

    /// Of all `shards` processes that make it together.
    pub(super) fn load(
        &self,
        stop: Stop,
        when: &When,
        keep_alive: bool,
        shards: u64,
    ) -> Result<Load, UsageError> {
        let connections = when.connections(self.concurrency, shards)?.get();
        let threads = self.threads.map(NonZeroUsize::get);
        let threads = threads.unwrap_or_else(half_of_the_cores);
        let load = Load {
            pipeline: self.pipeline.get(),
            arrival: when.arrival()?,
            ..Load::closed(connections, threads.clamp(1, connections))
        };
        load.check(stop, keep_alive).map_err(UsageError::line)?;
        Ok(load)
    }

    pub(super) fn cores(&self) -> Result<Option<CpuSet>, UsageError> {
        let check = |cores: &CpuSet| check_cores("--cpu-list", cores, &usable_cores()?);
        self.cpu_list.as_ref().map_or(Ok(()), check)?;
        Ok(self.cpu_list.clone())
    }
}
