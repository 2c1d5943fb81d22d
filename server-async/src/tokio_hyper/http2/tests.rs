//! The whole connection: a client of h2 on an in-memory socket, time paused.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{self, ResponseFuture, SendRequest};
use h2::{Ping, Reason, SendStream};
use http::{Method, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::STREAMS_MAX;
use super::preface::PREFACE;
use crate::Options;
use crate::tokio_hyper::agreement::hyper_says;
use crate::tokio_hyper::fixture::{self, Served};

const SOCKET_BYTES: usize = 64 * 1024;

/// An empty SETTINGS frame.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// HEADERS of stream 1 with END_STREAM and END_HEADERS: GET http://a/ in HPACK's static table, but
/// for the authority.
const GET: &[u8] = b"\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x01a";

struct Client {
    send: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
    served: Served,
}

type Head = Response<()>;

impl Client {
    async fn connect() -> Self {
        Self::connect_with(Options::default(), &client::Builder::new()).await
    }

    async fn connect_with(options: Options, builder: &client::Builder) -> Self {
        let (socket, served) = fixture::serve(options, SOCKET_BYTES);
        let (send, connection) = builder.handshake(socket).await.unwrap();
        Self {
            send,
            connection: tokio::spawn(connection),
            served,
        }
    }

    /// Begins a request with a body if `has_body`.
    async fn begin(
        &mut self,
        request: Request<()>,
        has_body: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut send = self.send.clone().ready().await.unwrap();
        send.send_request(request, !has_body).unwrap()
    }

    async fn ask(&mut self, request: Request<()>) -> (Head, Bytes) {
        let (answer, _) = self.begin(request, false).await;
        whole(answer).await.unwrap()
    }

    /// How the connection ended, as far as the client was told.
    async fn end(self) -> Result<(), h2::Error> {
        self.connection.await.unwrap()
    }
}

async fn whole(answer: ResponseFuture) -> Result<(Head, Bytes), h2::Error> {
    let (head, mut body) = answer.await?.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok((Response::from_parts(head, ()), Bytes::from(bytes)))
}

/// Sends all of `body` as far as the server takes it.
async fn send_body(mut stream: SendStream<Bytes>, mut body: Bytes) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let Some(Ok(capacity)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
            return;
        };
        let piece = body.split_to(capacity.min(body.len()));
        if stream.send_data(piece, false).is_err() {
            return;
        }
    }
    let _ = stream.send_data(Bytes::new(), true);
}

fn get(path: &str) -> Request<()> {
    request(Method::GET, path)
}

fn request(method: Method, path: &str) -> Request<()> {
    let request = Request::builder().method(method);
    request.uri(format!("http://a{path}")).body(()).unwrap()
}

fn field<'a>(head: &'a Head, name: &str) -> Option<&'a str> {
    head.headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[tokio::test(start_paused = true)]
async fn every_route_answers_as_over_http_1() {
    let mut client = Client::connect().await;
    for (method, path, body) in [
        ("GET", "/", ""),
        ("HEAD", "/", ""),
        ("GET", "/x?y", ""),
        ("GET", "/healthz", ""),
        ("GET", "/bytes/0", ""),
        ("GET", "/bytes/100000", ""),
        ("HEAD", "/bytes/100000", ""),
        ("GET", "/bytes/x", ""),
        ("GET", "/delay/5", ""),
        ("GET", "/cpu/5", ""),
        ("POST", "/echo", "hello"),
        ("POST", "/echo", ""),
        ("GET", "/echo", ""),
        ("DELETE", "/", ""),
        ("POST", "/", "thrown away"),
    ] {
        let length = body.len();
        let http1 = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\
             Content-Type: a/b\r\n\r\n{body}"
        );
        let http1 = hyper_says([http1.as_bytes()].into_iter()).await;
        let http1 = String::from_utf8(http1).unwrap();

        let mut http2 = request(method.parse().unwrap(), path);
        http2
            .headers_mut()
            .insert("content-type", "a/b".parse().unwrap());
        let (answer, stream) = client.begin(http2, !body.is_empty()).await;
        if !body.is_empty() {
            send_body(stream, Bytes::from(body)).await;
        }
        let (head, body) = whole(answer).await.unwrap();
        assert_eq!(
            as_http1(&head, &body),
            without_date(&http1),
            "{method} {path}"
        );
        assert!(head.headers().contains_key("date"));
    }
}

fn as_http1(head: &Head, body: &[u8]) -> String {
    let mut text = format!("HTTP/1.1 {}\r\n", head.status());
    for (name, title) in [
        ("content-type", "Content-Type"),
        ("content-length", "Content-Length"),
        ("allow", "Allow"),
        ("connection", "Connection"),
    ] {
        if let Some(value) = field(head, name) {
            text += &format!("{title}: {value}\r\n");
        }
    }
    text + "\r\n" + std::str::from_utf8(body).unwrap()
}

fn without_date(answer: &str) -> String {
    let (before, after) = answer.split_once("Date: ").unwrap();
    before.to_owned() + after.split_once("\r\n").unwrap().1
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_to_be_had_over_http_1_only() {
    let mut client = Client::connect().await;
    for path in ["/ws?room", "/ws/echo"] {
        let (head, body) = client.ask(get(path)).await;
        assert_eq!(head.status(), 426, "{path}");
        // What would name it is not for HTTP/2 (RFC 9113 §8.2.2).
        assert_eq!(field(&head, "upgrade"), None);
        assert!(body.ends_with(b"version 13, over HTTP/1.1\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn connect_and_asterisk_are_answered_as_over_http_1() {
    let mut client = Client::connect().await;
    let connect = Request::builder().method(Method::CONNECT).uri("a:80");
    let options = Request::builder().method(Method::OPTIONS).uri("http://a");
    for request in [connect, options] {
        let (head, _) = client.ask(request.body(()).unwrap()).await;
        assert_eq!(head.status(), 405);
        assert_eq!(field(&head, "allow"), Some("GET, HEAD"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_body_comes_back_whole() {
    let mut client = Client::connect().await;
    let body = Bytes::from(b"0123456789".repeat(500_000));
    let (answer, stream) = client.begin(request(Method::POST, "/echo"), true).await;
    tokio::spawn(send_body(stream, body.clone()));
    let (_, echoed) = whole(answer).await.unwrap();
    assert!(echoed == body);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_wait_at_the_same_time() {
    let mut client = Client::connect().await;
    let begun = Instant::now();
    let mut answers = Vec::new();
    for _ in 0..100 {
        answers.push(client.begin(get("/delay/100"), false).await.0);
    }
    for answer in answers {
        assert_eq!(whole(answer).await.unwrap().0.status(), 200);
    }
    assert!(begun.elapsed().as_millis() < 200);
}

#[tokio::test(start_paused = true)]
async fn there_are_no_more_streams_than_allowed() {
    let mut client = Client::connect().await;
    client.ask(get("/")).await;
    let allowed = client.send.current_max_send_streams();
    assert_eq!(allowed, usize::try_from(STREAMS_MAX).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_preface_in_two_pieces_is_known_wherever_it_is_cut() {
    let sent = [PREFACE.as_slice(), SETTINGS, GET].concat();
    for cut in 1..sent.len() {
        let (mut socket, _served) = fixture::serve(Options::default(), SOCKET_BYTES);
        socket.write_all(&sent[..cut]).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        socket.write_all(&sent[cut..]).await.unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"</html>") {
            assert!(socket.read_buf(&mut received).await.unwrap() > 0, "{cut}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_in_the_middle_is_cut_after_the_read_timeout() {
    // No settings; half a frame; a block of fields that is to go on.
    let mut fields = GET.to_vec();
    fields[4] = 1;
    for sent in [
        &[] as &[u8],
        &SETTINGS[..4],
        &[SETTINGS, &GET[..9]].concat(),
        &[SETTINGS, &fields].concat(),
    ] {
        let (mut socket, _served) = fixture::serve(Options::default(), SOCKET_BYTES);
        let begun = Instant::now();
        socket.write_all(&[PREFACE, sent].concat()).await.unwrap();
        let mut received = Vec::new();
        socket.read_to_end(&mut received).await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 5, "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_told_to_go_after_the_idle_timeout() {
    let mut client = Client::connect().await;
    client.ask(get("/")).await;
    sleep(Duration::from_secs(50)).await;
    client.ask(get("/")).await;
    let begun = Instant::now();
    client.end().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn pings_do_not_make_a_connection_busy() {
    let (socket, _served) = fixture::serve(Options::default(), SOCKET_BYTES);
    let (_send, mut connection) = client::Builder::new()
        .handshake::<_, Bytes>(socket)
        .await
        .unwrap();
    let mut pings = connection.ping_pong().unwrap();
    let begun = Instant::now();
    let end = tokio::spawn(connection);
    while pings.ping(Ping::opaque()).await.is_ok() {
        sleep(Duration::from_secs(3)).await;
    }
    end.await.unwrap().unwrap();
    assert!((60..65).contains(&begun.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_after_the_write_timeout() {
    for path in ["/", "/bytes/1000000"] {
        let mut builder = client::Builder::new();
        builder.initial_window_size(0);
        let mut client = Client::connect_with(Options::default(), &builder).await;
        let begun = Instant::now();
        let (answer, _) = client.begin(get(path), false).await;
        assert!(whole(answer).await.is_err(), "{path}");
        assert_eq!(begun.elapsed().as_secs(), 10, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_though_it_goes_on_sending() {
    let mut builder = client::Builder::new();
    builder.initial_window_size(0);
    let mut client = Client::connect_with(Options::default(), &builder).await;
    let begun = Instant::now();
    let (answer, _) = client.begin(get("/"), false).await;
    let (_upload, mut stream) = client.begin(request(Method::POST, "/echo"), true).await;
    tokio::spawn(async move {
        let piece = Bytes::from_static(&[b'x'; 1000]);
        while stream.send_data(piece.clone(), false).is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(whole(answer).await.is_err());
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_system_takes_nothing_is_cut_after_the_write_timeout() {
    let (mut socket, served) = fixture::serve(Options::default(), 1000);
    let begun = Instant::now();
    let mut sent = [PREFACE.as_slice(), SETTINGS, GET].concat();
    // /bytes/100000 by a literal path.
    sent.truncate(PREFACE.len() + SETTINGS.len());
    sent.extend_from_slice(
        b"\x00\x00\x14\x01\x05\x00\x00\x00\x01\x82\x86\x41\x01a\x04\x0d/bytes/100000",
    );
    socket.write_all(&sent).await.unwrap();
    served.task.await.unwrap();
    assert!(
        (10..13).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_its_answer_slowly_is_not_cut() {
    let mut builder = client::Builder::new();
    builder.initial_window_size(400);
    let mut client = Client::connect_with(Options::default(), &builder).await;
    let (answer, _) = client.begin(get("/bytes/2000"), false).await;
    let mut body = answer.await.unwrap().into_body();
    let mut received_bytes = 0;
    while let Some(data) = body.data().await {
        received_bytes += data.unwrap().len();
        sleep(Duration::from_secs(9)).await;
        body.flow_control().release_capacity(400).unwrap();
    }
    assert_eq!(received_bytes, 2000);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_answered_408_and_the_connection_goes_on() {
    let mut client = Client::connect().await;
    let begun = Instant::now();
    let (answer, mut stream) = client.begin(request(Method::POST, "/echo"), true).await;
    stream.send_data(Bytes::from_static(b"x"), false).unwrap();
    assert_eq!(answer.await.unwrap().status(), 408);
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert_eq!(client.ask(get("/")).await.0.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn bodies_for_which_there_is_no_room_wait_for_it() {
    let mut client = Client::connect().await;
    let upload = || {
        let mut request = request(Method::POST, "/echo");
        let length = "40000000".parse().unwrap();
        request.headers_mut().insert("content-length", length);
        request
    };
    let (first, mut stalled) = client.begin(upload(), true).await;
    stalled.send_data(Bytes::from_static(b"x"), false).unwrap();
    let (second, _stalled) = client.begin(upload(), true).await;
    let begun = Instant::now();
    assert_eq!(first.await.unwrap().status(), 408);
    assert_eq!(begun.elapsed().as_secs(), 5);
    // Its time began when the first one's was over.
    assert_eq!(second.await.unwrap().status(), 408);
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_over_http_1_is_refused_and_the_connection_goes_on() {
    let with = |name: &'static str, value: String| {
        let mut request = request(Method::POST, "/echo");
        request.headers_mut().append(name, value.parse().unwrap());
        request
    };
    let mut many = get("/");
    for index in 0..101 {
        let name: http::HeaderName = format!("x{index}").parse().unwrap();
        many.headers_mut().insert(name, "y".parse().unwrap());
    }
    let mut hosts = with("host", "a".to_owned());
    hosts.headers_mut().append("host", "a".parse().unwrap());
    let mut client = Client::connect().await;
    for (request, status) in [
        (with("content-length", "67108865".to_owned()), 413),
        (get(&format!("/{}", "x".repeat(8 * 1024))), 414),
        (many, 431),
        (with("x", "y".repeat(65 * 1024)), 431),
        (with("host", "b".to_owned()), 400),
        (hosts, 400),
    ] {
        let has_body = status == 413;
        let (answer, _stream) = client.begin(request, has_body).await;
        assert_eq!(answer.await.unwrap().status(), status);
    }
    assert_eq!(client.ask(get("/")).await.0.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_taken_back_leaves_the_connection_idle() {
    let mut client = Client::connect().await;
    let (_answer, mut stream) = client.begin(get("/delay/10000"), false).await;
    sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    stream.send_reset(Reason::CANCEL);
    client.end().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_takes_requests_back_is_sent_away() {
    let mut sent = [PREFACE.as_slice(), SETTINGS].concat();
    for index in 0..100_u8 {
        let stream = index * 2 + 1;
        let mut open = GET.to_vec();
        open[8] = stream;
        sent.extend_from_slice(&open);
        // RST_STREAM with CANCEL.
        sent.extend_from_slice(&[0, 0, 4, 3, 0, 0, 0, 0, stream, 0, 0, 0, 8]);
    }
    let (mut socket, _served) = fixture::serve(Options::default(), SOCKET_BYTES);
    let begun = Instant::now();
    socket.write_all(&sent).await.unwrap();
    let mut received = Vec::new();
    socket.read_to_end(&mut received).await.unwrap();
    // GOAWAY with ENHANCE_YOUR_CALM, and at once.
    let code = [0, 0, 0, 11];
    assert!(received.windows(4).any(|bytes| bytes == code));
    assert!(begun.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_the_request_under_way_is_answered() {
    let mut client = Client::connect().await;
    let (answer, _) = client.begin(get("/delay/1000"), false).await;
    sleep(Duration::from_millis(500)).await;
    client.served.finish();
    assert_eq!(whole(answer).await.unwrap().0.status(), 200);
    client.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_an_idle_connection_ends() {
    let mut client = Client::connect().await;
    client.ask(get("/")).await;
    let begun = Instant::now();
    client.served.finish();
    client.end().await.unwrap();
    assert!(begun.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn without_keep_alive_a_connection_ends_after_its_first_answer() {
    let mut options = Options::default();
    options.connection.keep_alive = false;
    let mut client = Client::connect_with(options, &client::Builder::new()).await;
    let begun = Instant::now();
    assert_eq!(client.ask(get("/")).await.0.status(), 200);
    client.end().await.unwrap();
    assert!(begun.elapsed().is_zero());
}
