//! A connection on one end of a pair of sockets, with a clock that the test moves.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::task::Waker;

use wire::limits::MAILBOX_BYTES_MAX;
use wire::relay::Seat;
use wire::websocket::Message;

use super::*;

const REQUEST: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

/// A connection that has had its first turn, and its client.
fn connected(desk: &mut Desk) -> (Connection, UnixStream, Want) {
    let (socket, client) = UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    client.set_nonblocking(true).unwrap();
    let mut connection = Connection::new(socket.into(), Caller::default(), desk);
    let want = connection.go_on(Cause::Turn, desk);
    (connection, client, want)
}

fn desk() -> Desk {
    Desk::new(Options::default(), Post::new(None))
}

/// What has come by now.
fn received(mut client: &UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Ends with an error, for nobody has closed.
    let _ = client.read_to_end(&mut bytes);
    bytes
}

fn answers(client: &UnixStream) -> usize {
    let text = String::from_utf8(received(client)).unwrap();
    text.matches("HTTP/1.1 200").count()
}

#[test]
fn a_new_connection_waits_for_input_as_long_as_the_read_timeout() {
    let mut desk = desk();
    let until = desk.now + desk.options.connection.read_timeout;
    let (_connection, _client, want) = connected(&mut desk);
    assert_eq!(want, Want::Ready(Interest::Input, until));
}

#[test]
fn a_pipeline_of_requests_is_answered_by_turns() {
    let mut desk = desk();
    let (mut connection, mut client, _) = connected(&mut desk);
    let per_turn = STEPS_PER_TURN_MAX as usize;
    let requests = REQUEST.repeat(2 * per_turn + 1);
    client.write_all(requests.as_bytes()).unwrap();
    assert_eq!(connection.go_on(Cause::Ready, &mut desk), Want::Turn);
    assert_eq!(answers(&client), per_turn);
    // Called out of turn it stays where it is in the queue.
    assert_eq!(connection.go_on(Cause::Ready, &mut desk), Want::Nothing);
    assert_eq!(connection.go_on(Cause::Due, &mut desk), Want::Nothing);
    assert_eq!(connection.go_on(Cause::Turn, &mut desk), Want::Turn);
    assert_eq!(answers(&client), per_turn);
    let want = connection.go_on(Cause::Turn, &mut desk);
    assert!(matches!(want, Want::Ready(Interest::Input, _)), "{want:?}");
    assert_eq!(answers(&client), 1);
    assert_eq!(connection.go_on(Cause::Turn, &mut desk), Want::Nothing);
}

#[test]
fn work_ends_a_turn_after_its_answer() {
    let mut desk = desk();
    let (mut connection, mut client, _) = connected(&mut desk);
    let work = "GET /cpu/10 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.write_all(work.repeat(2).as_bytes()).unwrap();
    assert_eq!(connection.go_on(Cause::Ready, &mut desk), Want::Turn);
    assert_eq!(answers(&client), 1);
}

#[test]
fn a_client_that_takes_something_is_waited_for_and_one_that_takes_nothing_is_cut() {
    let mut desk = desk();
    let (mut connection, mut client, _) = connected(&mut desk);
    let large = "GET /bytes/67108864 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.write_all(large.as_bytes()).unwrap();
    let mut want = connection.go_on(Cause::Ready, &mut desk);
    while want == Want::Turn {
        want = connection.go_on(Cause::Turn, &mut desk);
    }
    for _ in 0..3 {
        let until = desk.now + desk.options.write_timeout;
        assert_eq!(want, Want::Ready(Interest::Output, until));
        desk.now = until;
        // Room for some, though the socket may not be said to be ready.
        client.read_exact(&mut vec![0; 100_000]).unwrap();
        want = connection.go_on(Cause::Due, &mut desk);
    }
    let Want::Ready(Interest::Output, until) = want else {
        panic!("{want:?}");
    };
    // To be called in vain does not prolong it.
    assert_eq!(connection.go_on(Cause::Ready, &mut desk), want);
    desk.now = until;
    assert_eq!(connection.go_on(Cause::Due, &mut desk), Want::Close);
}

#[test]
fn what_has_come_by_the_time_that_is_up_has_come_in_time() {
    let mut desk = desk();
    let (mut connection, mut client, want) = connected(&mut desk);
    let Want::Ready(_, until) = want else {
        panic!("{want:?}");
    };
    client.write_all(REQUEST.as_bytes()).unwrap();
    desk.now = until;
    connection.go_on(Cause::Due, &mut desk);
    assert_eq!(answers(&client), 1);
    desk.now += desk.options.connection.idle_timeout;
    assert_eq!(connection.go_on(Cause::Due, &mut desk), Want::Close);
}

#[test]
fn half_a_request_that_goes_on_by_bytes_is_cut_when_its_time_is_up() {
    let mut desk = desk();
    let (mut connection, mut client, _) = connected(&mut desk);
    client.write_all(b"GET / HT").unwrap();
    let want = connection.go_on(Cause::Ready, &mut desk);
    let Want::Ready(Interest::Input, until) = want else {
        panic!("{want:?}");
    };
    client.write_all(b"TP").unwrap();
    desk.now = until - Duration::from_millis(1);
    assert_eq!(connection.go_on(Cause::Ready, &mut desk), want);
    desk.now = until;
    let want = connection.go_on(Cause::Due, &mut desk);
    assert_eq!(want, Want::Ready(Interest::Input, until + LINGER_TIME_MAX));
    let text = String::from_utf8(received(&client)).unwrap();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    desk.now += LINGER_TIME_MAX;
    assert_eq!(connection.go_on(Cause::Due, &mut desk), Want::Close);
}

#[test]
fn a_pause_is_made_by_the_clock_and_not_by_readiness() {
    let mut desk = desk();
    let (mut connection, mut client, _) = connected(&mut desk);
    client
        .write_all(b"GET /delay/70 HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    // Others have had their turn since the clock was looked at.
    desk.now -= Duration::from_secs(1);
    let earliest = Instant::now() + Duration::from_millis(70);
    let want = connection.go_on(Cause::Ready, &mut desk);
    let Want::Moment(until) = want else {
        panic!("{want:?}");
    };
    assert!(until >= earliest);
    client.write_all(REQUEST.as_bytes()).unwrap();
    assert_eq!(connection.go_on(Cause::Ready, &mut desk), Want::Silence);
    assert_eq!(answers(&client), 0);
    desk.now = until;
    connection.go_on(Cause::Due, &mut desk);
    assert_eq!(answers(&client), 1);
    // The other is still in the socket, and told of again.
    connection.go_on(Cause::Ready, &mut desk);
    assert_eq!(answers(&client), 1);
}

#[test]
fn at_the_stop_who_waits_for_a_next_request_is_closed_and_others_get_an_answer() {
    let mut desk = desk();
    let (mut idle, mut client, _) = connected(&mut desk);
    client.write_all(REQUEST.as_bytes()).unwrap();
    idle.go_on(Cause::Ready, &mut desk);
    assert_eq!(idle.go_on(Cause::Stop, &mut desk), Want::Close);

    let (mut asking, mut client, _) = connected(&mut desk);
    client.write_all(REQUEST.as_bytes()).unwrap();
    assert_eq!(asking.go_on(Cause::Stop, &mut desk), Want::Close);
    assert_eq!(answers(&client), 1);

    let (mut new, mut client, want) = connected(&mut desk);
    assert_eq!(new.go_on(Cause::Stop, &mut desk), want);
    client.write_all(REQUEST.as_bytes()).unwrap();
    assert_eq!(new.go_on(Cause::Ready, &mut desk), Want::Close);
    assert_eq!(answers(&client), 1);
}

#[test]
fn a_client_that_is_refused_is_told_why_and_given_time_to_hear_it() {
    let mut desk = desk();
    let (socket, client) = UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    client.set_nonblocking(true).unwrap();
    (&client).write_all(REQUEST.as_bytes()).unwrap();
    let mut refused = Connection::refused(socket.into(), Caller::default(), &desk).unwrap();
    let until = desk.now + LINGER_TIME_MAX;
    let want = refused.go_on(Cause::Turn, &mut desk);
    assert_eq!(want, Want::Ready(Interest::Input, until));
    let text = String::from_utf8(received(&client)).unwrap();
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
    assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    // What it sends before it has heard that does not reset the connection.
    (&client).write_all(REQUEST.as_bytes()).unwrap();
    assert_eq!(refused.go_on(Cause::Ready, &mut desk), want);
    drop(client);
    assert_eq!(refused.go_on(Cause::Ready, &mut desk), Want::Close);
}

const UPGRADE: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A client of the relay, whose connection has this name.
fn in_the_relay(slot: u32, desk: &mut Desk) -> (Connection, UnixStream) {
    let (mut connection, mut client, _) = connected(desk);
    let generation = 1;
    connection.introduce(Key { slot, generation });
    client.write_all(UPGRADE).unwrap();
    connection.go_on(Cause::Ready, desk);
    let answer = String::from_utf8(received(&client)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    (connection, client)
}

/// Whose mailbox has got something, by its slot.
fn addressees(desk: &Desk) -> Vec<u32> {
    let mut notes = Vec::new();
    desk.post.collect(&mut notes);
    notes.iter().map(|key| key.slot).collect()
}

#[test]
fn a_flood_of_messages_is_delivered_by_turns_and_written_at_once() {
    const MESSAGES: usize = DELIVERIES_PER_TURN_MAX;
    let mut desk = desk();
    let (mut sender, mut from) = in_the_relay(1, &mut desk);
    let (mut receiver, to) = in_the_relay(2, &mut desk);
    // Empty texts, masked with nothing; each is delivered in a room of two.
    let frame = [0x81, 0x80, 0, 0, 0, 0];
    from.write_all(&frame.repeat(MESSAGES + 1)).unwrap();
    assert_eq!(sender.go_on(Cause::Ready, &mut desk), Want::Turn);
    assert_eq!(addressees(&desk), [2]);
    let want = receiver.go_on(Cause::Mail, &mut desk);
    assert!(matches!(want, Want::Ready(Interest::Input, _)), "{want:?}");
    assert_eq!(received(&to), [0x81, 0].repeat(MESSAGES / 2));
    // Mail for itself there would be, too, when it has its turn.
    assert_eq!(sender.go_on(Cause::Mail, &mut desk), Want::Nothing);
    assert_eq!(sender.go_on(Cause::Turn, &mut desk), Want::Turn);
    let want = sender.go_on(Cause::Turn, &mut desk);
    assert!(matches!(want, Want::Ready(Interest::Input, _)), "{want:?}");
    receiver.go_on(Cause::Mail, &mut desk);
    assert_eq!(received(&to), [0x81, 0].repeat(MESSAGES / 2 + 1));
}

#[test]
fn a_push_client_that_takes_nothing_is_waited_for_until_the_stop() {
    let mut desk = desk();
    let (socket, _client) = UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    let caller = Caller {
        service: Service::Push,
        ..Caller::default()
    };
    let mut connection = Connection::new(socket.into(), caller, &desk);
    let mut want = connection.go_on(Cause::Turn, &mut desk);
    while want == Want::Turn {
        want = connection.go_on(Cause::Turn, &mut desk);
    }
    let Want::Ready(Interest::Output, until) = want else {
        panic!("{want:?}");
    };
    assert!(until > desk.now + 1000 * desk.options.write_timeout);
    let until = desk.now + Duration::from_secs(1);
    let want = connection.go_on(Cause::Stop, &mut desk);
    assert_eq!(want, Want::Ready(Interest::Output, until));
    desk.now = until;
    assert_eq!(connection.go_on(Cause::Due, &mut desk), Want::Close);
}

/// A binary message of so many bytes (126 or more take a longer header), masked with nothing.
fn frame(payload_bytes: u8) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | payload_bytes, 0, 0, 0, 0];
    frame.resize(6 + usize::from(payload_bytes), 7);
    frame
}

/// Others in the room, whom nobody serves.
fn others(count: usize, desk: &Desk) -> Vec<Seat> {
    let enter = |_| desk.options.relay.enter("", Waker::noop().clone());
    (0..count).map(|each| enter(each).unwrap()).collect()
}

/// Has one go on whose client has sent more than it reads at a time.
fn go_on_at_once(connection: &mut Connection, want: &mut Want, desk: &mut Desk) {
    let cause = match want {
        Want::Turn => Cause::Turn,
        _ => Cause::Ready,
    };
    *want = connection.go_on(cause, desk);
}

#[test]
fn who_sends_all_the_time_gets_its_mail() {
    const TURNS: usize = 300;
    const MAILS_PER_TURN: usize = 20;
    const MAIL_BYTES: usize = 1000;
    // In all more than a mailbox takes.
    const { assert!(TURNS * MAILS_PER_TURN * MAIL_BYTES > MAILBOX_BYTES_MAX) };
    let mut desk = desk();
    let (mut sender, mut client) = in_the_relay(1, &mut desk);
    // More than a message has bytes: many turns to a read.
    let others = others(60, &desk);
    let input = frame(50).repeat(10_000);
    let (mut sent_bytes, mut heard_bytes) = (0, 0);
    let mut want = Want::Ready(Interest::Input, desk.now);
    for _ in 0..TURNS {
        while let Ok(count) = client.write(&input[sent_bytes % input.len()..]) {
            sent_bytes += count;
        }
        for _ in 0..MAILS_PER_TURN {
            let mail = Message::binary(vec![7; MAIL_BYTES]);
            others[0].parcel(mail).deliver();
        }
        go_on_at_once(&mut sender, &mut want, &mut desk);
        heard_bytes += received(&client).len();
    }
    // The turn's own mail may come with the next.
    go_on_at_once(&mut sender, &mut want, &mut desk);
    heard_bytes += received(&client).len();
    assert_eq!(heard_bytes, TURNS * MAILS_PER_TURN * (4 + MAIL_BYTES));
}

#[test]
fn what_a_client_says_gives_it_no_more_time_to_take_something() {
    let mut desk = desk();
    let (mut deaf, mut client) = in_the_relay(1, &mut desk);
    let others = others(1, &desk);
    // More than its socket holds, and less than its mailbox.
    for _ in 0..MAILBOX_BYTES_MAX / 100_000 - 1 {
        let mail = Message::binary(vec![7; 100_000]);
        others[0].parcel(mail).deliver();
    }
    let mut want = deaf.go_on(Cause::Mail, &mut desk);
    while want == Want::Turn {
        want = deaf.go_on(Cause::Turn, &mut desk);
    }
    let Want::Ready(Interest::Output, until) = want else {
        panic!("{want:?}");
    };
    // Enough for several turns, if it were heard.
    client.write_all(&frame(0).repeat(10_000)).unwrap();
    for (cause, now, last) in [
        (Cause::Ready, until - Duration::from_secs(1), want),
        (Cause::Due, until, Want::Close),
    ] {
        desk.now = now;
        want = deaf.go_on(cause, &mut desk);
        while want == Want::Turn {
            want = deaf.go_on(Cause::Turn, &mut desk);
        }
        assert_eq!(want, last);
    }
}
