//! What the kernels counted: shards of one network namespace saw the same counters.

use std::collections::BTreeMap;

use super::member::Member;
use crate::record::Network;

/// Of each namespace the largest that one of its shards saw, added up; none if a shard has none.
pub(super) fn network(members: &[Member]) -> Option<Network> {
    let mut namespaces: BTreeMap<&str, Network> = BTreeMap::new();
    for member in members {
        let namespace = member.network_namespace.as_ref().unwrap_or(&member.machine);
        let seen = member.network?;
        let largest = namespaces.entry(namespace).or_insert(seen);
        *largest = largest.with(&seen, u64::max);
    }
    let all = namespaces.into_values();
    all.reduce(|sum, one| sum.with(&one, u64::saturating_add))
}
