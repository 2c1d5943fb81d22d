//! The connections beside the load, of all shards.

use crate::record::{Background, HeldConnections};

/// Adds those of another shard, which were opened meanwhile.
pub(super) fn add(sum: &mut Option<Background>, one: Option<&Background>) {
    let Some(one) = one else { return };
    let sum = sum.get_or_insert_default();
    sum.opening_s = sum.opening_s.max(one.opening_s);
    kind(&mut sum.idle, one.idle.as_ref());
    kind(&mut sum.slow_readers, one.slow_readers.as_ref());
    sum.slow_bytes_received = sum
        .slow_bytes_received
        .saturating_add(one.slow_bytes_received);
}

fn kind(sum: &mut Option<HeldConnections>, one: Option<&HeldConnections>) {
    let Some(one) = one else { return };
    let sum = sum.get_or_insert_default();
    let add = |sum: &mut u64, one: u64| *sum = sum.saturating_add(one);
    add(&mut sum.asked, one.asked);
    add(&mut sum.held_at_start, one.held_at_start);
    add(&mut sum.held_at_end, one.held_at_end);
    for (cause, &count) in &one.failures {
        add(sum.failures.entry(cause.clone()).or_default(), count);
    }
}
