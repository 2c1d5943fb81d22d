//! Messages that come back as they were.

use super::*;
use crate::websocket::{BINARY, MESSAGE_BYTES_MAX, TEXT};

/// Where the length of a frame is written in another way, and around it.
const SIZES: [usize; 8] = [0, 1, 125, 126, 127, 65535, 65536, 1024 * 1024];

/// Messages that are sent before any is read: few enough bytes for the sockets' buffers.
const MESSAGES: usize = 500;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "texts and bytes of every length come back as they were",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            for size in SIZES {
                for opcode in [TEXT, BINARY] {
                    is_echoed(&mut client, &Frame::new(opcode, payload(size)))?;
                }
            }
            Ok(())
        },
    },
    Check {
        name: "a message of 16 MiB comes back as it was",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            is_echoed(&mut client, &Frame::binary(payload(MESSAGE_BYTES_MAX)))
        },
    },
    Check {
        name: "bytes that are no text come back as they were",
        run: |subject| {
            let every: Vec<u8> = (0..=u8::MAX).rev().collect();
            is_echoed(&mut Client::open(subject, ECHO)?, &Frame::binary(every))
        },
    },
    Check {
        name: "messages that are sent before any is read come back in order",
        run: |subject| {
            let messages: Vec<_> = (0..MESSAGES)
                .map(|number| Frame::text(format!("message {number}")))
                .collect();
            hears(subject, &messages, &messages)
        },
    },
    Check {
        name: "frames that come byte by byte are taken",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            let frames = [
                Frame::text("gr\u{fc}n"),
                Frame::ping("?"),
                Frame::binary([0; 130]),
            ];
            for byte in Frame::masked_all(&frames) {
                client.connection().send([byte])?;
            }
            client.expect(&frames[0])?;
            client.expect(&Frame::pong("?"))?;
            client.expect(&frames[2])
        },
    },
    Check {
        name: "a client that half-closes hears what it is due and then the end",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            let messages = ["one", "two"].map(Frame::text);
            client
                .connection()
                .send_last(Frame::masked_all(&messages))?;
            for message in &messages {
                client.expect(message)?;
            }
            client.connection().expect_close()
        },
    },
];

fn is_echoed(client: &mut Client, message: &Frame) -> Result<()> {
    client.send(message)?;
    client.expect(message)
}

/// Text that differs from place to place.
fn payload(size: usize) -> Vec<u8> {
    let line: Vec<u8> = (b' '..=b'~').collect();
    let mut payload = line.repeat(size / line.len() + 1);
    payload.truncate(size);
    payload
}
