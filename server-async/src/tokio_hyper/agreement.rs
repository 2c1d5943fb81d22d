//! hyper behind the gate says, byte for byte, what `wire::connection` says.
//!
//! Both are given the same bytes, right and wrong ones, in pieces. A request that the gate lets
//! pass and hyper refuses would show here, as hyper refuses in other words. So would frames that
//! tokio-tungstenite answers otherwise than `wire::websocket` has tungstenite do.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use server_common::listener::Caller;
use server_common::stop::Stop;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
use tokio::sync::watch;
use tokio::time::sleep;
use wire::connection::{Connection, Need};
use wire::date::Date;
use wire::relay::Relay;

use super::{Server, connection};
use crate::Options;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Enough that no write waits, in bytes.
const SOCKET_BYTES: usize = 1024 * 1024;

/// Longer than an answer takes, so that both sides see the same pieces.
const BETWEEN_PIECES: Duration = Duration::from_millis(10);

const METHODS: &[&str] = &[
    "GET", "GET", "HEAD", "POST", "OPTIONS", "CONNECT", "PRI", "get", "G(T",
];

const TARGETS: &[&str] = &[
    "/",
    "/healthz?x=/echo",
    "/echo",
    "/bytes/0",
    "/bytes/70000",
    "/bytes/x",
    "/delay/3",
    "/cpu/1",
    "//a/b",
    "/a[b]^c|d\\",
    "*",
    "a:80",
    "http://a",
    "http://a?b",
    "http://u:p@[::1]:80/echo",
    "https://a/healthz",
    "http://[::1]:80/echo",
    "http://a:/?/echo",
    "http://a?/echo",
    "http://a,b;c=(d)/",
    "http://a%20b/",
    "a:b@c:80",
    "/a#b",
    "/\u{e9}",
    "/ws",
    "/ws/echo?x",
];

const VERSIONS: &[&str] = &["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1"];

const FIELDS: &[&str] = &[
    "Host: a\r\n",
    "Host: a\r\n",
    "Connection: keep-alive\r\n",
    "connection: close\r\n",
    "Connection: x,, Close\r\n",
    "Connection: upgrade\r\nUpgrade: websocket\r\n",
    "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Sec-WebSocket-Key: no key\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked, gzip\r\n",
    "Transfer-Encoding:\tChunked \r\n",
    "Transfer-Encoding: chunked,\r\n",
    "Transfer-Encoding: ,chunked\r\n",
    "Expect: 100-continue\r\n",
    "Content-Type: text/\u{e9}\r\n",
    "Content-Type: a/b\r\n",
    "X: \x01\r\n",
    "X : y\r\n",
    "X: y\r\n z\r\n",
    "\x22: y\n",
];

const BODIES: &[&str] = &[
    "",
    "",
    "hello",
    "5\r\nhello\r\n0\r\n\r\n",
    "2;x=y\r\nhe\r\n0003\r\nllo\r\n0\r\nT: x\r\n\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "5\r\nhelloo\r\n",
    "0\r\nbad trailer\r\n\r\n",
];

prop_compose! {
    /// A request that may be right.
    fn request()(
        method in select(METHODS),
        target in select(TARGETS),
        version in select(VERSIONS),
        fields in vec(select(FIELDS), 0..3),
        has_host in prop::bool::weighted(0.9),
        body in select(BODIES),
    ) -> String {
        let host = if has_host { "Host: b\r\n" } else { "" };
        let fields = fields.concat();
        format!("{method} {target} {version}\r\n{host}{fields}\r\n{body}")
    }
}

/// Of a client, masked with zeros, which change nothing, where they are right.
const FRAMES: &[&[u8]] = &[
    b"\x81\x82\0\0\0\0hi",
    b"\x82\xfe\x00\x03\0\0\0\0\x00\xff\x80",
    b"\x01\x82\0\0\0\0he",
    b"\x89\x82\0\0\0\0yo",
    b"\x80\x83\0\0\0\0llo",
    b"\x8a\x80\0\0\0\0",
    b"\x81\x81\0\0\0\0\xff",
    b"\x81\x02hi",
    b"\x83\x80\0\0\0\0",
    b"\x82\xff\x00\x00\x00\x00\x01\x00\x00\x01\0\0\0\0",
    b"\x88\x82\0\0\0\0\x03\xe8",
];

/// Bytes that a failure shows as text.
#[derive(Clone)]
struct Stream(Vec<u8>);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// A request to speak WebSocket, and what may follow it.
fn handshake() -> impl Strategy<Value = Vec<u8>> {
    let targets = &["/ws", "/ws/echo", "/ws/echo?x", "/ws/echo", "/"][..];
    (select(targets), vec(select(FRAMES), 0..6)).prop_map(|(target, frames)| {
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        [head.into_bytes(), frames.concat()].concat()
    })
}

prop_compose! {
    /// Some requests, now and then with a byte that is wrong.
    fn stream()(
        requests in vec(
            prop_oneof![4 => request().prop_map(String::into_bytes), 1 => handshake()],
            1..4,
        ),
        slip in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
    ) -> Stream {
        let mut bytes = requests.concat();
        if let Some((index, byte)) = slip {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        Stream(bytes)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn both_say_the_same(Stream(bytes) in stream(), piece_bytes in 20..1000_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let hypers = runtime.block_on(hyper_says(bytes.chunks(piece_bytes)));
        let wires = wire_says(bytes.chunks(piece_bytes));
        prop_assert_eq!(without_dates(&hypers), without_dates(&wires));
    }
}

/// What is said to a client that sends `pieces` and then shuts its side. The runtime's clock is
/// paused, so that a pause costs no time.
pub(super) async fn hyper_says<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let (_handle, stop) = Stop::new().unwrap();
    let (_finish, finishing) = watch::channel(());
    let server = Arc::new(Server::new(Options::default(), &stop).unwrap());
    let (client, theirs) = duplex(SOCKET_BYTES);
    let (mut reading, mut writing) = split(client);
    let mut answers = Vec::new();
    let send = async {
        for piece in pieces {
            // The server may have had enough before everything is sent.
            let _ = writing.write_all(piece).await;
            // The paused clock goes on when nobody has anything left to do.
            sleep(BETWEEN_PIECES).await;
        }
        let _ = writing.shutdown().await;
    };
    let receive = reading.read_to_end(&mut answers);
    let caller = Caller {
        peer: Some(PEER),
        ..Caller::default()
    };
    let serve = connection::run(theirs, caller, &server, finishing);
    let ((), received, ()) = tokio::join!(send, receive, serve);
    received.unwrap();
    answers
}

fn wire_says<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let date = Date::from_unix_seconds(0);
    let mut connection = Connection::new(Some(PEER), Options::default().connection);
    let mut answers = Vec::new();
    for piece in pieces {
        connection.receive(piece);
        if serve(&mut connection, &date, &mut answers) {
            return answers;
        }
    }
    connection.end_of_input();
    assert!(serve(&mut connection, &date, &mut answers));
    answers
}

/// Goes on as far as possible; whether that was to the close.
fn serve(connection: &mut Connection, date: &Date, answers: &mut Vec<u8>) -> bool {
    loop {
        match connection.need(date) {
            Need::Output => {
                answers.extend_from_slice(connection.output());
                let count = connection.output().len();
                connection.wrote(count);
            }
            Need::Admission => {
                connection.admit(&Relay::new(1), Waker::noop().clone(), date);
            }
            Need::Deliver(parcel) => parcel.deliver(),
            Need::Pause(_) | Need::Time => {}
            Need::Input { .. } => return false,
            Need::Close { .. } => return true,
        }
    }
}

/// The answers, lossily as text, with every date's value left out.
fn without_dates(answers: &[u8]) -> String {
    let text = String::from_utf8_lossy(answers);
    let mut parts = text.split("Date: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (_, rest) = part.split_once("\r\n").unwrap();
        text + "Date\r\n" + rest
    })
}
