//! Connections with TLS around them, on an in-memory socket, time paused.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use wire::tls::Tls;

use crate::tokio_hyper::fixture::{self, Served};
use crate::{Model, Options};

const SOCKET_BYTES: usize = 16 * 1024;

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server with a certificate of its own, and what its clients trust.
fn connect() -> (DuplexStream, Served, RootCertStore) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let key = certified.signing_key.serialize_pem();
    let tls = Tls::from_pem(certified.cert.pem().as_bytes(), key.as_bytes()).unwrap();
    let options = Options {
        tls: Some(tls.with_protocols(Model::Tokio.protocols())),
        ..Options::default()
    };
    let (socket, served) = fixture::serve(options, SOCKET_BYTES);
    (socket, served, roots)
}

/// The client's side after the handshake, in which it offers `protocols`.
async fn handshake(protocols: &[&str]) -> (TlsStream<DuplexStream>, Served) {
    let (socket, served, roots) = connect();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    (connector.connect(name, socket).await.unwrap(), served)
}

#[tokio::test(start_paused = true)]
async fn requests_are_answered_and_the_end_is_announced() {
    for protocols in [&[] as &[_], &["http/1.1"]] {
        let (mut socket, served) = handshake(protocols).await;
        socket.write_all(REQUEST).await.unwrap();
        let mut answer = String::new();
        // It fails if close_notify is missing.
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
        served.task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn bad_requests_are_refused_as_in_the_clear() {
    let (mut socket, _served) = handshake(&["http/1.1"]).await;
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_websocket_goes_on_inside_and_ends_with_both_goodbyes() {
    let (mut socket, mut served) = handshake(&["http/1.1"]).await;
    let request = b"GET /ws/echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request).await.unwrap();
    let text = b"\x81\x82\0\0\0\0hi";
    socket.write_all(text).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n\x81\x02hi") {
        answer.push(socket.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    served.finish();
    let mut close = Vec::new();
    // It fails if close_notify is missing.
    socket.read_to_end(&mut close).await.unwrap();
    assert_eq!(close[0], 0x88);
    assert_eq!(close[2..4], 1001_u16.to_be_bytes());
}

#[tokio::test(start_paused = true)]
async fn http_2_is_preferred() {
    let (socket, _served) = handshake(&["http/1.1", "h2"]).await;
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://localhost/healthz");
    let (answer, _) = client
        .send_request(request.body(()).unwrap(), true)
        .unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stalls_is_cut_after_the_read_timeout() {
    // The beginning of a record with a ClientHello.
    for beginning in [b"".as_slice(), b"\x16\x03\x01\x02\x00\x01"] {
        let (mut socket, served, _) = connect();
        let begun = Instant::now();
        socket.write_all(beginning).await.unwrap();
        assert_eq!(socket.read(&mut [0; 100]).await.unwrap(), 0);
        assert_eq!(begun.elapsed().as_secs(), 5);
        served.task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_the_idle_timeout_with_a_word() {
    let (mut socket, _served) = handshake(&[]).await;
    socket
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let begun = Instant::now();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"ok"));
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up_after_the_write_timeout() {
    let (mut socket, served) = handshake(&[]).await;
    let begun = Instant::now();
    socket
        .write_all(b"GET /bytes/1000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    served.task.await.unwrap();
    // As long for the answer, and as long for the word at the end.
    assert!((10..=20).contains(&begun.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_request_in_the_clear_gets_an_alert_and_an_end() {
    let (mut socket, served, _) = connect();
    socket.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    // A record that is an alert (RFC 8446 §5.1).
    assert_eq!(answer[0], 21);
    drop(socket);
    served.task.await.unwrap();
}
