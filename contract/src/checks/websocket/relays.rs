//! The relay: each message goes to every other client of its room.

use super::*;
use crate::websocket::{BINARY, CONTINUATION};

/// Messages of one client: few enough bytes for the sockets' buffers.
const MESSAGES: usize = 1000;

/// More than a socket takes at a time.
const LARGE_BYTES: usize = 1024 * 1024;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "a message goes to every other client of the room, and not to its sender",
        run: |subject| {
            let mut clients = room(subject, "others", 4)?;
            for sender in 0..clients.len() {
                let message = Frame::text(format!("from {sender}"));
                clients[sender].send(&message)?;
                for (number, client) in clients.iter_mut().enumerate() {
                    if number != sender {
                        client.expect(&message)?;
                    }
                }
            }
            clients.iter_mut().try_for_each(Client::expect_nothing)
        },
    },
    Check {
        name: "each of two hears the other, round by round",
        run: |subject| {
            let mut pair = room(subject, "pair", 2)?;
            for round in 0..20 {
                let message = Frame::binary(format!("{round}"));
                pair[0].send(&message)?;
                pair[1].expect(&message)?;
                pair[1].send(&message)?;
                pair[0].expect(&message)?;
            }
            Ok(())
        },
    },
    Check {
        name: "messages of one client come to all in their order",
        run: |subject| {
            let mut clients = room(subject, "order", 3)?;
            let messages: Vec<_> = (0..MESSAGES)
                .map(|number| Frame::text(number.to_string()))
                .collect();
            clients[0].send_all(&messages)?;
            for message in &messages {
                for client in &mut clients[1..] {
                    client.expect(message)?;
                }
            }
            Ok(())
        },
    },
    Check {
        name: "a message reaches others as it was: text or bytes, large or empty, fragments as one",
        run: |subject| {
            let mut clients = room(subject, "as-it-was", 2)?;
            for message in [
                Frame::text("gr\u{fc}n"),
                Frame::text(""),
                Frame::binary([0xff, 0]),
                Frame::new(BINARY, vec![7; LARGE_BYTES]),
            ] {
                clients[0].send(&message)?;
                clients[1].expect(&message)?;
            }
            let fragments = [
                Frame::text("one, ").unfinished(),
                Frame::ping("for the server"),
                Frame::new(CONTINUATION, "two"),
            ];
            clients[0].send_all(&fragments)?;
            clients[1].expect(&Frame::text("one, two"))?;
            clients[0].expect(&Frame::pong("for the server"))?;
            clients[1].expect_nothing()
        },
    },
    Check {
        name: "messages stay in their room, which is the query",
        run: |subject| {
            let mut one = room(subject, "one", 2)?;
            let mut other = room(subject, "other", 2)?;
            let mut nameless = [
                Client::open(subject, "/ws")?,
                Client::open(subject, "/ws?")?,
            ];
            let mut echo = Client::open(subject, "/ws/echo?one")?;
            one[0].send(&Frame::text("to one"))?;
            other[0].send(&Frame::text("to the other"))?;
            echo.send(&Frame::text("to me"))?;
            nameless[0].send(&Frame::text("to no name"))?;
            one[1].expect(&Frame::text("to one"))?;
            other[1].expect(&Frame::text("to the other"))?;
            echo.expect(&Frame::text("to me"))?;
            nameless[1].expect(&Frame::text("to no name"))?;
            let all = one.iter_mut().chain(&mut other).chain(&mut nameless);
            all.chain([&mut echo]).try_for_each(Client::expect_nothing)
        },
    },
    Check {
        name: "who leaves, however, is nobody's concern",
        run: |subject| {
            let mut stays = room(subject, "leaves", 2)?;
            let mut leave = room(subject, "leaves", 4)?;
            leave[0].send(&Frame::close(1000, ""))?;
            leave[1].send(&Frame::text("x").reserved(1))?;
            leave.remove(2).into_connection().reset()?;
            drop(leave.remove(2));
            for round in 0..20 {
                let message = Frame::text(format!("{round}"));
                stays[0].send(&message)?;
                stays[1].expect(&message)?;
            }
            stays.iter_mut().try_for_each(Client::expect_nothing)
        },
    },
    Check {
        name: "what a client says before it leaves is heard",
        run: |subject| {
            let mut clients = room(subject, "last-words", 3)?;
            let (mut closes, mut half_closes) = (clients.remove(0), clients.remove(0));
            closes.send_all(&[Frame::text("bye"), Frame::close(1000, "")])?;
            clients[0].expect(&Frame::text("bye"))?;
            half_closes.expect(&Frame::text("bye"))?;
            half_closes
                .connection()
                .send_last(Frame::text("and I").masked())?;
            clients[0].expect(&Frame::text("and I"))?;
            half_closes.connection().expect_close()
        },
    },
    Check {
        name: "who comes later hears what is said from then on",
        run: |subject| {
            let mut clients = room(subject, "later", 2)?;
            clients[0].send(&Frame::text("before"))?;
            clients[1].expect(&Frame::text("before"))?;
            clients.push(Client::open(subject, "/ws?later")?);
            clients[0].send(&Frame::text("after"))?;
            clients[1].expect(&Frame::text("after"))?;
            clients[2].expect(&Frame::text("after"))
        },
    },
];

/// So many clients of one room, which no other check enters.
fn room(subject: &Subject, name: &str, count: usize) -> Result<Vec<Client>> {
    let target = format!("/ws?{name}");
    (0..count).map(|_| Client::open(subject, &target)).collect()
}
