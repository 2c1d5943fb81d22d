//! The fault server itself, over raw sockets: the yardstick has to be straight
//! before anything is held against it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::behaviour::Behaviour::{self, *};
use crate::certificate::Certificate;
use crate::fault_server::FaultServer;
use crate::script::Script;

const KEEP_ALIVE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CLOSE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Only an answer that never comes reaches it.
const HANG_GUARD: Duration = Duration::from_secs(20);

#[test]
fn a_good_answer_is_whole_and_the_connection_closes_as_asked() {
    assert_eq!(
        answer_to(Good, CLOSE),
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
    );
}

#[test]
fn a_kept_connection_gets_one_answer_for_each_request() {
    let server = FaultServer::start(Script::good_then(2, CloseAnnounced));
    let mut client = connect(&server);
    for _ in 0..3 {
        client.write_all(KEEP_ALIVE).unwrap();
    }
    let answers = read_to_end(&mut client);
    assert_eq!(answers.matches("\r\n\r\nhello").count(), 3, "{answers}");
    assert_eq!(
        answers.matches("Connection: keep-alive").count(),
        2,
        "{answers}"
    );

    let log = server.stop();
    assert_eq!(log.played, [Good, Good, CloseAnnounced]);
    assert_eq!((log.connections_accepted, log.answers_sent), (1, 3));
}

#[test]
fn a_request_in_pieces_with_a_body_is_one_request() {
    let server = FaultServer::start(Script::always(CloseAnnounced));
    let mut client = connect(&server);
    client.write_all(b"POST / HTTP/1.1\r\nContent-Le").unwrap();
    client.write_all(b"ngth: 10\r\n\r\n01234").unwrap();
    client.write_all(b"56789").unwrap();
    assert!(read_to_end(&mut client).ends_with("hello"));
    assert_eq!(server.stop().played.len(), 1);
}

#[test]
fn an_http_1_0_client_is_kept_only_if_it_asks() {
    let answer = answer_to(Good, b"GET / HTTP/1.0\r\n\r\n");
    assert!(answer.contains("Connection: close"), "{answer}");

    let server = FaultServer::start(Script::good_then(1, ClosesWhenIdle));
    let mut client = connect(&server);
    let request = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
    client.write_all(&request.repeat(2)).unwrap();
    assert_eq!(
        read_to_end(&mut client)
            .matches("Connection: keep-alive")
            .count(),
        2
    );
}

#[test]
fn the_answer_to_head_has_no_body() {
    let answer = answer_to(Good, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(answer.ends_with("Content-Length: 5\r\n\r\n"), "{answer}");
}

#[test]
fn a_close_without_a_byte_is_an_end_of_file() {
    assert_eq!(answer_to(ClosesWithoutAByte, KEEP_ALIVE), "");
}

#[test]
fn a_reset_is_a_reset() {
    for behaviour in [ResetsAfterRequest, ResetsMidBody] {
        let server = FaultServer::start(Script::always(behaviour));
        let mut client = connect(&server);
        client.write_all(KEEP_ALIVE).unwrap();
        let error = client.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{behaviour:?}");
    }
}

#[test]
fn the_close_of_an_idle_connection_travels_with_the_answer() {
    let server = FaultServer::start(Script::always(ClosesWhenIdle));
    let mut client = connect(&server);
    client.write_all(KEEP_ALIVE).unwrap();
    assert!(client.read(&mut [0; 4096]).unwrap() > 5);
    client.set_nonblocking(true).unwrap();
    assert_eq!(
        client.read(&mut [0; 1]).unwrap(),
        0,
        "the end is known at once"
    );
}

#[test]
fn a_connection_refused_at_accept_counts_as_played() {
    let server = FaultServer::start(Script::always(ClosesOnAccept));
    assert_eq!(read_to_end(&mut connect(&server)), "");
    let log = server.stop();
    assert_eq!((log.connections_accepted, log.played.len()), (1, 1));
}

#[test]
fn stopping_ends_silence_drip_and_endless_heads() {
    for behaviour in [Silent, StopsMidBody, DripsPastTimeout, HeadEndless] {
        let server = FaultServer::start(Script::always(behaviour));
        let mut client = connect(&server);
        client.write_all(KEEP_ALIVE).unwrap();
        server.wait_until(|log| log.played == [behaviour]);
        let reader = std::thread::spawn(move || client.read_to_end(&mut Vec::new()));
        drop(server);
        reader.join().unwrap().expect("an end, not the hang guard");
    }
}

#[test]
fn connections_that_only_connected_are_counted() {
    let server = FaultServer::start(Script::always(Good));
    let clients: Vec<_> = (0..5).map(|_| connect(&server)).collect();
    assert_eq!(server.stop().connections_accepted, 5);
    drop(clients);
}

#[test]
fn an_encrypted_answer_is_whole_and_ends_with_a_word_of_farewell() {
    let (answer, ending) = encrypted_answer_to(Good);
    assert!(
        answer.ends_with("Content-Length: 5\r\n\r\nhello"),
        "{answer}"
    );
    ending.expect("close_notify");
}

#[test]
fn a_cut_is_an_ending_without_a_word() {
    let (answer, ending) = encrypted_answer_to(CutAfterBody);
    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!(ending.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn an_encrypted_connection_can_be_used_again() {
    let certificate = Certificate::good();
    let script = Script::good_then(2, ClosesWhenIdle);
    let server = FaultServer::start_encrypted(script, &certificate);
    let mut client = encrypted(&server, &certificate);
    for _ in 0..3 {
        client.write_all(KEEP_ALIVE).unwrap();
    }
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("\r\n\r\nhello").count(), 3, "{answers}");
    assert_eq!(server.stop().connections_accepted, 1);
}

/// All that it sends for one request that it may close after, and how that ends.
fn encrypted_answer_to(behaviour: Behaviour) -> (String, std::io::Result<usize>) {
    let certificate = Certificate::good();
    let server = FaultServer::start_encrypted(Script::always(behaviour), &certificate);
    let mut client = encrypted(&server, &certificate);
    client.write_all(CLOSE).unwrap();
    let mut answer = Vec::new();
    let ending = client.read_to_end(&mut answer);
    (String::from_utf8(answer).unwrap(), ending)
}

fn encrypted(
    server: &FaultServer,
    certificate: &Certificate,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::from(server.address().ip());
    let session = ClientConnection::new(certificate.client_config(), name).unwrap();
    StreamOwned::new(session, connect(server))
}

/// All that the server sends for one request on a connection of its own.
fn answer_to(behaviour: Behaviour, request: &[u8]) -> String {
    let server = FaultServer::start(Script::always(behaviour));
    let mut client = connect(&server);
    client.write_all(request).unwrap();
    read_to_end(&mut client)
}

fn connect(server: &FaultServer) -> TcpStream {
    let client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(HANG_GUARD)).unwrap();
    client
}

fn read_to_end(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}
