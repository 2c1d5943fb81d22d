//! What all load generators spent together.

use super::member::Member;
use crate::record::{Client, Record, Requests, Schedule, build};

/// The sums.
#[derive(Debug, Default)]
pub(super) struct Spent {
    cpu_s: f64,
    /// User and system, as long as every record tells both.
    modes: Option<(f64, f64)>,
    busiest_cpu_share: f64,
    busiest_runnable_share: Option<f64>,
    samples_wait_s: Option<f64>,
    rss_bytes_peak: Option<u64>,
    is_begun: bool,
}

impl Spent {
    pub(super) fn add(&mut self, record: &Record) {
        let client = &record.client;
        let modes = client.cpu_user_s.zip(client.cpu_system_s);
        self.modes = match (self.is_begun, self.modes, modes) {
            (false, _, modes) => modes,
            (true, Some((user, system)), Some(more)) => Some((user + more.0, system + more.1)),
            (true, ..) => None,
        };
        self.is_begun = true;
        self.cpu_s += client.cpu_s;
        self.busiest_cpu_share = self.busiest_cpu_share.max(client.busiest_worker_cpu_share);
        let runnable_share = client.busiest_worker_runnable_share;
        let runnable_share = runnable_share.map(|_| client.busiest_worker_share());
        self.busiest_runnable_share = [self.busiest_runnable_share, runnable_share]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        if let Some(wait_s) = client.samples_wait_s {
            *self.samples_wait_s.get_or_insert_default() += wait_s;
        }
        // None is less than any.
        self.rss_bytes_peak = self.rss_bytes_peak.max(client.rss_bytes_peak);
    }

    /// As a record has it, with the workers of all shards in their order.
    pub(super) fn client(
        &self,
        members: &[Member],
        requests: &Requests,
        schedule: Option<&Schedule>,
    ) -> Client {
        let shares = members.iter().flat_map(|it| &it.workers_cpu_share);
        // Where one kernel does not tell of the wait, being on a CPU is the least that is known.
        let runnable_share = self.busiest_runnable_share;
        let runnable_share = runnable_share.map(|share| share.max(self.busiest_cpu_share));
        Client {
            threads: members.iter().map(|member| member.threads).sum(),
            cpu_s: self.cpu_s,
            cpu_user_s: self.modes.map(|(user_s, _)| user_s),
            cpu_system_s: self.modes.map(|(_, system_s)| system_s),
            cpu_us_per_request: build::per_request_us(self.cpu_s, requests),
            workers_cpu_share: shares.copied().collect(),
            busiest_worker_cpu_share: self.busiest_cpu_share,
            busiest_worker_runnable_share: runnable_share,
            late_share: schedule.map(Schedule::late_share),
            samples_wait_s: self.samples_wait_s,
            rss_bytes_peak: self.rss_bytes_peak,
        }
    }
}
