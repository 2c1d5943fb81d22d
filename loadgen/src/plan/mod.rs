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
pub use target::{Target, TargetError, mask_password};

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
        share(self.concurrency as u64, index, self.threads) as usize
    }
}

impl Stop {
    /// The requests that worker `index` of `threads` makes.
    #[must_use]
    pub fn requests_of(&self, index: usize, threads: usize) -> Option<u64> {
        Some(share(self.requests?, index, threads))
    }
}

/// Part `index` of `whole` cut into `parts` nearly equal parts that add up to it.
fn share(whole: u64, index: usize, parts: usize) -> u64 {
    let (index, parts) = (index as u64, parts as u64);
    let upto = |count: u64| (u128::from(whole) * u128::from(count) / u128::from(parts)) as u64;
    upto(index + 1) - upto(index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_add_up_and_differ_by_one_at_most(whole in any::<u64>(), parts in 1_usize..200) {
            let shares: Vec<u64> = (0..parts).map(|index| share(whole, index, parts)).collect();
            prop_assert_eq!(shares.iter().map(|&share| u128::from(share)).sum::<u128>(), u128::from(whole));
            let spread = shares.iter().max().unwrap() - shares.iter().min().unwrap();
            prop_assert!(spread <= 1);
        }
    }
}
