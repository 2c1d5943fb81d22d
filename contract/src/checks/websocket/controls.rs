//! Pings and pongs (RFC 6455 §5.5).

use super::*;

/// The longest payload of a control frame.
const CONTROL_BYTES_MAX: usize = 125;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a ping is answered with its payload",
        run: |subject| {
            let mut client = Client::open(subject, ECHO)?;
            for payload in [vec![], vec![0xff], vec![7; CONTROL_BYTES_MAX]] {
                client.send(&Frame::ping(payload.clone()))?;
                client.expect(&Frame::pong(payload))?;
            }
            Ok(())
        },
    },
    Check {
        name: "a ping is answered before what was sent behind it",
        run: |subject| {
            hears(
                subject,
                &[Frame::text("a"), Frame::ping("b"), Frame::text("c")],
                &[Frame::text("a"), Frame::pong("b"), Frame::text("c")],
            )
        },
    },
    Check {
        name: "a pong that nobody has asked for is not answered",
        run: |subject| hears(subject, &[Frame::pong("here"), Frame::pong([])], &[]),
    },
    Check {
        name: "a relay's client that is alone has its pings answered and hears nothing else",
        run: |subject| {
            let mut client = Client::open(subject, "/ws?alone")?;
            client.send(&Frame::text("anybody?"))?;
            client.expect_nothing()
        },
    },
];
