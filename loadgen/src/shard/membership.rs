//! What the shards of one run have in common, and what each says of itself.

use std::time::SystemTime;

use crate::record;

/// The run that a process makes a part of.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The place of this process among the shards, from 0.
    pub index: u64,
    /// How many there are; none where they come and go.
    pub of: Option<u64>,
    /// A name that all of them have, and no other run's.
    pub run_id: String,
    /// SHA-256, in hexadecimal, of what all of them have to agree on.
    pub plan_hash: String,
    /// The settings of the whole run.
    pub plan: Box<record::Plan>,
    /// What told this process its place, if no flag did.
    pub scheduler: Option<&'static str>,
    /// When all are to begin.
    pub start_at: Option<SystemTime>,
}
