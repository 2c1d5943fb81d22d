//! A WebSocket client (RFC 6455) of the suite's own, which can also do what none should.
//!
//! - `frame`: what is sent and what comes;
//! - `client`: the handshake, and frames over a connection.

mod client;
mod frame;

pub(crate) use client::{Client, EXAMPLE_ACCEPT, EXAMPLE_KEY, handshake, handshake_with};
pub(crate) use frame::{BINARY, CONTINUATION, Frame, MESSAGE_BYTES_MAX, TEXT};

/// The code that who is too slow is closed with: "policy violation" (RFC 6455 §7.4.1).
pub(crate) const POLICY: u16 = 1008;
