//! WebSocket: what a server that takes such clients must do, one file a noun.

mod closes;
mod controls;
mod echoes;
mod fragments;
mod handshakes;
mod relays;
mod silences;
mod violations;

use super::*;
use crate::websocket::{Client, Frame, POLICY};
use anyhow::ensure;
use std::time::Duration;

pub(super) use handshakes::{CHECKS_OF_ALL, CHECKS_WITHOUT};

/// Every noun's checks, what is plainest first.
pub(super) const CHECKS: &[&[Check]] = &[
    handshakes::CHECKS,
    echoes::CHECKS,
    fragments::CHECKS,
    controls::CHECKS,
    closes::CHECKS,
    violations::CHECKS,
    relays::CHECKS,
    silences::CHECKS,
];

/// Those in which nearly all the time is spent waiting.
pub(super) const WAITING: &[Check] = silences::CHECKS;

/// Whose messages come back.
const ECHO: &str = "/ws/echo";

/// Codes that servers close with (RFC 6455 §7.4.1), beside [`POLICY`].
const PROTOCOL: u16 = 1002;
const NOT_TEXT: u16 = 1007;
const TOO_LARGE: u16 = 1009;

/// Of these frames, sent at once, exactly these are heard.
fn hears(subject: &Subject, sent: &[Frame], heard: &[Frame]) -> Result<()> {
    let mut client = Client::open(subject, ECHO)?;
    client.send_all(sent)?;
    for frame in heard {
        client.expect(frame)?;
    }
    client.expect_nothing()
}
