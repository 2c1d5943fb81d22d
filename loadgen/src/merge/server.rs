//! What the server paid for the requests of all shards, as one of them saw it.

use super::member::Member;
use crate::record::{Server, build};

/// What the shard with this place measured; the requests that others sent meanwhile cost too.
pub(super) fn server(
    seen: Server,
    place: usize,
    members: &[Member],
    first_ms: u64,
    connections: u64,
) -> Option<Server> {
    let window = members.get(place)?.window(first_ms);
    let within = members.iter().map(|it| it.within(&window, first_ms));
    let ended: f64 = within.map(|(succeeded, failed)| succeeded + failed).sum();
    let each = |sum: f64| (ended > 0.0).then(|| sum / ended);
    let each_us = |cpu_s: Option<f64>| cpu_s.and_then(|cpu_s| each(cpu_s * 1e6));
    let each_switch = |count: Option<u64>| count.and_then(|count| each(count as f64));
    let memory = seen.rss_bytes_peak.zip(seen.rss_bytes_at_rest);
    let memory = memory.filter(|_| connections >= build::CONNECTIONS_MIN);
    Some(Server {
        cpu_us_per_request: each_us(Some(seen.cpu_s)),
        cpu_user_us_per_request: each_us(seen.cpu_user_s),
        cpu_system_us_per_request: each_us(seen.cpu_system_s),
        voluntary_switches_per_request: each_switch(seen.voluntary_context_switches),
        involuntary_switches_per_request: each_switch(seen.involuntary_context_switches),
        connections: Some(connections),
        bytes_per_connection: memory
            .and_then(|(peak, rest)| build::each(peak.saturating_sub(rest) as f64, connections)),
        ..seen
    })
}
