//! The settings of the whole run, of which each shard's record tells.

use crate::record::Plan;

/// Adds what a later shard says of the whole: users of Locust come, so it may know of more, and
/// what is a machine's own is the whole's if all have the same.
pub(super) fn add(sum: &mut Plan, one: &Plan) {
    sum.connections = sum.connections.max(one.connections);
    sum.concurrency = sum.concurrency.max(one.concurrency);
    sum.max_in_flight = sum.max_in_flight.max(one.max_in_flight);
    if sum.cpu_list != one.cpu_list {
        sum.cpu_list.clear();
    }
    if sum.source_addresses != one.source_addresses {
        sum.source_addresses.clear();
    }
}
