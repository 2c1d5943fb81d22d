//! Clients that connect and say nothing.

use super::*;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "silent clients are let go, and who works beside them is served",
    run: |victim| {
        let limit = victim.subject.read_timeout;
        crowd::beside_a_working_client(victim, victim.wait_max(limit), || {
            crowd::of(victim.crowd(), |client| stays_silent(victim, client))
        })
    },
}];

/// Through TLS every other one has at least shaken hands, for which it has had the time once.
fn stays_silent(victim: &Victim, client: usize) -> Result<()> {
    let limit = 2 * victim.subject.read_timeout;
    let connection = match client % 2 {
        0 => Connection::open_patiently(&victim.subject, victim.end_max(limit)),
        _ => Connection::open_patiently(&victim.subject.in_the_clear(), victim.end_max(limit)),
    }?;
    connection.rest()?;
    Ok(())
}
