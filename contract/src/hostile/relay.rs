//! Clients of the WebSocket relay that send much and take nothing.

use super::*;
use crate::channel::is_timeout;
use crate::websocket::{Client, Frame, POLICY};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Those who stop reading.
const STUCK: usize = 3;

/// What is sent to them all the same, in messages of this size.
const SENT_BYTES: usize = 64 * 1024 * 1024;
const MESSAGE_BYTES: usize = 1024;

/// Through TLS, where the two sides' sealing takes most of the time: as much as shows the same.
const SENT_BYTES_THROUGH_TLS: usize = 16 * 1024 * 1024;

/// How far the sender may be ahead of who reads: less than the relay keeps for a client (4 MiB), so
/// that nobody is too slow who is merely later.
const AHEAD_MESSAGES: usize = 1024;

/// Messages in one write.
const WRITE_MESSAGES: usize = 32;

/// What each of two sends the other, more than the relay keeps and sockets hold.
const FLOOD_BYTES: usize = 64 * 1024 * 1024;
const FLOOD_MESSAGE_BYTES: usize = 64 * 1024;

/// What the socket of one holds who will never read.
const LITTLE_BYTES: usize = 16 * 1024;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "three clients of a room stop reading, and the fourth loses nothing",
        run: stop_reading,
    },
    Scenario {
        name: "of two who flood each other and take nothing one is let go, and who works beside them is served",
        run: flood_each_other,
    },
];

fn stop_reading(victim: &Victim) -> Result<()> {
    let messages = match victim.subject.tls {
        false => SENT_BYTES / MESSAGE_BYTES,
        true => SENT_BYTES_THROUGH_TLS / MESSAGE_BYTES,
    };
    let enter = || Client::open(&victim.subject, "/ws?three-stop-reading");
    let stuck = (0..STUCK).map(|_| enter());
    let stuck = stuck.collect::<Result<Vec<_>>>()?;
    let (reader, sender) = (enter()?, enter()?);
    let read = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let result = reads_all(reader, messages, &read);
            has_failed.store(result.is_err(), Ordering::Relaxed);
            result
        });
        let sent = sends_all(sender, messages, &read, &has_failed);
        let grown = victim.has_not_grown();
        let all_read = reading.join().expect("the reader does not panic");
        all_read.context("the one who reads")?;
        sent.context("the sender")?;
        grown
    })?;
    stuck
        .into_iter()
        .try_for_each(|stuck| was_let_go(stuck, messages))
        .context("one who has stopped reading")
}

/// The message of this number.
fn numbered(number: usize) -> Frame {
    let mut payload = vec![b'.'; MESSAGE_BYTES];
    payload[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Frame::binary(payload)
}

fn sends_all(
    mut sender: Client,
    messages: usize,
    read: &AtomicUsize,
    has_failed: &AtomicBool,
) -> Result<()> {
    let mut next = 0;
    while next < messages {
        if next - read.load(Ordering::Relaxed) > AHEAD_MESSAGES {
            if has_failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            thread::sleep(Duration::from_micros(100));
            continue;
        }
        let upto = messages.min(next + WRITE_MESSAGES);
        let write: Vec<_> = (next..upto).map(numbered).collect();
        sender.send_all(&write)?;
        next = upto;
    }
    sender.expect_nothing()
}

fn reads_all(mut reader: Client, messages: usize, read: &AtomicUsize) -> Result<()> {
    for number in 0..messages {
        reader.expect(&numbered(number))?;
        read.store(number + 1, Ordering::Relaxed);
    }
    Ok(())
}

/// It has got messages from the first on without a gap, then perhaps the reason (1008), and its
/// connection was ended.
fn was_let_go(mut stuck: Client, messages: usize) -> Result<()> {
    let mut heard = 0;
    let end = loop {
        match stuck.receive() {
            Ok(frame) if heard < messages && frame == numbered(heard) => heard += 1,
            Ok(frame) if frame.close_code() == Some(POLICY) => break "1008",
            Ok(frame) => anyhow::bail!("behind {heard} messages came a frame of {frame:?}"),
            Err(_) => break "no further frame",
        }
    };
    match stuck.connection().channel().has_more() {
        Ok(true) => anyhow::bail!("behind {heard} messages came {end}, and then more"),
        Err(error) if is_timeout(error.kind()) => {
            anyhow::bail!("behind {heard} messages came {end}, but no end: {error}")
        }
        _ => Ok(()),
    }
}

/// A client whose socket holds next to nothing that it does not read. It must not begin to: the
/// kernel would not tell the server of so little room, but have it ask every few seconds.
pub(super) fn that_takes_little(victim: &Victim, target: &str) -> Result<Client> {
    let mut client = Client::open_patiently(&victim.subject, target, victim.longest())?;
    client.connection().channel().hold_at_most(LITTLE_BYTES)?;
    Ok(client)
}

/// Both keep their connections open, so that it is the server who ends one. With that one gone
/// nobody sends the other anything: if its socket holds what there was, it has left nothing lying.
fn flood_each_other(victim: &Victim) -> Result<()> {
    let message = Frame::binary(vec![b'.'; FLOOD_MESSAGE_BYTES]).masked();
    let enter = || that_takes_little(victim, "/ws?two-flood");
    let mut pair = [enter()?, enter()?];
    crowd::beside_a_working_client(victim, PROMPT, || {
        thread::scope(|scope| {
            for client in &mut pair {
                let message = &message;
                scope.spawn(move || {
                    for _ in 0..FLOOD_BYTES / FLOOD_MESSAGE_BYTES {
                        // It fails when the server has ended it.
                        if client.connection().send(message).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        victim.has_not_grown()
    })?;
    // Only now, for the working client has a connection too.
    victim.gives_back_but(1)?;
    drop(pair);
    Ok(())
}
