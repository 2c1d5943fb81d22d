//! Many clients at once, and one beside them that does nothing wrong.

use super::Victim;
use anyhow::{Context, Result, ensure};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a client that works rests between two requests: short beside every limit, and long
/// enough to leave the machine to the tests beside it.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(5);

/// Lets `count` clients act, each in a thread of its own, and returns when all are done.
pub(super) fn of(count: usize, client: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let client = &client;
        let clients: Vec<_> = (0..count)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        clients
            .into_iter()
            .enumerate()
            .try_for_each(|(number, client)| {
                let result = client.join().expect("a client does not panic");
                result.with_context(|| format!("client {number} of {count}"))
            })
    })
}

/// Lets `hostile` act while a client asks again and again, on a new connection each time, and is
/// answered within `wait_max`.
pub(super) fn beside_a_working_client(
    victim: &Victim,
    wait_max: Duration,
    hostile: impl FnOnce() -> Result<()> + Send,
) -> Result<()> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                is_answered_within(victim, wait_max)?;
                thread::sleep(BETWEEN_REQUESTS);
            }
            Ok(())
        });
        let result = hostile();
        is_over.store(true, Ordering::Relaxed);
        let answered = working.join().expect("the working client does not panic");
        result.and(answered)
    })
}

/// A client on a new connection is answered in time.
pub(super) fn is_answered_within(victim: &Victim, wait_max: Duration) -> Result<()> {
    let began = Instant::now();
    let served = victim.subject.serves_a_client(wait_max);
    served.context("the client beside them")?;
    let took = began.elapsed();
    ensure!(
        took <= wait_max,
        "the client beside them was answered after {took:?}, expected was {wait_max:?} at most"
    );
    Ok(())
}
