//! hyper behind the gate says, byte for byte, what `wire::connection` says.
//!
//! Both are given the same bytes, right and wrong ones, in pieces. A request that the gate lets
//! pass and hyper refuses would show here, as hyper refuses in other words.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
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
];

const VERSIONS: &[&str] = &["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1"];

const FIELDS: &[&str] = &[
    "Host: a\r\n",
    "Host: a\r\n",
    "Connection: keep-alive\r\n",
    "connection: close\r\n",
    "Connection: x,, Close\r\n",
    "Connection: upgrade\r\nUpgrade: websocket\r\n",
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

/// Bytes that a failure shows as text.
#[derive(Clone)]
struct Stream(Vec<u8>);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

prop_compose! {
    /// Some requests, now and then with a byte that is wrong.
    fn stream()(
        requests in vec(request(), 1..4),
        slip in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
    ) -> Stream {
        let mut bytes = requests.concat().into_bytes();
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
            Need::Pause(_) | Need::Time | Need::Admission | Need::Deliver(_) => {}
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
