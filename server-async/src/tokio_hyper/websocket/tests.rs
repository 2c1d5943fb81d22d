//! WebSocket clients on in-memory sockets, time paused.

use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use wire::limits::MAILBOX_BYTES_MAX;
use wire::relay::{DELIVERIES_PER_TURN_MAX, Relay};
use wire::websocket::Message;

use super::*;
use crate::Options;
use crate::tokio_hyper::fixture::{self, Served};

/// What the in-memory socket holds in each direction before a write waits, in bytes.
const SOCKET_BYTES: usize = 1000;

/// A client and the connection that serves it.
struct Guest {
    codec: WebSocketStream<DuplexStream>,
    served: Served,
}

fn request(target: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

impl Guest {
    /// A client that has been let in.
    async fn enter(target: &str, options: &Options) -> Self {
        Self::enter_with(&request(target), options).await
    }

    /// The same for one that sends this at first.
    async fn enter_with(request: &[u8], options: &Options) -> Self {
        let (mut socket, served) = fixture::serve(options.clone(), SOCKET_BYTES);
        socket.write_all(request).await.unwrap();
        let head = head(&mut socket).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let codec = WebSocketStream::from_raw_socket(socket, Role::Client, None).await;
        Self { codec, served }
    }

    async fn send(&mut self, message: impl Into<Message>) {
        let mut codec = pin!(&mut self.codec);
        let mut message = Some(message.into());
        poll_fn(|cx| {
            std::task::ready!(codec.as_mut().poll_ready(cx))?;
            if let Some(message) = message.take() {
                codec.as_mut().start_send(message)?;
            }
            codec.as_mut().poll_flush(cx)
        })
        .await
        .unwrap();
    }

    /// The next message, or why there is none.
    async fn try_next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| pin!(&mut self.codec).poll_next(cx)).await
    }

    async fn next(&mut self) -> Message {
        self.try_next().await.unwrap().unwrap()
    }

    /// The close's code, whatever comes before.
    async fn code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.unwrap().code.into();
            }
        }
    }

    fn socket(&mut self) -> &mut DuplexStream {
        self.codec.get_mut()
    }
}

/// An answer's head.
async fn head(socket: &mut DuplexStream) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        text.push(char::from(socket.read_u8().await.unwrap()));
    }
    text
}

fn frame(payload: &[u8], opcode: OpCode, is_final: bool) -> Message {
    Message::Frame(Frame::message(payload.to_vec(), opcode, is_final))
}

#[tokio::test(start_paused = true)]
async fn messages_go_to_every_other_client_of_the_room_in_their_order() {
    let options = Options::default();
    let [mut a, mut b, mut c] = [
        Guest::enter("/ws?x", &options).await,
        Guest::enter("/ws?x", &options).await,
        Guest::enter("/ws?x", &options).await,
    ];
    let mut elsewhere = Guest::enter("/ws", &options).await;
    for number in 0..500 {
        a.send(number.to_string()).await;
    }
    b.send("from b").await;
    for number in 0..500 {
        assert_eq!(b.next().await, number.to_string().into());
    }
    assert_eq!(a.next().await, "from b".into());
    let mut heard = Vec::new();
    while heard.len() < 501 {
        heard.push(c.next().await);
    }
    heard.retain(|message| *message != "from b".into());
    assert!(
        heard
            .into_iter()
            .eq((0..500).map(|it| it.to_string().into()))
    );
    elsewhere.send("alone").await;
    elsewhere.send(Message::Close(None)).await;
    assert_eq!(elsewhere.next().await, Message::Close(None));
}

#[tokio::test(start_paused = true)]
async fn an_echo_puts_fragments_together_and_answers_a_ping_between_them() {
    let mut guest = Guest::enter("/ws/echo", &Options::default()).await;
    guest
        .send(frame(b"he", OpCode::Data(Data::Text), false))
        .await;
    guest.send(Message::Ping("now?".into())).await;
    guest
        .send(frame(b"llo", OpCode::Data(Data::Continue), true))
        .await;
    assert_eq!(guest.next().await, Message::Pong("now?".into()));
    assert_eq!(guest.next().await, "hello".into());
}

#[tokio::test(start_paused = true)]
async fn what_came_with_the_handshake_and_behind_other_requests_is_heard() {
    let options = Options::default();
    let mut listener = Guest::enter("/ws", &options).await;
    let (mut socket, _served) = fixture::serve(options, SOCKET_BYTES);
    let get = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let text = b"\x81\x82\0\0\0\0hi";
    let all = [get, &request("/ws")[..], text].concat();
    socket.write_all(&all).await.unwrap();
    assert!(head(&mut socket).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(socket.read_u16().await.unwrap().to_be_bytes(), *b"ok");
    assert!(head(&mut socket).await.starts_with("HTTP/1.1 101 "));
    assert_eq!(listener.next().await, "hi".into());
}

#[tokio::test(start_paused = true)]
async fn who_finds_the_relay_full_is_told_and_an_echo_takes_no_seat() {
    let options = Options {
        relay: Relay::new(1),
        ..Options::default()
    };
    let first = Guest::enter("/ws", &options).await;
    let _echo = Guest::enter("/ws/echo", &options).await;
    let (mut socket, _served) = fixture::serve(options.clone(), SOCKET_BYTES);
    socket.write_all(&request("/ws")).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    drop(first.codec);
    first.served.task.await.unwrap();
    Guest::enter("/ws", &options).await;
}

#[tokio::test(start_paused = true)]
async fn messages_of_any_size_come_back_whole_whatever_the_codec_has_kept() {
    let mut guest = Guest::enter("/ws/echo", &Options::default()).await;
    for size in [0, 125, 16 * 1024, 16 * 1024 + 1, 3, 1_000_000, 70_000, 1] {
        let message = Message::binary(vec![7; size]);
        // Sent and received at a time, for the socket holds less.
        let mut sent = Some(message.clone());
        let codec = &mut guest.codec;
        let answer = poll_fn(|cx| {
            if let Some(message) = sent.take() {
                pin!(&mut *codec).start_send(message)?;
            }
            let _ = pin!(&mut *codec).poll_flush(cx)?;
            pin!(&mut *codec).poll_next(cx).map(Option::unwrap)
        });
        assert_eq!(answer.await.unwrap(), message, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_breaks_the_protocol_hears_how() {
    let text = OpCode::Data(Data::Text);
    for (message, code) in [
        (frame(b"x", OpCode::Data(Data::Continue), true), 1002),
        (frame(b"\xff", text, true), 1007),
        (
            Message::Close(Some(CloseFrame {
                code: 1000.into(),
                reason: "".into(),
            })),
            1000,
        ),
    ] {
        let mut guest = Guest::enter("/ws/echo", &Options::default()).await;
        guest.send(message).await;
        assert_eq!(guest.code().await, code);
        guest.served.task.await.unwrap();
    }
    let mut guest = Guest::enter("/ws/echo", &Options::default()).await;
    let header = b"\x82\xff\0\0\0\0\x01\0\0\x01\0\0\0\0";
    guest.socket().write_all(header).await.unwrap();
    assert_eq!(guest.code().await, 1009);
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_asked_for_a_sign_of_life_and_stays_if_it_gives_one() {
    let mut guest = Guest::enter("/ws", &Options::default()).await;
    let begun = Instant::now();
    for round in 1..=3 {
        // The codec answers.
        assert_eq!(guest.next().await, Message::Ping("".into()));
        guest.send(Message::Pong("".into())).await;
        assert_eq!(begun.elapsed().as_secs(), round * 60);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_a_ping_is_closed_after_the_read_timeout() {
    let mut guest = Guest::enter("/ws", &Options::default()).await;
    let begun = Instant::now();
    let mut bytes = Vec::new();
    guest.socket().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 65);
    assert_eq!(bytes[..2], *b"\x89\x00");
    assert_eq!(bytes[2], 0x88);
    assert_eq!(bytes[4..6], 1011_u16.to_be_bytes());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_end_in_time_ends_its_connection_whatever_comes_between() {
    let options = Options::default();
    let mut other = Guest::enter("/ws", &options).await;
    let mut guest = Guest::enter("/ws", &options).await;
    let begun = Instant::now();
    guest
        .send(frame(b"x", OpCode::Data(Data::Text), false))
        .await;
    sleep(Duration::from_secs(3)).await;
    guest.send(Message::Ping("".into())).await;
    other.send("mail").await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(guest.code().await, 1008);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_moves_earns_time() {
    let mut guest = Guest::enter("/ws/echo", &Options::default()).await;
    let piece = vec![b'x'; 100_000];
    guest
        .send(frame(&piece, OpCode::Data(Data::Text), false))
        .await;
    sleep(Duration::from_secs(9)).await;
    guest
        .send(frame(b"", OpCode::Data(Data::Continue), true))
        .await;
    assert_eq!(guest.next().await.len(), piece.len());
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_a_client_hears_it_behind_its_mail() {
    let options = Options::default();
    let mut sender = Guest::enter("/ws", &options).await;
    let mut guest = Guest::enter("/ws", &options).await;
    for _ in 0..100 {
        sender.send("0123456789".repeat(10)).await;
    }
    tokio::task::yield_now().await;
    let begun = Instant::now();
    guest.served.finish();
    for _ in 0..100 {
        assert_eq!(guest.next().await.len(), 100);
    }
    assert_eq!(guest.code().await, 1001);
    // Its own goodbye.
    assert!(guest.try_next().await.is_none_or(|it| it.is_err()));
    drop(guest.codec);
    guest.served.task.await.unwrap();
    assert!(begun.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn what_a_client_has_sent_by_a_stop_is_answered_before_it_hears_of_it() {
    const MESSAGES: usize = 1000;
    let (mut socket, mut served) = fixture::serve(Options::default(), 64 * 1024);
    let text = b"\x81\x82\0\0\0\0hi";
    let flood = [request("/ws/echo"), text.repeat(MESSAGES)].concat();
    socket.write_all(&flood).await.unwrap();
    // The first of its turns.
    tokio::task::yield_now().await;
    socket.write_all(&text.repeat(MESSAGES)).await.unwrap();
    served.finish();
    head(&mut socket).await;
    let codec = WebSocketStream::from_raw_socket(socket, Role::Client, None).await;
    let mut guest = Guest { codec, served };
    for _ in 0..2 * MESSAGES {
        assert_eq!(guest.next().await, "hi".into());
    }
    assert_eq!(guest.code().await, 1001);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_talks_without_end_hears_of_a_stop() {
    let (mut socket, mut served) = fixture::serve(Options::default(), SOCKET_BYTES);
    socket.write_all(&request("/ws")).await.unwrap();
    head(&mut socket).await;
    let (mut listening, mut talking) = tokio::io::split(socket);
    tokio::spawn(async move { while talking.write_all(b"\x81\x82\0\0\0\0hi").await.is_ok() {} });
    tokio::task::yield_now().await;
    served.finish();
    assert_eq!(listening.read_u8().await.unwrap(), 0x88);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_costs_the_others_nothing_and_is_cut_after_the_write_timeout() {
    let options = Options::default();
    let mut sender = Guest::enter("/ws", &options).await;
    let deaf = Guest::enter("/ws", &options).await;
    let mut quick = Guest::enter("/ws", &options).await;
    let begun = Instant::now();
    let message = Message::binary(vec![7; 64 * 1024]);
    for _ in 0..=MAILBOX_BYTES_MAX / message.len() + 2 {
        sender.send(message.clone()).await;
        assert_eq!(quick.next().await, message);
    }
    assert!(begun.elapsed().is_zero());
    deaf.served.task.await.unwrap();
    assert_eq!(begun.elapsed(), options.write_timeout);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_too_slow_hears_it_behind_what_was_on_its_way() {
    let options = Options::default();
    let mut sender = Guest::enter("/ws", &options).await;
    let mut slow = Guest::enter("/ws", &options).await;
    let message = Message::binary(vec![7; 64 * 1024]);
    let messages = MAILBOX_BYTES_MAX / message.len() + 3;
    for _ in 0..messages {
        sender.send(message.clone()).await;
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(slow.next().await, message);
    assert_eq!(slow.code().await, 1008);
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_that_goes_on_taking_a_little_has_the_write_timeout_for_all() {
    let options = Options::default();
    let mut sender = Guest::enter("/ws", &options).await;
    let mut slow = Guest::enter("/ws", &options).await;
    let message = Message::binary(vec![7; 64 * 1024]);
    for _ in 0..MAILBOX_BYTES_MAX / message.len() + 3 {
        sender.send(message.clone()).await;
    }
    let begun = Instant::now();
    while !slow.served.task.is_finished() {
        let _ = slow.socket().read_u8().await;
        sleep(Duration::from_secs(1)).await;
    }
    assert!(begun.elapsed() < options.write_timeout + Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn who_is_given_up_leaves_its_seat_at_once() {
    let options = Options {
        relay: Relay::new(2),
        ..Options::default()
    };
    let mut sender = Guest::enter("/ws", &options).await;
    let deaf = Guest::enter("/ws", &options).await;
    let message = Message::binary(vec![7; 64 * 1024]);
    for _ in 0..MAILBOX_BYTES_MAX / message.len() + 3 {
        sender.send(message.clone()).await;
    }
    let begun = Instant::now();
    tokio::task::yield_now().await;
    Guest::enter("/ws", &options).await;
    assert!(begun.elapsed().is_zero() && !deaf.served.task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_without_end_lets_others_have_their_turn() {
    lets_others_have_their_turn(1, 100_000).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_to_many_lets_others_have_their_turn_sooner() {
    lets_others_have_their_turn(DELIVERIES_PER_TURN_MAX + 1, 600).await;
}

/// In a room of so many it sends so many messages.
async fn lets_others_have_their_turn(clients: usize, messages: usize) {
    let options = Options::default();
    let enter = |_| options.relay.enter("", Waker::noop().clone());
    let _others: Vec<_> = (1..clients).map(enter).collect();
    let (mut socket, _served) = fixture::serve(options.clone(), 1024 * 1024);
    let text = b"\x81\x82\0\0\0\0hi";
    let flood = [request("/ws"), text.repeat(messages)].concat();
    socket.write_all(&flood).await.unwrap();
    // All has arrived. Whoever runs beside it runs long before it has been read.
    let mut turns = 0;
    let reading = tokio::spawn(async move {
        socket.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).await.unwrap();
    });
    while !reading.is_finished() {
        turns += 1;
        tokio::task::yield_now().await;
    }
    // One of tokio's in some dozens of the client's.
    assert!(turns > 5, "{turns}");
}
