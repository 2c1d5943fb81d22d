//! Clients that ask on and on and never read.

use super::*;

/// Requests of one client: few bytes to hear, gigabytes to say.
const REQUESTS: usize = 500;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "clients that ask on and on and take nothing are cut, and cost no memory",
    run: |victim| {
        let request = "GET /bytes/1048576 HTTP/1.1\r\nHost: contract\r\n\r\n";
        readers::take_nothing_of(victim, &request.repeat(REQUESTS))
    },
}];
