//! The gate with the whole connection around it: a client on an in-memory socket, time paused.

use std::io::IoSlice;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use crate::Options;
use crate::tokio_hyper::fixture::{self, Served};

const GOOD: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

/// What the in-memory socket holds in each direction before a write waits, in bytes.
const SOCKET_BYTES: usize = 1000;

/// A client and the connection that serves it.
struct Client {
    socket: DuplexStream,
    served: Served,
}

impl Client {
    fn connect() -> Self {
        let (socket, served) = fixture::serve(Options::default(), SOCKET_BYTES);
        Self { socket, served }
    }

    async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads one answer with a body of Content-Length.
    async fn answer(&mut self) -> String {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            text.push(char::from(self.socket.read_u8().await.unwrap()));
        }
        let length = text.split("Content-Length: ").nth(1).unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await.unwrap();
        text + std::str::from_utf8(&body).unwrap()
    }

    /// Everything up to the close, without shutting the client's side before.
    async fn rest(&mut self) -> String {
        let mut text = String::new();
        self.socket.read_to_string(&mut text).await.unwrap();
        text
    }
}

fn statuses(text: &str) -> Vec<&str> {
    text.split("HTTP/1.")
        .skip(1)
        .map(|answer| &answer[2..5])
        // A refusal's text may name a version, too.
        .filter(|status| status.bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_head_in_pieces_of_one_byte_is_one_request() {
    let mut client = Client::connect();
    for byte in GOOD.split_inclusive(|_| true) {
        client.send(byte).await;
        tokio::task::yield_now().await;
    }
    assert!(client.answer().await.ends_with("\r\n\r\nok"));
}

#[tokio::test(start_paused = true)]
async fn a_bad_request_is_refused_behind_the_answers_to_the_good_ones_before_it() {
    let mut client = Client::connect();
    client
        .send(&format!("{GOOD}{GOOD}NONSENSE\r\n\r\n{GOOD}"))
        .await;
    let text = client.rest().await;
    assert_eq!(statuses(&text), ["200", "200", "400"]);
    assert!(text.contains("Connection: close\r\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_hyper_would_let_pass_is_refused() {
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            "501",
        ),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"),
    ] {
        let mut client = Client::connect();
        client.send(request).await;
        assert_eq!(statuses(&client.rest().await), [status], "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_turns_bad_is_refused_though_its_beginning_has_passed() {
    let mut client = Client::connect();
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await;
    sleep(Duration::from_secs(1)).await;
    client.send("zzz\r\n").await;
    assert_eq!(statuses(&client.rest().await), ["400"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_larger_than_every_buffer_comes_back_whole() {
    let body = "0123456789".repeat(30_000);
    let client = Client::connect();
    let request = format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}{GOOD}",
        body.len()
    );
    let (mut reading, mut writing) = tokio::io::split(client.socket);
    let writer = tokio::spawn(async move {
        writing.write_all(request.as_bytes()).await.unwrap();
        writing.shutdown().await.unwrap();
    });
    let mut text = String::new();
    reading.read_to_string(&mut text).await.unwrap();
    writer.await.unwrap();
    assert_eq!(statuses(&text), ["200", "200"]);
    assert!(text.contains(&body));
    client.served.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_new_connection_is_closed_after_the_read_timeout_without_a_word() {
    let begun = Instant::now();
    let mut client = Client::connect();
    assert_eq!(client.rest().await, "");
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_answered_408_after_the_read_timeout_counted_from_its_first_byte() {
    let mut client = Client::connect();
    sleep(Duration::from_secs(3)).await;
    let begun = Instant::now();
    client.send("GET / HT").await;
    sleep(Duration::from_secs(4)).await;
    client.send("TP").await;
    assert_eq!(statuses(&client.rest().await), ["408"]);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_body_earns_time_by_moving_and_is_answered_408_when_it_stalls() {
    let mut client = Client::connect();
    let begun = Instant::now();
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n")
        .await;
    // Half a second's worth at the slowest rate that is put up with.
    client.send(&"x".repeat(8 * 1024)).await;
    assert_eq!(statuses(&client.rest().await), ["408"]);
    assert_eq!(begun.elapsed().as_millis() / 100, 55);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_the_idle_timeout_counted_from_its_last_answer() {
    let mut client = Client::connect();
    for _ in 0..3 {
        client.send(GOOD).await;
        client.answer().await;
        sleep(Duration::from_secs(50)).await;
    }
    let begun = Instant::now();
    assert_eq!(client.rest().await, "");
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn half_a_head_on_an_idle_connection_has_the_read_timeout_again() {
    let mut client = Client::connect();
    client.send(GOOD).await;
    client.answer().await;
    sleep(Duration::from_secs(30)).await;
    let begun = Instant::now();
    client.send("GET").await;
    assert_eq!(statuses(&client.rest().await), ["408"]);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_the_read_timeout_is_no_silence() {
    let mut client = Client::connect();
    client
        .send("GET /delay/9000 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200 OK"));
    client.send(GOOD).await;
    client.answer().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up_after_the_write_timeout() {
    let mut client = Client::connect();
    let begun = Instant::now();
    client
        .send("GET /bytes/100000 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    client.served.task.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_not_given_up() {
    let mut client = Client::connect();
    client
        .send("GET /bytes/5000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    let mut received = Vec::new();
    while client.socket.read_buf(&mut received).await.unwrap() > 0 {
        sleep(Duration::from_secs(9)).await;
    }
    assert!(received.len() > 5000);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_in_the_middle_of_a_request_hears_nothing() {
    for half in [
        "GET / HT",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
    ] {
        let mut client = Client::connect();
        client.send(half).await;
        client.socket.shutdown().await.unwrap();
        assert_eq!(client.rest().await, "", "{half}");
        client.served.task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_not_asked_for_cannot_follow_its_answer_with_a_refusal() {
    let mut client = Client::connect();
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\nzzz\r\n")
        .await;
    assert_eq!(statuses(&client.rest().await), ["405"]);
}

#[tokio::test(start_paused = true)]
async fn what_only_begins_like_http_2_is_refused_as_a_request_of_http_1() {
    const BEGINNING: &str = "PRI * HTTP/2.0\r\n\r\n";
    // It goes on otherwise, it ends, or nothing more comes.
    for (more, has_end) in [("SM\r\nx", false), ("S", true), ("SM\r\n", false)] {
        let mut client = Client::connect();
        let begun = Instant::now();
        client.send(BEGINNING).await;
        sleep(Duration::from_secs(1)).await;
        client.send(more).await;
        if has_end {
            client.socket.shutdown().await.unwrap();
        }
        assert_eq!(statuses(&client.rest().await), ["505"], "{more}");
        assert!(begun.elapsed().as_secs() <= 5);
    }
    let mut client = Client::connect();
    client.send("PRI").await;
    assert_eq!(statuses(&client.rest().await), ["408"]);
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_an_idle_connection_is_closed_at_once() {
    let mut client = Client::connect();
    client.send(GOOD).await;
    client.answer().await;
    let begun = Instant::now();
    client.served.finish();
    assert_eq!(client.rest().await, "");
    assert!(begun.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_a_new_connection_gets_its_first_answer_and_the_request_under_way_its_own() {
    let mut client = Client::connect();
    tokio::task::yield_now().await;
    client.served.finish();
    client
        .send("GET /delay/100 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    let text = client.rest().await;
    assert_eq!(statuses(&text), ["200"]);
    assert!(text.contains("\r\nConnection: close\r\n"), "{text}");

    let mut client = Client::connect();
    client
        .send("GET /delay/100 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    sleep(Duration::from_millis(50)).await;
    client.served.finish();
    let text = client.rest().await;
    assert_eq!(statuses(&text), ["200"]);
    assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
}

#[test]
fn pieces_are_joined_in_their_order_as_long_as_there_is_room() {
    let joined = |pieces: &[&str]| {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|it| IoSlice::new(it.as_bytes()))
            .collect();
        super::join(&pieces, &mut [0; 8]).map(<[u8]>::to_vec)
    };
    assert_eq!(joined(&["head", "", "body"]).unwrap(), b"headbody");
    assert_eq!(joined(&["head", "bodies"]), None);
}
