//! What no client may send: each is closed with the code that says why (RFC 6455 §7.4.1).

use super::*;
use crate::websocket::{CONTINUATION, MESSAGE_BYTES_MAX};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a frame that is not masked is closed with 1002",
        run: |subject| {
            let frames = [Frame::text("x"), Frame::binary([]), Frame::ping("x")];
            frames
                .iter()
                .try_for_each(|frame| is_closed(subject, PROTOCOL, &frame.unmasked()))
        },
    },
    Check {
        name: "reserved bits are closed with 1002",
        run: |subject| {
            (1..8).try_for_each(|bits| breaks(subject, &[Frame::text("x").reserved(bits)]))?;
            breaks(subject, &[Frame::ping("x").reserved(4)])
        },
    },
    Check {
        name: "unknown opcodes are closed with 1002",
        run: |subject| {
            let unknown = (3..8).chain(11..16);
            unknown
                .into_iter()
                .try_for_each(|opcode| breaks(subject, &[Frame::new(opcode, "x")]))
        },
    },
    Check {
        name: "a continuation of nothing is closed with 1002",
        run: |subject| {
            let continuation = Frame::new(CONTINUATION, "x");
            breaks(subject, std::slice::from_ref(&continuation))?;
            breaks(subject, &[continuation.unfinished()])
        },
    },
    Check {
        name: "a message within another is closed with 1002",
        run: |subject| breaks(subject, &[Frame::text("x").unfinished(), Frame::text("y")]),
    },
    Check {
        name: "a control frame in fragments is closed with 1002",
        run: |subject| breaks(subject, &[Frame::ping("x").unfinished()]),
    },
    Check {
        name: "a control frame over 125 bytes is closed with 1002",
        run: |subject| {
            breaks(subject, &[Frame::ping([0; 126])])?;
            breaks(subject, &[Frame::pong([0; 126])])?;
            breaks(subject, &[Frame::close(1000, &"x".repeat(124))])
        },
    },
    Check {
        name: "a close code that may not be sent is closed with 1002",
        run: |subject| {
            [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]
                .iter()
                .try_for_each(|&code| breaks(subject, &[Frame::close(code, "")]))?;
            breaks(subject, &[Frame::close_with([3])])
        },
    },
    Check {
        name: "what came before a broken frame is answered before the close",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            let before = [Frame::text("x"), Frame::text("y")];
            client.send_all(&before)?;
            client.send(&Frame::new(CONTINUATION, "z"))?;
            for frame in &before {
                client.expect(frame)?;
            }
            client.expect_farewell(PROTOCOL)
        },
    },
    Check {
        name: "a text that is not UTF-8 is closed with 1007",
        run: |subject| {
            // A byte that never occurs, one too few, an overlong form, a surrogate, one past the
            // end of Unicode.
            let wrong: [&[u8]; 5] = [
                b"x\xff",
                b"x\xe2\x82",
                b"\xc0\xaf",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
            ];
            wrong.iter().try_for_each(|&bytes| {
                let text = Frame::new(crate::websocket::TEXT, bytes);
                is_closed(subject, NOT_TEXT, &text.masked())
            })
        },
    },
    Check {
        name: "a text that is not UTF-8 over all its fragments is closed with 1007",
        run: |subject| {
            let fragments = [
                Frame::new(crate::websocket::TEXT, b"\xe2").unfinished(),
                Frame::new(CONTINUATION, b"\x82"),
            ];
            is_closed(subject, NOT_TEXT, &Frame::masked_all(&fragments))
        },
    },
    Check {
        name: "a close whose reason is not UTF-8 is closed with 1007",
        run: |subject| {
            let close = Frame::close_with(*b"\x03\xe8\xff");
            is_closed(subject, NOT_TEXT, &close.masked())
        },
    },
    Check {
        name: "a frame over 16 MiB is closed with 1009 before it comes",
        run: |subject| {
            [MESSAGE_BYTES_MAX + 1, usize::MAX / 2]
                .iter()
                .try_for_each(|&length| {
                    is_closed(subject, TOO_LARGE, &Frame::binary([]).announcing(length))
                })
        },
    },
    Check {
        name: "fragments that make more than 16 MiB are closed with 1009",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            client.send(&Frame::binary(vec![0; MESSAGE_BYTES_MAX]).unfinished())?;
            client.send(&Frame::new(CONTINUATION, "x"))?;
            client.expect_farewell(TOO_LARGE)
        },
    },
    Check {
        name: "a close reaches a client that is still sending",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            let after = vec![Frame::binary([0; 1000]); 256];
            client.send(&Frame::text("x").reserved(1))?;
            // It fails if the server is done with the client.
            let _ = client.send_all(&after);
            client.expect_farewell(PROTOCOL)
        },
    },
];

/// These frames break the protocol.
fn breaks(subject: &Subject, frames: &[Frame]) -> Result<()> {
    is_closed(subject, PROTOCOL, &Frame::masked_all(frames))
}

/// A client that sends this hears the code and the end.
fn is_closed(subject: &Subject, code: u16, bytes: &[u8]) -> Result<()> {
    let mut client = Client::open(subject, ECHO)?;
    client.connection().send(bytes)?;
    client.expect_farewell(code).with_context(|| {
        let beginning = bytes[..bytes.len().min(16)].escape_ascii();
        format!("after \"{beginning}\"")
    })
}
