//! The closing handshake (RFC 6455 §7).

use super::*;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a close is answered with its code, and then the connection is closed",
        run: |subject| {
            [1000, 1001, 1003, 1007, 1011, 1013, 3000, 4999]
                .iter()
                .try_for_each(|&code| is_answered(subject, ECHO, &[], &Frame::close(code, "")))?;
            is_answered(subject, ECHO, &[], &Frame::close(1000, "that was all"))
        },
    },
    Check {
        name: "a close without a code is answered by one without",
        run: |subject| is_answered(subject, ECHO, &[], &Frame::close_with([])),
    },
    Check {
        name: "what was sent before a close is answered before it",
        run: |subject| {
            let before = ["one", "two", "three"].map(Frame::text);
            is_answered(subject, ECHO, &before, &Frame::close(1000, ""))
        },
    },
    Check {
        name: "what comes behind a close is not looked at",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            let close = Frame::close(1000, "");
            client.send_all(&[close.clone(), Frame::text("x"), Frame::ping("y")])?;
            client.expect(&close)?;
            client.connection().expect_close()
        },
    },
    Check {
        name: "a client of the relay that closes is answered",
        run: |subject| is_answered(subject, "/ws?closes", &[], &Frame::close(1000, "")),
    },
    Check {
        name: "a close in the middle of a message is answered",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            let close = Frame::close(1001, "");
            client.send_all(&[Frame::text("beg").unfinished(), close.clone()])?;
            client.expect(&close)?;
            client.connection().expect_close()
        },
    },
    Check {
        name: "a WebSocket client that leaves without a word harms nobody",
        run: |subject| {
            drop(Client::open(subject, ECHO)?);
            Client::open(subject, ECHO)?.into_connection().reset()?;
            serves_the_next(subject)
        },
    },
];

/// Messages and a close, sent at once, all come back, and then the end.
fn is_answered(subject: &Subject, target: &str, before: &[Frame], close: &Frame) -> Result<()> {
    let mut client = Client::open(subject, target)?;
    let frames = [before, std::slice::from_ref(close)].concat();
    client.send_all(&frames)?;
    for frame in &frames {
        client.expect(frame)?;
    }
    client.connection().expect_close()
}
