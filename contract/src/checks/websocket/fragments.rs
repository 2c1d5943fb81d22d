//! Messages in several frames (RFC 6455 §5.4).

use super::*;
use crate::websocket::CONTINUATION;

const FRAGMENTS: usize = 1000;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a message in fragments is one message",
        run: |subject| {
            let fragments = [
                Frame::binary("one, ").unfinished(),
                Frame::new(CONTINUATION, "two, ").unfinished(),
                Frame::new(CONTINUATION, "three"),
            ];
            hears(subject, &fragments, &[Frame::binary("one, two, three")])
        },
    },
    Check {
        name: "a text may be cut anywhere, in the middle of a character too",
        run: |subject| {
            let text = "K\u{e4}se \u{1f9c0} \u{20ac}";
            let mut fragments: Vec<_> = text
                .bytes()
                .map(|byte| Frame::new(CONTINUATION, [byte]).unfinished())
                .collect();
            fragments.insert(0, Frame::text("").unfinished());
            fragments.push(Frame::new(CONTINUATION, []));
            hears(subject, &fragments, &[Frame::text(text)])
        },
    },
    Check {
        name: "a message of many fragments is one message",
        run: |subject| {
            let mut fragments = vec![Frame::new(CONTINUATION, "x").unfinished(); FRAGMENTS];
            fragments.insert(0, Frame::text("").unfinished());
            fragments.push(Frame::new(CONTINUATION, "y"));
            hears(
                subject,
                &fragments,
                &[Frame::text("x".repeat(FRAGMENTS) + "y")],
            )
        },
    },
    Check {
        name: "pings between fragments are answered at once, and do not end the message",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            client.send(&Frame::text("be").unfinished())?;
            for ping in ["1", "2"] {
                client.send(&Frame::ping(ping))?;
                client.expect(&Frame::pong(ping))?;
            }
            client.send(&Frame::new(CONTINUATION, "gun"))?;
            client.expect(&Frame::text("begun"))
        },
    },
];
