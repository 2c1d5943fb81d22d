//! The place of one record among those that make up a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::build::Measured;
use super::{Plan, timestamp};
use crate::shard::{MachineNames, Membership};

/// Which part of a run this is. Records of one run are put together by `loadgen
/// merge`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Its place among the shards, from 0; of a worker of Locust the index that
    /// its master gave it.
    pub index: u64,
    /// How many shards there are; absent where they come and go, as under
    /// Locust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// A name that all shards of the run have, and no other run's.
    pub run_id: String,
    /// What all shards have to agree on: SHA-256, in hexadecimal, of the whole
    /// run's URLs, settings and bodies, without what is a machine's own
    /// (threads, cores, local addresses).
    pub plan_hash: String,
    /// The settings of the whole run; `plan` has this shard's share of them.
    pub plan: Box<Plan>,
    /// What told this shard its place, such as `slurm`; absent if a flag did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// When all shards were to begin: UTC, RFC 3339; absent if each began as it
    /// was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<String>,
    /// How long after `start_at` it began, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_s: Option<f64>,
    /// How far this machine's clock can be trusted.
    pub clock: ClockQuality,
    /// The same in all shards of this run on one machine, and different
    /// elsewhere: a hash of the machine's boot id and `run_id`.
    pub machine: String,
    /// The same in all shards of this run in one network namespace, whose
    /// kernel counters are therefore the same ones; absent if not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_namespace: Option<String>,
    /// Which part of what a worker of Locust did; absent if this is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

impl Shard {
    /// What a shard of `membership` says of itself.
    pub(super) fn of(membership: &Membership, measured: &Measured) -> Self {
        let names = MachineNames::new(&measured.machine, &membership.run_id);
        Self {
            index: membership.index,
            of: membership.of,
            run_id: membership.run_id.clone(),
            plan_hash: membership.plan_hash.clone(),
            plan: membership.plan.clone(),
            scheduler: membership.scheduler.map(str::to_owned),
            start_at: membership.start_at.map(timestamp),
            late_s: measured.late.map(|late| late.as_secs_f64()),
            clock: ClockQuality {
                synchronised: measured.clock.synchronised,
                error_s_max: measured.clock.error_max.map(|error| error.as_secs_f64()),
            },
            machine: names.machine,
            network_namespace: names.network_namespace,
            part: None,
        }
    }
}

/// How far a machine's clock can be trusted, as its kernel says (`adjtimex`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockQuality {
    /// Whether something keeps it in step with other clocks (not
    /// `STA_UNSYNC`); absent if the kernel did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synchronised: Option<bool>,
    /// Furthest that it may be off, in seconds (`maxerror`); absent if not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_s_max: Option<f64>,
}

/// What a worker of Locust did between two of its reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The worker: the name that its master knows it by.
    pub worker: String,
    /// Place of this part among those of the worker, from 0.
    pub sequence: u64,
    /// Whether no other follows.
    pub is_last: bool,
}
