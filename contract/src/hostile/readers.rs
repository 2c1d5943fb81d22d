//! Clients that ask for much and take it slowly, or not at all.

use super::*;
use std::thread;
use std::time::Instant;

/// More than all buffers between the two sides hold.
const LARGE: &str = "GET /bytes/67108864 HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n";

/// What a slow reader asks for.
const SLOWLY_TAKEN_BYTES: usize = 12 * 1024 * 1024;

/// What a slow reader takes at a time, and how often. The kernel tells the server of room when a
/// third of its send buffer is free, of up to 4 MiB: slower readers look as if they took nothing
/// for half a second.
const SIP_BYTES: usize = 192 * 1024;
const SIP_PAUSE: Duration = Duration::from_millis(20);

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a client that takes its answer slowly gets all of it",
        run: takes_it_slowly,
    },
    Scenario {
        name: "clients that take nothing are cut at the write timeout, and who works beside them is served",
        run: |victim| take_nothing_of(victim, LARGE),
    },
];

/// It takes longer than the write timeout, which is for those who take nothing.
fn takes_it_slowly(victim: &Victim) -> Result<()> {
    let mut connection = Connection::open(&victim.subject)?;
    let began = Instant::now();
    let request = format!(
        "GET /bytes/{SLOWLY_TAKEN_BYTES} HTTP/1.1\r\nHost: contract\r\nConnection: close\r\n\r\n"
    );
    connection.send(request)?;
    connection.answer_head()?;
    for sip in 0..SLOWLY_TAKEN_BYTES / SIP_BYTES {
        thread::sleep(SIP_PAUSE);
        let taken = sip * SIP_BYTES;
        let came = connection.take(SIP_BYTES);
        came.with_context(|| format!("after {taken} bytes in {:?}", began.elapsed()))?;
    }
    let took = began.elapsed();
    ensure!(
        took > 2 * victim.write_timeout,
        "it was no slow reader: {took:?}"
    );
    connection.expect_close()
}

/// They keep their side open and read nothing, so that it is the server who ends it. Twice the
/// timeout is allowed: the kernel goes on taking something for a while after the client has ceased.
pub(super) fn take_nothing_of(victim: &Victim, request: &str) -> Result<()> {
    let limit = 2 * victim.write_timeout;
    let began = Instant::now();
    let mut crowd = Vec::new();
    crowd::beside_a_working_client(victim, victim.wait_max(limit), || {
        for _ in 0..victim.crowd() {
            let wait = victim.wait_max(limit);
            let mut connection = Connection::open_patiently(&victim.subject, wait)?;
            // It fails if the client was too slow, on a busy machine, and is cut already.
            let _ = connection.send(request);
            crowd.push(connection);
        }
        thread::sleep(victim.write_timeout / 2);
        victim.has_not_grown()
    })?;
    // Only now, for the working client has a connection too.
    victim.gives_back()?;
    let took = began.elapsed();
    ensure!(
        took >= victim.write_timeout,
        "they were cut after {took:?}, before the write timeout"
    );
    drop(crowd);
    Ok(())
}
