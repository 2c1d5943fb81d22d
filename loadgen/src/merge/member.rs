//! One shard, or one worker of Locust, as far as the whole has to know it.

use std::time::{Duration, UNIX_EPOCH};

use super::roll::{Entry, Roll};
use super::window::{Row, Window};
use crate::record::{ClockQuality, MergedShard, Network, Record, timestamp};
use crate::recorder::SecondTally;

/// What one of them did, and where.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) index: u64,
    pub(super) worker: Option<String>,
    pub(super) machine: String,
    pub(super) network_namespace: Option<String>,
    pub(super) clock: ClockQuality,
    /// In milliseconds since 1970.
    pub(super) started_ms: u64,
    pub(super) elapsed_s: f64,
    /// In any order, and of one second there may be several.
    rows: Vec<Row>,
    pub(super) threads: u64,
    pub(super) workers_cpu_share: Vec<f64>,
    busiest_worker_share: f64,
    pub(super) network: Option<Network>,
    /// All of its seconds together.
    all: SecondTally,
    /// If it has but one record, what that says, which is to three digits.
    latency_ns_p99: Option<u64>,
    /// Most arrivals that waited at a time.
    pub(super) backlog_max: u64,
    records: u64,
}

impl Member {
    pub(super) fn of(entry: &Entry) -> Self {
        let part = entry.part.as_ref();
        Self {
            index: entry.index,
            worker: part.map(|part| part.worker.clone()),
            machine: String::new(),
            network_namespace: None,
            clock: ClockQuality::default(),
            started_ms: entry.started_ms,
            elapsed_s: 0.0,
            rows: Vec::new(),
            threads: 0,
            workers_cpu_share: Vec::new(),
            busiest_worker_share: 0.0,
            network: None,
            all: SecondTally::default(),
            latency_ns_p99: None,
            backlog_max: 0,
            records: 0,
        }
    }

    /// Whether the record is of this one.
    pub(super) fn is(&self, entry: &Entry) -> bool {
        let worker = entry.part.as_ref().map(|part| &part.worker);
        self.index == entry.index && self.worker.as_ref() == worker
    }

    /// Adds a record of it, of which these are the seconds.
    pub(super) fn add(&mut self, record: &Record, seconds: &[(u64, SecondTally)]) {
        if let Some(shard) = &record.shard {
            self.machine.clone_from(&shard.machine);
            self.network_namespace.clone_from(&shard.network_namespace);
            self.clock = shard.clock;
        }
        self.elapsed_s = self.elapsed_s.max(record.elapsed_s);
        self.rows.extend(seconds.iter().map(|(start_s, tally)| Row {
            start_s: *start_s,
            succeeded: tally.succeeded,
            failed: tally.failed,
        }));
        for (_, tally) in seconds {
            self.all += tally;
        }
        self.records += 1;
        let total = record.latency_ns.total.filter(|_| self.records == 1);
        self.latency_ns_p99 = total.map(|total| total.p99);
        let backlog_max = record.schedule.map_or(0, |schedule| schedule.backlog_max);
        self.backlog_max = self.backlog_max.max(backlog_max);
        let client = &record.client;
        self.threads = client.threads;
        self.add_shares(&client.workers_cpu_share);
        self.busiest_worker_share = self.busiest_worker_share.max(client.busiest_worker_share());
        self.network = match (self.network, record.network) {
            (Some(sum), Some(new)) => Some(sum.with(&new, u64::saturating_add)),
            (None, new) if self.records == 1 => new,
            _ => None,
        };
    }

    /// Of each worker thread the most that it was busy between two reports.
    fn add_shares(&mut self, shares: &[f64]) {
        let length = self.workers_cpu_share.len().max(shares.len());
        self.workers_cpu_share.resize(length, 0.0);
        for (most, share) in self.workers_cpu_share.iter_mut().zip(shares) {
            *most = most.max(*share);
        }
    }

    /// When it ran, the first of all having begun at `first_ms`.
    pub(super) fn window(&self, first_ms: u64) -> Window {
        let from_s = (self.started_ms - first_ms) as f64 / 1000.0;
        Window {
            from_s,
            to_s: from_s + self.elapsed_s,
        }
    }

    /// What of its requests that succeeded, and that failed, falls into the window.
    pub(super) fn within(&self, window: &Window, first_ms: u64) -> (f64, f64) {
        let own = self.window(first_ms);
        let rows = self.rows.iter().map(|row| (row, own.share(row, window)));
        rows.fold((0.0, 0.0), |(succeeded, failed), (row, share)| {
            (
                succeeded + row.succeeded as f64 * share,
                failed + row.failed as f64 * share,
            )
        })
    }

    /// As the record has it, with its rate in the window in which all ran.
    pub(super) fn shown(&self, roll: &Roll, window: &Window) -> MergedShard {
        let absence = self.worker.as_ref().map(|worker| roll.absence(worker));
        let absence = absence.unwrap_or_default();
        let (succeeded, _) = self.within(window, roll.started_ms);
        let length_s = window.length_s();
        let started_at = UNIX_EPOCH + Duration::from_millis(self.started_ms);
        MergedShard {
            index: self.index,
            machine: self.machine.clone(),
            worker: self.worker.clone(),
            lost: absence.is_lost || absence.reports > 0,
            reports_missing: absence.reports,
            started_at: timestamp(started_at),
            elapsed_s: self.elapsed_s,
            succeeded: self.all.succeeded,
            failed: self.all.failed,
            rate_per_second: match length_s > 0.0 {
                true => succeeded / length_s,
                false => 0.0,
            },
            latency_ns_p99: self.latency_ns_p99.or_else(|| self.all.latency_ns_p99()),
            busiest_worker_share: self.busiest_worker_share,
        }
    }
}
