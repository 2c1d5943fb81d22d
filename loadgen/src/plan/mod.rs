//! What a run is to do, in types: the only door from strings to meaning.
//!
//! Four axes stay apart: what to send ([`Scenario`]), how many at a time ([`Load`]), when to stop
//! ([`Stop`]), and how bytes move (the engine). Past this module nothing parses.

mod expect;
mod header;
mod parse;
mod scenario;
mod target;

use std::time::Duration;

pub use expect::{Expect, LengthRule, StatusSet};
pub use header::{Credentials, Header};
pub use parse::{above_zero, duration, seconds};
pub use scenario::{HttpVersion, Method, Scenario, identification};
pub use target::{Target, TargetError, Url, mask_password};

use crate::system::affinity::CpuSet;

/// One run, complete: two runs with equal plans do the same.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where requests go.
    pub target: Target,
    /// What is sent, and whether connections are used again.
    pub scenario: Scenario,
    /// What counts as a success.
    pub expect: Expect,
    /// How many requests are in flight.
    pub load: Load,
    /// When the run ends.
    pub stop: Stop,
    /// Load before the measured part; nothing of it is counted.
    pub warmup: Duration,
    /// Limit for one request, from its start to the last byte of its answer.
    pub timeout: Duration,
    /// Whether what only ab's text shows is recorded.
    pub ab_times: bool,
    /// The cores that workers are kept on, if any were named.
    pub cores: Option<CpuSet>,
    /// The process that serves, if its costs are to be measured.
    pub server: Option<ServerProcess>,
}

/// A closed loop: the next request starts when one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Requests in flight, which is connections: one request on each.
    pub concurrency: usize,
    /// Worker threads, at most `concurrency`.
    pub threads: usize,
}

/// When a run ends; whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// After so many requests.
    pub requests: Option<u64>,
    /// After so long, warm-up not counted.
    pub duration: Option<Duration>,
}

/// A server on this machine whose process is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerProcess {
    /// Process id.
    pub pid: u32,
    /// What people call it.
    pub label: String,
    /// Its concurrency model, if it has a choice.
    pub model: Option<String>,
    /// The cores it was started on, if it was pinned.
    pub cores: Option<CpuSet>,
}

impl Load {
    /// The concurrency of worker `index`: shares differ by one at most.
    #[must_use]
    pub fn concurrency_of(&self, index: usize) -> usize {
        self.concurrency_up_to(index + 1) - self.concurrency_up_to(index)
    }

    /// What worker `index` has to do of `requests`: as many for each of its connections as the
    /// other workers have for theirs, or one would still be at it when the others have ended.
    #[must_use]
    pub fn requests_of(&self, index: usize, requests: u64) -> u64 {
        let up_to = |workers| {
            let connections = self.concurrency_up_to(workers) as u128;
            (u128::from(requests) * connections / self.concurrency as u128) as u64
        };
        up_to(index + 1) - up_to(index)
    }

    /// Connections of the first `workers` workers.
    fn concurrency_up_to(&self, workers: usize) -> usize {
        self.concurrency * workers / self.threads
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn workers_share_connections_evenly_and_requests_by_connections(
            concurrency in 1_usize..300,
            threads in 1_usize..20,
            more_requests in 0_u64..1_000_000,
        ) {
            let threads = threads.min(concurrency);
            let load = Load { concurrency, threads };
            let requests = concurrency as u64 + more_requests;
            let connections: Vec<usize> = (0..threads).map(|index| load.concurrency_of(index)).collect();
            prop_assert_eq!(connections.iter().sum::<usize>(), concurrency);
            prop_assert!(connections.iter().max().unwrap() - connections.iter().min().unwrap() <= 1);

            let shares: Vec<u64> = (0..threads).map(|index| load.requests_of(index, requests)).collect();
            prop_assert_eq!(shares.iter().sum::<u64>(), requests);
            for (share, connections) in shares.iter().zip(connections) {
                let fair = requests as f64 * connections as f64 / concurrency as f64;
                prop_assert!((*share as f64 - fair).abs() < 1.0);
                prop_assert!(*share >= connections as u64);
            }
        }
    }
}
