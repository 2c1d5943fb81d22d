//! The request that opens a connection (RFC 6455 §4.2), and what it is answered.

use super::*;
use crate::websocket::{EXAMPLE_ACCEPT, EXAMPLE_KEY, handshake, handshake_with};

const TARGETS: [&str; 2] = ["/ws", ECHO];

/// Header lines that are right.
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";

/// The longest name of a room.
const ROOM_BYTES_MAX: usize = 128;

/// What every server says to those who do not ask rightly.
pub(in super::super) const CHECKS_OF_ALL: &[Check] = &[
    Check {
        name: "who asks for no upgrade is told with 426 which there is",
        run: |subject| {
            TARGETS.iter().try_for_each(|target| {
                answers(subject, &get(target), &Expected::upgrade_required())
            })
        },
    },
    Check {
        name: "who asks for another upgrade is told with 426 which there is",
        run: |subject| {
            let key = format!("Sec-WebSocket-Key: {EXAMPLE_KEY}\r\n");
            [
                format!("{UPGRADE}{key}"),
                format!("{UPGRADE}{key}Sec-WebSocket-Version: 12\r\n"),
                format!("{UPGRADE}{key}Sec-WebSocket-Version: 130\r\n"),
                format!("Upgrade: h2c\r\nConnection: Upgrade\r\n{key}{VERSION}"),
                format!("Upgrade: websockets\r\nConnection: Upgrade\r\n{key}{VERSION}"),
                format!("Upgrade: websocket\r\nConnection: keep-alive\r\n{key}{VERSION}"),
                format!("Connection: Upgrade\r\n{key}{VERSION}"),
            ]
            .iter()
            .try_for_each(|headers| {
                let request = handshake_with(ECHO, headers);
                answers(subject, &request, &Expected::upgrade_required())
            })
        },
    },
    Check {
        name: "an upgrade of HTTP/1.0 is not looked at",
        run: |subject| {
            let request = handshake("/ws").replace("HTTP/1.1", "HTTP/1.0");
            let mut connection = Connection::open(subject)?;
            connection.send(request)?;
            let expected = Expected::upgrade_required().over_http_1_0();
            connection.expect(&expected.connection("close, Upgrade"))?;
            connection.expect_close()
        },
    },
    Check {
        name: "a handshake without a key, or with one that is none, is refused with 400",
        run: |subject| {
            refuses_keys(
                subject,
                &[
                    "",
                    "Sec-WebSocket-Key: \r\n",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, x\r\n",
                    "Sec-WebSocket-Key: dGhl-HNhbXBsZSBub25jZQ==\r\n",
                ],
            )
        },
    },
    Check {
        name: "a handshake with two keys is refused with 400",
        run: |subject| {
            let key = format!("Sec-WebSocket-Key: {EXAMPLE_KEY}\r\n");
            refuses_keys(subject, &[&key.repeat(2)])
        },
    },
    Check {
        name: "a handshake with a body is refused with 400",
        run: |subject| {
            ["Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n"]
                .iter()
                .try_for_each(|framing| {
                    let key = format!("Sec-WebSocket-Key: {EXAMPLE_KEY}\r\n");
                    let head = handshake_with(ECHO, &format!("{UPGRADE}{key}{VERSION}{framing}"));
                    refuses(subject, 400, &head)
                })
        },
    },
    Check {
        name: "a room whose name is over 128 bytes is refused with 400",
        run: |subject| {
            let name = "x".repeat(ROOM_BYTES_MAX + 1);
            refuses(subject, 400, &handshake(&format!("/ws?{name}")))
        },
    },
    Check {
        name: "a WebSocket's path takes GET alone",
        run: |subject| {
            TARGETS.iter().try_for_each(|target| {
                let expected = Expected::not_allowed("GET");
                answers(subject, &request("POST", target), &expected)?;
                answers(subject, &request("OPTIONS", target), &expected)?;
                let upgrade = handshake(target).replace("GET", "HEAD");
                let mut connection = Connection::open(subject)?;
                connection.send(upgrade)?;
                let head = connection.answer_head()?;
                ensure!(
                    head.starts_with("HTTP/1.1 405 ") && head.contains("\r\nAllow: GET\r\n"),
                    "HEAD is answered with\n{head}"
                );
                connection.expect_next()
            })
        },
    },
];

/// What is said where one client would own the server.
pub(in super::super) const CHECKS_WITHOUT: &[Check] = &[Check {
    name: "a WebSocket is refused with 503 and the reason, and the next is served",
    run: |subject| {
        TARGETS.iter().try_for_each(|target| {
            let mut connection = Connection::open(subject)?;
            connection.send(handshake(target))?;
            let answer = connection.answer()?;
            Expected::refusal(503).compare(&answer, subject.keep_alive)?;
            connection.expect_close()?;
            let reason = String::from_utf8(answer.body)?;
            ensure!(
                reason.contains("one connection at a time"),
                "the reason is {reason:?}"
            );
            serves_the_next(subject)
        })
    },
}];

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a handshake is answered with what proves that its key was read",
        run: |subject| {
            // That of RFC 6455 §1.3, and another.
            let keys = [
                (EXAMPLE_KEY, EXAMPLE_ACCEPT),
                ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
            ];
            for (key, accept) in keys {
                let key = format!("Sec-WebSocket-Key: {key}\r\n");
                for target in TARGETS {
                    let request = handshake_with(target, &format!("{UPGRADE}{key}{VERSION}"));
                    switches(subject, &request, accept)?;
                }
            }
            Ok(())
        },
    },
    Check {
        name: "a handshake's words are read as HTTP's: in any case, in lists, in any order",
        run: |subject| {
            let headers = format!(
                "sec-websocket-version: 13\r\nCONNECTION: keep-alive, UPGRADE\r\n\
                 sec-websocket-key:{EXAMPLE_KEY}  \r\nupgrade: h2c, WebSocket\r\n\
                 Origin: http://contract\r\nSec-WebSocket-Protocol: chat\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate\r\n"
            );
            let request = handshake_with("/ws/echo?with=query", &headers);
            switches(subject, &request, EXAMPLE_ACCEPT)
        },
    },
    Check {
        name: "a handshake behind other requests is answered in its turn",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            let before = if subject.keep_alive { 3 } else { 0 };
            let requests = get("/delay/20").repeat(before);
            connection.send(requests + &handshake(ECHO))?;
            let hello = hello(&connection)?;
            for _ in 0..before {
                connection.expect(&hello)?;
            }
            is_echoed_to(Client::begin(connection)?)
        },
    },
    Check {
        name: "frames that come together with the handshake are not lost",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            let messages = ["first", "second"].map(Frame::text);
            let frames = Frame::masked_all(&messages);
            connection.send([handshake(ECHO).into_bytes(), frames].concat())?;
            let mut client = Client::begin(connection)?;
            for message in &messages {
                client.expect(message)?;
            }
            is_echoed_to(client)
        },
    },
    Check {
        name: "a handshake that comes byte by byte is taken",
        run: |subject| {
            let mut connection = Connection::open(subject)?;
            for byte in handshake(ECHO).bytes() {
                connection.send([byte])?;
            }
            is_echoed_to(Client::begin(connection)?)
        },
    },
];

fn refuses_keys(subject: &Subject, keys: &[&str]) -> Result<()> {
    keys.iter().try_for_each(|key| {
        let request = handshake_with(ECHO, &format!("{UPGRADE}{key}{VERSION}"));
        refuses(subject, 400, &request)
    })
}

/// This request is answered so, and then WebSocket is spoken.
fn switches(subject: &Subject, request: &str, accept: &str) -> Result<()> {
    let mut connection = Connection::open(subject)?;
    connection.send(request)?;
    let mut client = Client::begin_with(accept, connection)?;
    client.send(&Frame::close(1000, ""))?;
    client.expect(&Frame::close(1000, ""))?;
    client.connection().expect_close()
}

fn is_echoed_to(mut client: Client) -> Result<()> {
    client.send(&Frame::text("and then?"))?;
    client.expect(&Frame::text("and then?"))
}
