//! Clients of the WebSocket relay that are too slow for the others, and go on taking a little.

use super::*;
use crate::channel::is_timeout;
use crate::websocket::{Client, Frame};
use std::io::{self, Read};

/// One on its way, one in the mailbox, and one too many; the fourth for the time that they take.
const MESSAGES: usize = 4;
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// In which the write timeout passes several times. What is taken meanwhile, and what sockets hold
/// beside it, is less than a message.
const SIPS: usize = 100;
const SIP_BYTES: usize = 32 * 1024;
const SIP_PAUSE: Duration = Duration::from_millis(20);

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "clients that are too slow have the write timeout for all that is left, however they sip and talk",
    run: sip,
}];

fn sip(victim: &Victim) -> Result<()> {
    let enter = || Client::open(&victim.subject, "/ws?sips");
    let (mut silent, mut talking, mut sender) = (enter()?, enter()?, enter()?);
    let message = Frame::binary(vec![b'.'; MESSAGE_BYTES]).masked();
    for _ in 0..MESSAGES {
        sender.connection().send(&message)?;
    }
    sender.expect_nothing()?;
    let mut taken = [0; 2];
    for _ in 0..SIPS {
        // It fails once the server has ended it.
        let _ = talking.send(&Frame::pong("still here"));
        for (client, taken) in [&mut silent, &mut talking].into_iter().zip(&mut taken) {
            let mut channel = client.connection().channel();
            *taken += channel.read(&mut [0; SIP_BYTES]).unwrap_or(0);
        }
        thread::sleep(SIP_PAUSE);
    }
    was_cut(silent, taken[0]).context("one that says nothing")?;
    was_cut(talking, taken[1]).context("one that goes on talking")
}

/// Behind what is on its way comes the end, perhaps as a reset, and not the end of a message.
fn was_cut(mut client: Client, taken: usize) -> Result<()> {
    let mut rest = Vec::new();
    let ended = client.connection().channel().read_to_end(&mut rest);
    let is_open = ended.is_err_and(|error: io::Error| is_timeout(error.kind()));
    let taken = taken + rest.len();
    ensure!(!is_open, "it is not cut; {taken} bytes came");
    ensure!(
        taken < MESSAGE_BYTES,
        "{taken} bytes came, a whole message of {MESSAGE_BYTES}"
    );
    Ok(())
}
