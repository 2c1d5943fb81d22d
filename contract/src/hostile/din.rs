//! A client of the WebSocket relay to whom another speaks all the time.

use super::*;
use crate::websocket::{Client, Frame};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// What it says meanwhile, a message for each that it takes.
const MESSAGES: usize = 100;

/// What is spoken to it.
const NOISE_BYTES: usize = 1000;

/// How far the loud one may be ahead of who takes it: less than the relay keeps for a client
/// (4 MiB), so that nobody is too slow who is merely later.
const AHEAD_MESSAGES: usize = 1000;

/// How long all of it may take to be heard. It is milliseconds, or for ever.
const HEARD_TIME_MAX: Duration = Duration::from_secs(10);

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "one that is spoken to all the time is heard",
    run: is_heard_in_the_din,
}];

fn is_heard_in_the_din(victim: &Victim) -> Result<()> {
    let enter = || Client::open(&victim.subject, "/ws?din");
    let (mut loud, spoken_to, listener) = (enter()?, enter()?, enter()?);
    let taken = [(); 2].map(|()| AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let speaking = scope.spawn(|| speaks_until(&mut loud, &taken, &is_over));
        let answering = scope.spawn(|| speaks_in_between(spoken_to, &taken[0]));
        let heard = hears_all(listener, &taken[1]);
        is_over.store(true, Ordering::Relaxed);
        let spoken = speaking.join().expect("a client does not panic");
        let answered = answering.join().expect("a client does not panic");
        heard.context("one that listens")?;
        answered.context("one that is spoken to")?;
        spoken.context("one that is loud")
    })
}

/// It stays open: with what it has not read its close would be a reset, and cost its last words.
fn speaks_until(client: &mut Client, taken: &[AtomicUsize], is_over: &AtomicBool) -> Result<()> {
    let noise = Frame::binary([b'.'; NOISE_BYTES]).masked();
    let mut sent = 0;
    while !is_over.load(Ordering::Relaxed) {
        let is_near = |taken: &AtomicUsize| sent < taken.load(Ordering::Relaxed) + AHEAD_MESSAGES;
        match taken.iter().all(is_near) {
            true => client.connection().send(&noise)?,
            false => {
                thread::yield_now();
                continue;
            }
        }
        sent += 1;
    }
    client.send(&Frame::text("over"))
}

fn speaks_in_between(mut client: Client, taken: &AtomicUsize) -> Result<()> {
    let mut said = 0;
    while client.receive()? != Frame::text("over") {
        taken.fetch_add(1, Ordering::Relaxed);
        if said < MESSAGES {
            client.send(&Frame::text(said.to_string()))?;
            said += 1;
        }
    }
    Ok(())
}

fn hears_all(mut client: Client, taken: &AtomicUsize) -> Result<()> {
    let began = Instant::now();
    let noise = Frame::binary([b'.'; NOISE_BYTES]);
    let mut heard = 0;
    while heard < MESSAGES {
        let came = client.receive()?;
        if came == noise {
            taken.fetch_add(1, Ordering::Relaxed);
        } else {
            let expected = Frame::text(heard.to_string());
            ensure!(came == expected, "behind {heard} messages came {came:?}");
            heard += 1;
        }
        ensure!(
            began.elapsed() < HEARD_TIME_MAX,
            "of {MESSAGES} messages {heard} were heard"
        );
    }
    Ok(())
}
