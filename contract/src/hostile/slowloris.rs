//! Clients that send a byte now and then, to hold what serves them.

use super::*;
use std::iter::repeat;

/// They send this often within one read timeout, so that no single read is late.
const BYTES_PER_TIMEOUT: u32 = 6;

/// What they have sent before.
const BEGINNINGS: [&str; 3] = [
    "GET / HTTP/1.1\r\nHost: contract\r\nX: ",
    "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 100000\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: contract\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
];

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "clients that drip heads, bodies or chunks get 408, and who works beside them is served",
    run: |victim| {
        let limit = victim.subject.read_timeout;
        crowd::beside_a_working_client(victim, victim.wait_max(limit), || {
            crowd::of(victim.crowd(), |client| {
                let beginning = BEGINNINGS[client % BEGINNINGS.len()];
                drips_after(victim, beginning).with_context(|| format!("{beginning:?}"))
            })
        })
    },
}];

fn drips_after(victim: &Victim, bytes: &str) -> Result<()> {
    let limit = victim.end_max(victim.subject.read_timeout);
    let mut connection = Connection::open_patiently(&victim.subject, limit)?;
    connection.send(bytes)?;
    let pause = victim.subject.read_timeout / BYTES_PER_TIMEOUT;
    connection.drip(repeat("a"), pause, limit)?;
    connection.expect(&Expected::refusal(408))
}
