//! How much load, and when each request starts.

use super::shard::portion;
use super::{Schedule, Stop};

/// ab's upper limit of `-c`.
pub const CONNECTIONS_MAX: usize = 20_000;

/// Most requests in flight on a connection: what servers take at a time, and then some.
pub const ON_EACH_MAX: usize = 1000;

/// Connections, and when requests start on them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Connections open at a time, at most.
    pub connections: usize,
    /// Requests in flight on one connection, at most.
    pub pipeline: usize,
    /// Worker threads, at most `connections`.
    pub threads: usize,
    /// When requests start.
    pub arrival: Arrival,
}

/// When requests start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrival {
    /// Closed loop: the next request starts when one ends.
    Closed,
    /// Open loop: requests start by a schedule, whatever the server answers.
    Open(Schedule),
}

impl Load {
    /// A closed loop of one request on each connection.
    #[must_use]
    pub fn closed(connections: usize, threads: usize) -> Self {
        Self {
            connections,
            pipeline: 1,
            threads,
            arrival: Arrival::Closed,
        }
    }

    /// Whether it goes together with the run's end, and with whether connections are used again.
    ///
    /// # Errors
    ///
    /// One line that names the flag, and the next step.
    pub fn check(&self, stop: Stop, keep_alive: bool) -> Result<(), String> {
        let (connections, pipeline) = (self.connections, self.pipeline);
        if let Some(Schedule { rate, .. }) = self.schedule()
            && rate.is_ramp()
            && stop.duration.is_none()
        {
            return Err(format!(
                "--rate {rate} changes until the run ends, and nothing says when that is; \
                 add --duration or give one rate"
            ));
        }
        if let Some(requests) = stop.requests
            && self.arrival == Arrival::Closed
            && requests < connections as u64
        {
            return Err(format!(
                "-c {connections} is larger than -n {requests}; raise -n or lower -c"
            ));
        }
        if pipeline > ON_EACH_MAX {
            return Err(format!(
                "--pipeline {pipeline} is over {ON_EACH_MAX}; choose a smaller one"
            ));
        }
        if pipeline > 1 && !keep_alive {
            return Err(
                "--pipeline sends more than one request on a connection; add -k or drop it"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Requests in flight, at most.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.connections * self.pipeline
    }

    /// The schedule of an open loop.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        match &self.arrival {
            Arrival::Closed => None,
            Arrival::Open(schedule) => Some(schedule),
        }
    }

    /// The connections of worker `index`: shares differ by one at most.
    #[must_use]
    pub fn connections_of(&self, index: usize) -> usize {
        self.connections_up_to(index + 1) - self.connections_up_to(index)
    }

    /// What worker `index` has to do of `requests`: as many for each of its connections as the
    /// other workers have for theirs, or one would still be at it when the others have ended.
    #[must_use]
    pub fn requests_of(&self, index: usize, requests: u64) -> u64 {
        let connections = |workers| self.connections_up_to(workers) as u64;
        let up_to = |workers| portion(requests, connections(workers), self.connections as u64);
        up_to(index + 1) - up_to(index)
    }

    /// Connections of the first `workers` workers.
    #[must_use]
    pub fn connections_up_to(&self, workers: usize) -> usize {
        self.connections * workers / self.threads
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn workers_share_connections_evenly_and_requests_by_connections(
            connections in 1_usize..300,
            threads in 1_usize..20,
            more_requests in 0_u64..1_000_000,
        ) {
            let threads = threads.min(connections);
            let load = Load::closed(connections, threads);
            let requests = connections as u64 + more_requests;
            let shares: Vec<usize> = (0..threads).map(|index| load.connections_of(index)).collect();
            prop_assert_eq!(shares.iter().sum::<usize>(), connections);
            prop_assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);

            let of_requests: Vec<u64> = (0..threads).map(|index| load.requests_of(index, requests)).collect();
            prop_assert_eq!(of_requests.iter().sum::<u64>(), requests);
            for (share, own) in of_requests.iter().zip(shares) {
                let fair = requests as f64 * own as f64 / connections as f64;
                prop_assert!((*share as f64 - fair).abs() < 1.0);
                prop_assert!(*share >= own as u64);
            }
        }
    }
}
